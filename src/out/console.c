#include "out/console.h"

#include "base/buf.h"
#include "base/log.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static enum status console_outcome(void *ctx, const struct outcome *outcome)
{
	(void)ctx;
	switch (outcome->kind) {
	case OUTCOME_FAILED:
		if (outcome->place)
			log_warning("%s: %s: %s", outcome->place, outcome->reason, outcome->source_url);
		else if (outcome->attempts > 1)
			log_warning(
			    "%s: %s (%u attempts)", outcome->source_url, outcome->reason, outcome->attempts);
		else
			log_warning("%s: %s", outcome->source_url, outcome->reason);
		break;
	case OUTCOME_OK:
		log_event("found %" PRIu64 " link%s in %s", outcome->links, plural(outcome->links),
		    outcome->source_url);
		break;
	case OUTCOME_SKIPPED:
		log_event("skipped %s: %s", outcome->source_url, outcome->reason);
		break;
	case OUTCOME_INTERRUPTED:
		log_event("interrupted %s", outcome->source_url);
		break;
	case OUTCOME_KINDS:
		break;
	}
	return STATUS_OK;
}

static const char *signal_name(int number)
{
	return number == SIGINT    ? "SIGINT"
	       : number == SIGTERM ? "SIGTERM"
	       : number == SIGHUP  ? "SIGHUP"
	                           : "a signal";
}

static void append_count(struct buf *line, uint64_t count, const char *what)
{
	char text[64];
	snprintf(text, sizeof text, "%s%" PRIu64 " %s", line->len ? ", " : "", count, what);
	buf_append_text(line, text);
}

static enum status console_end(void *ctx, const struct totals *totals)
{
	struct console *self = ctx;
	bool all_went_well = !totals->signal && totals->outcomes[OUTCOME_FAILED] == 0 &&
	                     totals->outcomes[OUTCOME_INTERRUPTED] == 0;
	/* Whoever closed the pipe has seen enough. */
	if (totals->signal == SIGPIPE)
		return STATUS_OK;
	if (all_went_well && !self->is_terminal && !log_shows(LOG_VERBOSE))
		return STATUS_OK;

	char stopped[64] = "";
	if (totals->deadline)
		snprintf(stopped, sizeof stopped, "stopped at the deadline; ");
	if (totals->signal)
		snprintf(stopped, sizeof stopped, "stopped by %s; ", signal_name(totals->signal));
	struct buf counts;
	buf_init(&counts, 1024);
	append_count(&counts, totals->outcomes[OUTCOME_OK], "ok");
	for (int kind = OUTCOME_FAILED; kind < OUTCOME_KINDS; kind++) {
		if (totals->outcomes[kind])
			append_count(
			    &counts, totals->outcomes[kind], outcome_kind_text((enum outcome_kind)kind));
	}
	if (totals->local)
		append_count(&counts, totals->local, "of the failed by trouble on this machine");
	if (totals->repeated)
		append_count(&counts, totals->repeated, "listed again");
	log_event("the longest turn of the loop took %.1f ms", (double)totals->longest_turn_us / 1000);
	log_warning("%s%" PRIu64 " URL%s: %s; %" PRIu64 " link%s in %.1f s", stopped, totals->urls,
	    plural(totals->urls), counts.data, totals->links, plural(totals->links),
	    (double)totals->elapsed_ms / 1000);
	buf_release(&counts);
	return STATUS_OK;
}

struct observer console_observer(struct console *self)
{
	return (struct observer){.self = self, .outcome = console_outcome, .end = console_end};
}
