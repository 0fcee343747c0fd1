#include "output/console.h"

#include "base/alloc.h"
#include "base/log.h"
#include "output/number_text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* So many lines of the list that are no URLs are shown, and the others are counted. With -v all are shown. */
enum { BAD_LINES_SHOWN = 20 };

struct console {
	const struct options *options;
	uint64_t bad_lines; /* lines of the list that are no URLs */
};

/* Counts a line that is no URL. True if it is one of those that are shown. */
static bool count_bad_line(struct console *self)
{
	return ++self->bad_lines <= BAD_LINES_SHOWN || log_is_enabled(LOG_VERBOSE);
}

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
	struct console *self = ctx;
	switch (outcome->kind) {
	case OUTCOME_FAILED:
		/* With --check, the rows say which links are dead. */
		if (!self->options->no_failures && !(self->options->check && outcome->via) &&
		    (!outcome->place || count_bad_line(self)))
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

static enum status console_end(void *ctx, const struct totals *totals)
{
	const struct console *self = ctx;
	(void)totals;
	if (self->bad_lines > BAD_LINES_SHOWN && !log_is_enabled(LOG_VERBOSE)) {
		uint64_t more = self->bad_lines - BAD_LINES_SHOWN;
		log_warning("%" PRIu64 " more line%s of the list %s (-v shows all)", more,
		    number_text_plural(more), more == 1 ? "is no URL" : "are no URLs");
	}
	return STATUS_OK;
}

struct observer console_observer(const struct options *options)
{
	struct console *self = alloc_new(sizeof *self);
	self->options = options;
	return (struct observer){.self = self, .outcome = console_outcome, .end = console_end, .free = free};
}
