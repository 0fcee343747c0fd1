#include "output/console.h"

#include "base/log.h"
#include "output/number_text.h"

#include <inttypes.h>
#include <stdint.h>

static void show_failure(const struct outcome *outcome)
{
	struct buf line;
	if (!log_is_enabled(LOG_NORMAL))
		return;
	buf_init(&line, SIZE_MAX / 2);
	log_append(&line, LOG_PLAIN, "%s", outcome->place ? outcome->place : outcome->source_url);
	/* The URL that failed is the one that the redirects led to, not the listed one. */
	if (outcome->redirects > 0)
		log_append(&line, LOG_PLAIN, " (redirected to %s)", outcome->final_url);
	log_append(&line, LOG_PLAIN, ": ");
	log_append(&line, LOG_RED, "%s", outcome->reason);
	if (outcome->place)
		log_append(&line, LOG_PLAIN, ": %s", outcome->source_url);
	else if (outcome->attempts > 1)
		log_append(&line, LOG_DIM, " (%u attempts)", outcome->attempts);
	log_write_line(&line);
}

static enum status console_outcome(void *ctx, const struct outcome *outcome)
{
	(void)ctx;
	switch (outcome->kind) {
	case OUTCOME_FAILED:
		show_failure(outcome);
		break;
	case OUTCOME_OK:
		log_event("found %" PRIu64 " link%s in %s", outcome->links,
		    number_text_plural(outcome->links), outcome->source_url);
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

struct observer console_observer(void)
{
	return (struct observer){.outcome = console_outcome};
}
