#include "output/timing.h"

#include "base/clock.h"

static double known(double ms)
{
	return ms > 0 ? ms : 0;
}

static double ms_between(int64_t from_us, int64_t to_us)
{
	return (double)(to_us - from_us) / 1000;
}

/* The phase in which the last try ended. */
static double *last_phase(struct timing *self, const struct outcome *outcome)
{
	if (outcome->phases.first_byte >= 0)
		return &self->receive;
	switch (outcome->stage) {
	case STAGE_RESOLVE:
		return &self->dns;
	case STAGE_CONNECT:
		return &self->connect;
	case STAGE_TLS:
		return &self->tls;
	default:
		return &self->wait;
	}
}

struct timing timing_of(const struct outcome *outcome, int64_t start_us)
{
	const struct phases *phases = &outcome->phases;
	struct timing self = {.listed = known(ms_between(start_us, outcome->listed_us)),
	    .queued = phases->queued,
	    .earlier = -1,
	    .dns = phases->dns,
	    .connect = phases->connect,
	    .tls = phases->tls,
	    .wait = phases->first_byte,
	    .receive = -1};
	if (!outcome->began_us) {
		self.queued = ms_between(outcome->listed_us, clock_now_us());
		return self;
	}
	double earlier = ms_between(outcome->listed_us, outcome->began_us) - known(phases->queued);
	/* Of one try nothing is left but what rounding leaves. */
	if (earlier > 0.01)
		self.earlier = earlier;
	double rest =
	    phases->total - known(self.dns) - known(self.connect) - known(self.tls) - known(self.wait);
	double *last = last_phase(&self, outcome);
	*last = known(*last) + known(rest);
	return self;
}
