#include "base/alloc.h"
#include "base/http.h"
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

/* The pages with the most dead links that are shown. */
enum { PAGES_SHOWN = 5 };

/* Pages per second are shown for runs of at least PACE_MIN_MS, from this pace on. */
enum { PACE_MIN_MS = 1000, PACE_MIN = 1 };

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
	self->by_depth[outcome->depth < SUMMARY_DEPTHS ? outcome->depth : SUMMARY_DEPTHS - 1]++;
	self->robots += outcome->cause == CAUSE_ROBOTS;
	self->wire_bytes += outcome->wire_bytes;
	return STATUS_OK;
}

static enum status summary_checked(void *ctx, const struct outcome *page, const struct link *link)
{
	struct summary *self = ctx;
	if (link->verdict->kind == CHECK_DEAD)
		dead_links_add(&self->dead_links, page->source_url, link);
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
	if (totals->elsewhere.listed)
		append_count(line, LOG_PLAIN, totals->elsewhere.listed, "passed over (--shard)");
}

/* If the run took its time above all because it had to wait for an option, sets *wait_ms and returns the
 * option. NULL if not. */
static const char *waited_for(const struct totals *totals, int64_t *wait_ms)
{
	bool is_rate = totals->rate_wait_ms > totals->delay_wait_ms;
	*wait_ms = is_rate ? totals->rate_wait_ms : totals->delay_wait_ms;
	bool took_most = *wait_ms > 0 && 2 * *wait_ms >= totals->elapsed_ms;
	return !took_most ? NULL : is_rate ? "--rate" : "--delay";
}

/* Appends what explains the time of the run: " (1.5 MB, 34 pages/s)". */
static void append_details(struct buf *line, const struct summary *self, const struct totals *totals)
{
	char bytes[NUMBER_TEXT_MAX], number[NUMBER_TEXT_MAX];
	double pace = summary_pages_per_second(totals);
	int64_t wait_ms;
	const char *option = waited_for(totals, &wait_ms);
	if (self->wire_bytes == 0)
		return;
	number_text_bytes(bytes, (double)self->wire_bytes);
	if (option) {
		number_text_duration(number, wait_ms);
		log_append(line, LOG_DIM, " (%s, waited %s for %s)", bytes, number, option);
	} else if (totals->elapsed_ms >= PACE_MIN_MS && pace >= PACE_MIN) {
		number_text_number(number, pace);
		log_append(line, LOG_DIM, " (%s, %s pages/s)", bytes, number);
	} else {
		log_append(line, LOG_DIM, " (%s)", bytes);
	}
}

static void show_totals(const struct summary *self, const struct totals *totals)
{
	struct buf line;
	char elapsed[NUMBER_TEXT_MAX];
	buf_init(&line, SIZE_MAX / 2);
	if (totals->deadline)
		log_append(&line, LOG_YELLOW, "stopped at the deadline; ");
	if (totals->signal)
		log_append(&line, LOG_YELLOW, "stopped by %s; ", summary_signal_name(totals->signal));
	log_append(&line, LOG_PLAIN, "%" PRIu64 " URL%s: ", totals->urls, number_text_plural(totals->urls));
	append_outcomes(&line, totals);
	number_text_duration(elapsed, totals->elapsed_ms);
	log_append(&line, LOG_PLAIN, "; %" PRIu64 " link%s in %s", totals->links,
	    number_text_plural(totals->links), elapsed);
	append_details(&line, self, totals);
	log_write_line(&line);
}

/* What came of the links: "links: 812 alive (3 moved), 2 dead, 1 blocked". */
static void show_links(const struct summary *self, const struct totals *totals)
{
	const struct check_totals *check = &totals->check;
	struct buf line;
	if (!self->options->check)
		return;
	buf_init(&line, SIZE_MAX / 2);
	log_append(&line, LOG_PLAIN, "links: ");
	log_append(&line, LOG_GREEN, "%" PRIu64 " alive", check->alive);
	if (check->moved)
		log_append(&line, LOG_PLAIN, " (%" PRIu64 " moved)", check->moved);
	append_count(&line, check->dead ? LOG_RED : LOG_PLAIN, check->dead, "dead");
	if (check->blocked)
		append_count(&line, LOG_PLAIN, check->blocked, "blocked");
	if (check->skipped)
		append_count(&line, LOG_PLAIN, check->skipped, "skipped");
	if (check->waiting)
		append_count(&line, LOG_YELLOW, check->waiting, "not checked");
	log_write_line(&line);
}

