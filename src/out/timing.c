#include "out/timing.h"

#include "base/clock.h"

static double known(double ms)
{
	return ms > 0 ? ms : 0;
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

struct timing timing_of(const struct outcome *outcome, int64_t start)
{
	const struct phases *phases = &outcome->phases;
	struct timing self = {.listed = known((double)(outcome->listed_at - start)),
	    .queued = phases->queued,
	    .earlier = -1,
	    .dns = phases->dns,
	    .connect = phases->connect,
	    .tls = phases->tls,
	    .wait = phases->first_byte,
	    .receive = -1};
	if (!outcome->began_at) {
		self.queued = (double)(clock_now_ms() - outcome->listed_at);
		return self;
	}
	double earlier = (double)(outcome->began_at - outcome->listed_at) - known(phases->queued);
	if (earlier > 0)
		self.earlier = earlier;
	double rest =
	    phases->total - known(self.dns) - known(self.connect) - known(self.tls) - known(self.wait);
	double *last = last_phase(&self, outcome);
	*last = known(*last) + known(rest);
	return self;
}
