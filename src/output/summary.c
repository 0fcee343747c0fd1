#include "base/alloc.h"
#include "base/log.h"
#include "output/number_text.h"
#include "output/summary_internal.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fewer failures than FEW_FAILURES are not grouped by reason, since each of them had its own line. The
 * slowest hosts are shown if URLs failed in a run of at least LONG_RUN_MS. */
enum { FEW_FAILURES = 4, REASONS_SHOWN = 8, HOSTS_SHOWN = 3, LONG_RUN_MS = 10000 };

/* Shorter runs show no pages per second. */
enum { PACE_MIN_MS = 1000 };

struct summary *summary_new(const struct options *options, bool is_terminal)
{
	struct summary *self = alloc_new(sizeof *self);
	self->options = options;
	self->is_terminal = is_terminal;
	return self;
}

const char *summary_signal_name(int number)
{
	return number == SIGINT    ? "SIGINT"
	       : number == SIGTERM ? "SIGTERM"
	       : number == SIGHUP  ? "SIGHUP"
	       : number == SIGPIPE ? "SIGPIPE"
	                           : "a signal";
}

double summary_pages_per_second(const struct totals *totals)
{
	return totals->elapsed_ms > 0
	           ? (double)totals->outcomes[OUTCOME_OK] * 1000 / (double)totals->elapsed_ms
	           : 0;
}

static enum hint hint_of(const struct options *options, const struct outcome *outcome)
{
	enum hint hint = cause_hint(outcome->cause);
	bool connects_first = !options->timeout_ms || options->connect_timeout_ms < options->timeout_ms;
	return hint == HINT_CONNECT && !connects_first ? HINT_TIMEOUT : hint;
}

static enum status summary_outcome(void *ctx, const struct outcome *outcome)
{
	struct summary *self = ctx;
	self->hints[hint_of(self->options, outcome)]++;
	if (outcome->kind == OUTCOME_FAILED)
		reasons_add(&self->reasons, outcome);
	slowest_add(&self->slowest, outcome);
	self->wire_bytes += outcome->wire_bytes;
	return STATUS_OK;
}

static void append_count(struct buf *line, enum log_style style, uint64_t count, const char *what)
{
	log_append(line, LOG_PLAIN, ", ");
	log_append(line, style, "%" PRIu64 " %s", count, what);
}

static void append_outcomes(struct buf *line, const struct totals *totals)
{
	static const enum log_style styles[OUTCOME_KINDS] = {
	    [OUTCOME_FAILED] = LOG_RED, [OUTCOME_INTERRUPTED] = LOG_YELLOW};
	log_append(line, LOG_GREEN, "%" PRIu64 " ok", totals->outcomes[OUTCOME_OK]);
	for (int kind = OUTCOME_FAILED; kind < OUTCOME_KINDS; kind++) {
		if (totals->outcomes[kind])
			append_count(line, styles[kind], totals->outcomes[kind],
			    outcome_kind_text((enum outcome_kind)kind));
	}
	if (totals->local)
		append_count(line, LOG_RED, totals->local, "of the failed by trouble on this machine");
	if (totals->repeated)
		append_count(line, LOG_PLAIN, totals->repeated, "listed again");
}

static void show_totals(const struct summary *self, const struct totals *totals)
{
	struct buf line;
	char bytes[NUMBER_TEXT_MAX], pace[NUMBER_TEXT_MAX];
	buf_init(&line, SIZE_MAX / 2);
	if (totals->deadline)
		log_append(&line, LOG_YELLOW, "stopped at the deadline; ");
	if (totals->signal)
		log_append(&line, LOG_YELLOW, "stopped by %s; ", summary_signal_name(totals->signal));
	log_append(&line, LOG_PLAIN, "%" PRIu64 " URL%s: ", totals->urls, number_text_plural(totals->urls));
	append_outcomes(&line, totals);
	log_append(&line, LOG_PLAIN, "; %" PRIu64 " link%s in %.1f s", totals->links,
	    number_text_plural(totals->links), (double)totals->elapsed_ms / 1000);
	number_text_bytes(bytes, (double)self->wire_bytes);
	number_text_number(pace, summary_pages_per_second(totals));
	if (totals->elapsed_ms >= PACE_MIN_MS)
		log_append(&line, LOG_DIM, " (%s, %s pages/s)", bytes, pace);
	else
		log_append(&line, LOG_DIM, " (%s)", bytes);
	log_write_line(&line);
}