/* How the pages differ from the run before: "pages: 2 new, 1 gone, 5 changed, 991 unchanged". */
static void show_changes(const struct summary *self, const struct totals *totals)
{
	const struct change_totals *changes = &totals->changes;
	struct buf line;
	if (!summary_knows_changes(self->options, totals))
		return;
	buf_init(&line, SIZE_MAX / 2);
	log_append(&line, LOG_PLAIN, "pages: %" PRIu64 " new", changes->added);
	append_count(&line, LOG_PLAIN, changes->gone, "gone");
	append_count(&line, LOG_PLAIN, changes->changed, "changed");
	append_count(&line, LOG_PLAIN, changes->unchanged, "unchanged");
	log_write_line(&line);
}

/* What all processes of a crawl have done: "crawl: 500 URLs of 3 processes: 490 ok, 10 failed". */
static void show_crawl(const struct crawl_totals *crawl)
{
	struct buf line;
	if (!crawl->is_known)
		return;
	buf_init(&line, SIZE_MAX / 2);
	log_append(&line, LOG_PLAIN, "crawl: %" PRIu64 " URL%s of %" PRIu64 " process%s: %" PRIu64 " ok",
	    crawl->urls, number_text_plural(crawl->urls), crawl->processes, crawl->processes == 1 ? "" : "es",
	    crawl->ok);
	append_count(&line, LOG_RED, crawl->failed, "failed");
	append_count(&line, LOG_PLAIN, crawl->skipped, "skipped");
	append_count(&line, LOG_PLAIN, crawl->left, "left");
	log_write_line(&line);
}

/* Shows how many more problems or pages there are; is_least if some are not counted. */
static void show_more(size_t count, bool is_least, const char *kind)
{
	struct buf line;
	if (count == 0)
		return;
	buf_init(&line, SIZE_MAX / 2);
	log_append(&line, LOG_DIM, "  and %s%zu more %s%s", is_least ? "at least " : "", count, kind,
	    number_text_plural(count));
	log_write_line(&line);
}

/* Shows a line for each of the most frequent problems: "  12  404 Not Found, first https://example.com/". */
static void show_problems(const struct dead_groups *problems)
{
	size_t count;
	const struct dead_group **list = dead_groups_list(problems, &count);
	size_t shown = count <= REASONS_SHOWN + 1 ? count : REASONS_SHOWN;
	int width = count ? snprintf(NULL, 0, "%" PRIu64, list[0]->count) : 0;
	struct buf line;
	for (size_t i = 0; i < shown; i++) {
		const char *status_text = http_status_text(strtol(list[i]->name, NULL, 10));
		buf_init(&line, SIZE_MAX / 2);
		log_append(&line, LOG_PLAIN, "  %*" PRIu64 "  ", width, list[i]->count);
		log_append(&line, LOG_RED, "%s%s%s", list[i]->name, *status_text ? " " : "", status_text);
		log_append(&line, LOG_DIM, "%s%s", list[i]->count > 1 ? ", first " : ", ", list[i]->first);
		log_write_line(&line);
	}
	free(list);
	show_more(count - shown, false, "problem");
}

/* Shows the pages that have the most dead links: "  12  on https://example.com/links.html". A page that has
 * only one has its row. */
static void show_pages(const struct dead_groups *pages)
{
	size_t count, shown = 0;
	const struct dead_group **list = dead_groups_list(pages, &count);
	int width = count ? snprintf(NULL, 0, "%" PRIu64, list[0]->count) : 0;
	struct buf line;
	while (count > 1 && shown < count && shown < PAGES_SHOWN && list[shown]->count > 1)
		shown++;
	for (size_t i = 0; i < shown; i++) {
		buf_init(&line, SIZE_MAX / 2);
		log_append(&line, LOG_PLAIN, "  %*" PRIu64 "  on %s", width, list[i]->count, list[i]->name);
		log_write_line(&line);
	}
	free(list);
	if (shown)
		show_more(count - shown, pages->others > 0, "page");
}

/* The dead links by problem, and the pages that have the most. */
static void show_dead_links(const struct summary *self)
{
	show_problems(&self->dead_links.problems);
	show_pages(&self->dead_links.pages);
}

