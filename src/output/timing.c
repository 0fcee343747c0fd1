#include "output/timing.h"

#include "base/clock.h"

static double known_or_zero(double ms)
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
	struct timing self = {.listed = known_or_zero(ms_between(start_us, outcome->listed_us)),
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
	double earlier = ms_between(outcome->listed_us, outcome->began_us) - known_or_zero(phases->queued);
	/* If there was only one try, all that is left is an error of rounding. */
	if (earlier > 0.01)
		self.earlier = earlier;
	double rest = phases->total - known_or_zero(self.dns) - known_or_zero(self.connect) -
	              known_or_zero(self.tls) - known_or_zero(self.wait);
	double *last = last_phase(&self, outcome);
	*last = known_or_zero(*last) + known_or_zero(rest);
	return self;
}