static void show_unread(const struct totals *totals)
{
	if (totals->unread && totals->unread_lines > 0)
		log_warning("about %" PRId64 " line%s of the list not read", totals->unread_lines,
		    totals->unread_lines == 1 ? " was" : "s were");
	else if (totals->unread)
		log_warning("the list was not read to its end");
}

static void show_reasons(struct summary *self, const struct totals *totals)
{
	const struct reasons *reasons = &self->reasons;
	uint64_t left = totals->outcomes[OUTCOME_FAILED];
	int width = 0;
	if (left < FEW_FAILURES)
		return;
	for (size_t i = 0; i < reasons->count && i < REASONS_SHOWN; i++) {
		const struct reason *reason = reasons->list[i];
		struct buf line;
		if (i == 0)
			width = snprintf(NULL, 0, "%" PRIu64, reason->count);
		buf_init(&line, SIZE_MAX / 2);
		log_append(&line, LOG_PLAIN, "  %*" PRIu64 "  ", width, reason->count);
		log_append(&line, LOG_RED, "%s", reason->text);
		log_append(&line, LOG_DIM, "%s%s", reason->count > 1 ? ", first " : ", ", reason->first);
		log_write_line(&line);
		left -= reason->count;
	}
	if (left)
		log_warning("  %*" PRIu64 "  for other reasons", width, left);
}

static void show_hosts(const struct summary *self, const struct totals *totals)
{
	bool is_relevant = totals->outcomes[OUTCOME_FAILED] && totals->elapsed_ms >= LONG_RUN_MS;
	size_t count;
	if (!is_relevant && !log_is_enabled(LOG_VERBOSE))
		return;
	const struct slow_host **hosts = slowest_list(&self->slowest, &count);
	struct buf line;
	buf_init(&line, SIZE_MAX / 2);
	log_append(&line, LOG_PLAIN, "slowest hosts: ");
	for (size_t i = 0; i < count && i < HOSTS_SHOWN; i++) {
		log_append(&line, LOG_PLAIN, "%s%s ", i ? ", " : "", hosts[i]->name);
		log_append(&line, LOG_DIM, "%.1f s", slowest_mean_ms(hosts[i]) / 1000);
	}
	/* A single host has no other host to be compared with. */
	if (count > 1)
		log_write_line(&line);
	buf_release(&line);
	free(hosts);
}

static void show_hints(const struct summary *self)
{
	static const struct {
		const char *what, *help;
	} texts[] = {
	    [HINT_TIMEOUT] = {"timed out", "-t SECONDS gives an attempt more time"},
	    [HINT_CONNECT] = {"no connection in time", "--connect-timeout SECONDS gives it more"},
	    [HINT_CERTIFICATE] = {"certificate of an unknown issuer", "--cacert FILE says whom to trust"},
	    [HINT_REFUSED] = {"turned away with 403 or 429",
	        "--delay SECONDS asks less often, -A TEXT says who asks"},
	    [HINT_TOO_LARGE] = {"skipped as too large", "--max-size BYTES takes larger pages"},
	};
	for (int hint = HINT_NONE + 1; hint < HINTS; hint++) {
		if (self->hints[hint])
			log_warning("hint: %s (%" PRIu64 "): %s", texts[hint].what, self->hints[hint],
			    texts[hint].help);
	}
}

static enum status summary_end(void *ctx, const struct totals *totals)
{
	struct summary *self = ctx;
	bool any_failed = totals->outcomes[OUTCOME_FAILED] != 0;
	bool all_went_well =
	    !totals->signal && !any_failed && totals->outcomes[OUTCOME_INTERRUPTED] == 0 && !totals->unread;
	reasons_sort(&self->reasons);
	/* The reader that closed the pipe does not want to see more. */
	if (totals->signal == SIGPIPE)
		return STATUS_OK;
	if (all_went_well && !self->is_terminal && !log_is_enabled(LOG_VERBOSE))
		return STATUS_OK;
	log_event("the longest turn of the loop took %.1f ms", (double)totals->longest_turn_us / 1000);
	show_totals(self, totals);
	show_unread(totals);
	show_reasons(self, totals);
	show_hosts(self, totals);
	if (any_failed || log_is_enabled(LOG_VERBOSE))
		show_hints(self);
	return STATUS_OK;
}

static void summary_free(void *ctx)
{
	struct summary *self = ctx;
	reasons_release(&self->reasons);
	slowest_release(&self->slowest);
	free(self);
}

struct observer summary_observer(struct summary *self)
{
	return (struct observer){
	    .self = self, .outcome = summary_outcome, .end = summary_end, .free = summary_free};
}