/* What a crawl did: "by depth: 1, 17, 240". */
static void show_depths(const struct summary *self)
{
	struct buf line;
	size_t count = SUMMARY_DEPTHS;
	while (count > 0 && self->by_depth[count - 1] == 0)
		count--;
	if (!options_are_of_crawl(self->options) || count == 0)
		return;
	buf_init(&line, SIZE_MAX / 2);
	log_append(&line, LOG_PLAIN, "URLs by depth: ");
	for (size_t i = 0; i < count; i++)
		log_append(&line, LOG_PLAIN, "%s%" PRIu64, i ? ", " : "", self->by_depth[i]);
	if (count == SUMMARY_DEPTHS)
		log_append(&line, LOG_DIM, " (the last of them of depth %d and more)", SUMMARY_DEPTHS - 1);
	log_write_line(&line);
}

/* Appends how many things of a kind were left out, and why. */
static void append_left(
    struct buf *line, enum log_style style, uint64_t count, const char *kind, const char *why)
{
	if (count)
		log_append(line, style, "%s%" PRIu64 " %s%s %s", line->len ? ", " : "", count, kind,
		    number_text_plural(count), why);
}

/* Shows such a list, and empties it. */
static void show_list(struct buf *list, const char *title)
{
	struct buf line;
	if (list->len) {
		buf_init(&line, SIZE_MAX / 2);
		log_append(&line, LOG_PLAIN, "%s: ", title);
		buf_append(&line, list->data, list->len);
		log_write_line(&line);
	}
	buf_clear(list);
}

/* What a crawl left out, and why. */
static void show_left(const struct summary *self, const struct totals *totals)
{
	const uint64_t *left = totals->left;
	bool is_crawl = options_find_urls(self->options);
	struct buf list, line;
	buf_init(&list, SIZE_MAX / 2);
	append_left(&list, LOG_PLAIN, left[LEFT_SCOPE], "link", "out of scope (--scope)");
	append_left(&list, LOG_PLAIN, left[LEFT_PATTERN], "link", "by --follow or --no-follow");
	append_left(&list, LOG_PLAIN, left[LEFT_NOFOLLOW], "link", "with nofollow");
	/* --check asks for the targets of these links, too. */
	if (self->options->check)
		show_list(&list, "not followed");
	append_left(&list, LOG_PLAIN, left[LEFT_LENGTH], "link", "too long");
	append_left(&list, LOG_PLAIN, is_crawl ? self->robots : 0, "URL", "by robots.txt");
	append_left(&list, LOG_PLAIN, totals->elsewhere.found, "URL", "of other shards (--shard)");
	append_left(&list, LOG_YELLOW, left[LEFT_MAX_PAGES], "URL", "beyond --max-pages");
	append_left(&list, LOG_YELLOW, left[LEFT_WAITING], "URL", "not taken up");
	show_list(&list, "left out");
	buf_release(&list);
	/* A trap, such as a calendar without end, is most often found in one place. */
	if (!totals->top_path || (!left[LEFT_MAX_PAGES] && !totals->deadline))
		return;
	buf_init(&line, SIZE_MAX / 2);
	log_append(&line, LOG_PLAIN, "most URLs were found in %s (--no-follow PATTERN%s)", totals->top_path,
	    self->options->check ? " and --exclude PATTERN leave them out" : " leaves them out");
	log_write_line(&line);
}

static void show_unread(const struct totals *totals)
{
	struct buf line;
	if (!totals->unread)
		return;
	buf_init(&line, SIZE_MAX / 2);
	if (totals->unread_lines > 0)
		log_append(&line, LOG_YELLOW, "about %" PRId64 " line%s of the list %s not read",
		    totals->unread_lines, number_text_plural((uint64_t)totals->unread_lines),
		    totals->unread_lines == 1 ? "was" : "were");
	else
		log_append(&line, LOG_YELLOW, "the list was not read to its end");
	log_write_line(&line);
}

/* The number of reasons that get a line. A reason that only one failure has was in the line of that failure,
 * so that only what several failures share is said again. */
static size_t count_shown_reasons(const struct summary *self, uint64_t failed)
{
	const struct reasons *reasons = &self->reasons;
	bool had_lines = !self->options->no_failures;
	size_t shown = 0;
	if (had_lines && failed < FEW_FAILURES)
		return 0;
	while (shown < reasons->count && shown < REASONS_SHOWN &&
	       (!had_lines || reasons->list[shown]->count > 1))
		shown++;
	/* A line that counts the rest must not stand for a single reason, which takes no more room. */
	bool one_is_left = shown + 1 == reasons->count && !reasons->others;
	return shown > 0 && one_is_left ? shown + 1 : shown;
}

static void show_reasons(const struct summary *self, const struct totals *totals)
{
	struct reason *const *list = self->reasons.list;
	uint64_t rest = totals->outcomes[OUTCOME_FAILED];
	size_t shown = count_shown_reasons(self, rest);
	if (shown == 0)
		return;
	for (size_t i = 0; i < shown; i++)
		rest -= list[i]->count;
	int width = snprintf(NULL, 0, "%" PRIu64, rest > list[0]->count ? rest : list[0]->count);
	struct buf line;
	for (size_t i = 0; i < shown; i++) {
		buf_init(&line, SIZE_MAX / 2);
		log_append(&line, LOG_PLAIN, "  %*" PRIu64 "  ", width, list[i]->count);
		log_append(&line, LOG_RED, "%s", list[i]->text);
		log_append(&line, LOG_DIM, "%s%s", list[i]->count > 1 ? ", first " : ", ", list[i]->first);
		log_write_line(&line);
	}
	if (rest == 0)
		return;
	buf_init(&line, SIZE_MAX / 2);
	log_append(&line, LOG_PLAIN, "  %*" PRIu64 "  ", width, rest);
	log_append(&line, LOG_DIM, "for other reasons");
	log_write_line(&line);
}

static void show_hosts(const struct summary *self, const struct totals *totals)
{
	int64_t wait_ms;
	bool is_relevant = totals->outcomes[OUTCOME_FAILED] && totals->elapsed_ms >= LONG_RUN_MS &&
	                   !waited_for(totals, &wait_ms);
	size_t count;
	if (!is_relevant && !log_is_enabled(LOG_VERBOSE))
		return;
	const struct slow_host **hosts = slowest_list(&self->slowest, &count);
	struct buf line;
	buf_init(&line, SIZE_MAX / 2);
	log_append(&line, LOG_PLAIN, "slowest hosts: ");
	for (size_t i = 0; i < count && i < HOSTS_SHOWN; i++) {
		log_append(&line, LOG_PLAIN, "%s%s ", i ? ", " : "", hosts[i]->name);
		log_append(&line, LOG_DIM, "%.0f ms", slowest_mean_ms(hosts[i]));
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
		struct buf line;
		if (!self->hints[hint])
			continue;
		buf_init(&line, SIZE_MAX / 2);
		log_append(&line, LOG_PLAIN, "hint: %s (%" PRIu64 "): %s", texts[hint].what,
		    self->hints[hint], texts[hint].help);
		log_write_line(&line);
	}
}

static enum status summary_end(void *ctx, const struct totals *totals)
{
	struct summary *self = ctx;
	bool any_failed = totals->outcomes[OUTCOME_FAILED] != 0;
	bool all_went_well = !totals->signal && !any_failed && totals->outcomes[OUTCOME_INTERRUPTED] == 0 &&
	                     !totals->unread && !totals->left[LEFT_MAX_PAGES] && !totals->check.dead;
	reasons_sort(&self->reasons);
	/* The reader that closed the pipe does not want to see more. */
	if (totals->signal == SIGPIPE)
		return STATUS_OK;
	if (all_went_well && !self->is_terminal && !log_is_enabled(LOG_VERBOSE))
		return STATUS_OK;
	log_event("the longest turn of the loop took %.1f ms", (double)totals->longest_turn_us / 1000);
	show_totals(self, totals);
	show_unread(totals);
	show_depths(self);
	show_left(self, totals);
	show_changes(self, totals);
	show_crawl(&totals->crawl);
	show_links(self, totals);
	if (self->options->check)
		show_dead_links(self);
	else
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
	dead_links_release(&self->dead_links);
	free(self);
}

struct observer summary_observer(struct summary *self)
{
	return (struct observer){.self = self,
	    .checked = summary_checked,
	    .outcome = summary_outcome,
	    .end = summary_end,
	    .free = summary_free};
}
