#include "output/dry_run.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/map.h"
#include "base/sort.h"
#include "output/number_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The number of hosts that are shown without -v; with -v all hosts are shown. */
enum { HOSTS_SHOWN = 10 };

struct planned_host {
	char *name; /* with the port, unless it is the default of the scheme */
	uint64_t urls;
	size_t number; /* position in the order in which the hosts came */
};

struct dry_run {
	const struct options *options;
	struct file *file;
	struct map hosts; /* hosts by name */
	/* the same hosts in the order in which they came; dry_run_end sorts them by their number of URLs */
	struct planned_host **list;
	size_t count;
};

static void count_host(struct dry_run *self, struct slice name)
{
	struct planned_host *host = map_find(&self->hosts, name);
	if (host) {
		host->urls++;
		return;
	}
	host = alloc_new(sizeof *host);
	*host =
	    (struct planned_host){.name = alloc_copy(name.data, name.len), .urls = 1, .number = self->count};
	map_add(&self->hosts, slice_of(host->name), host);
	self->list = alloc_resize(self->list, self->count + 1, sizeof *self->list);
	self->list[self->count++] = host;
}

static enum status dry_run_outcome(void *ctx, const struct outcome *outcome)
{
	struct dry_run *self = ctx;
	struct buf line;
	if (outcome->kind != OUTCOME_SKIPPED)
		return STATUS_OK;
	count_host(self, outcome_host(outcome));
	buf_init(&line, SIZE_MAX / 2);
	buf_append_text(&line, outcome->final_url);
	buf_append_byte(&line, '\n');
	enum status status = file_write(self->file, line.data, line.len);
	buf_release(&line);
	return status;
}

static enum status dry_run_flush(void *ctx, struct wait *wait, size_t *backlog)
{
	const struct dry_run *self = ctx;
	return file_flush_or_wait(self->file, wait, backlog);
}

static int compare_counts(const void *a, const void *b)
{
	const struct planned_host *left = *(struct planned_host *const *)a,
	                          *right = *(struct planned_host *const *)b;
	if (left->urls != right->urls)
		return left->urls > right->urls ? -1 : 1;
	return left->number < right->number ? -1 : 1;
}

static double seconds(int64_t ms)
{
	return (double)ms / 1000;
}

static void show_hosts(const struct dry_run *self)
{
	size_t shown = log_is_enabled(LOG_VERBOSE) || self->count < HOSTS_SHOWN ? self->count : HOSTS_SHOWN;
	int width = self->count ? snprintf(NULL, 0, "%" PRIu64, self->list[0]->urls) : 0;
	for (size_t i = 0; i < shown; i++)
		log_warning("  %*" PRIu64 "  %s", width, self->list[i]->urls, self->list[i]->name);
	if (shown < self->count)
		log_warning("  and %zu more hosts (-v shows all)", self->count - shown);
}

static void append_rate(struct buf *line, int64_t rate, uint64_t urls)
{
	char duration[NUMBER_TEXT_MAX];
	bool is_slow = rate < RATE_PER_SECOND;
	double starts = (double)rate / (is_slow ? RATE_PER_MINUTE : RATE_PER_SECOND);
	double least_ms = urls ? (double)(urls - 1) * 1000 * RATE_PER_SECOND / (double)rate : 0;
	log_append(line, LOG_PLAIN, ", %.10g request%s a %s in all", starts, starts == 1 ? "" : "s",
	    is_slow ? "minute" : "second");
	if (least_ms < 1)
		return;
	number_text_duration(duration, (int64_t)least_ms);
	log_append(line, LOG_PLAIN, ": at least %s", duration);
}

static void show_concurrency(const struct dry_run *self, uint64_t urls)
{
	const struct options *options = self->options;
	struct buf line;
	buf_init(&line, SIZE_MAX / 2);
	log_append(&line, LOG_PLAIN, "at most %" PRId64 " at once", options->jobs);
	if (options->per_host)
		log_append(&line, LOG_PLAIN, ", %" PRId64 " to one host", options->per_host);
	if (options->delay_ms) {
		log_append(&line, LOG_PLAIN, ", %g s between starts to one host", seconds(options->delay_ms));
		if (self->count && self->list[0]->urls > 1)
			log_append(&line, LOG_PLAIN, ": at least %g s for %s",
			    seconds(options->delay_ms * (int64_t)(self->list[0]->urls - 1)),
			    self->list[0]->name);
	}
	if (options->rate)
		append_rate(&line, options->rate, urls);
	log_write_line(&line);
}

/* The scope of a crawl as its option names it. */
static const char *scope_word(enum option_scope scope)
{
	static const char *const words[] = {[OPTION_SCOPE_HOST] = "host",
	    [OPTION_SCOPE_SITE] = "site",
	    [OPTION_SCOPE_PREFIX] = "prefix",
	    [OPTION_SCOPE_ANY] = "any"};
	return words[scope];
}

static void show_crawl(const struct dry_run *self)
{
	const struct options *options = self->options;
	bool is_crawl = options_are_of_crawl(options);
	bool asks_robots =
	    options->robots == WHEN_ALWAYS || (is_crawl && options->robots == WHEN_AUTO) || options->sitemaps;
	if (asks_robots)
		log_warning("would ask for robots.txt first, of %zu host%s", self->count,
		    number_text_plural(self->count));
	if (options->sitemaps)
		log_warning("would read the sitemaps of the hosts (--sitemaps)");
	if (options->depth == DEPTH_ALL)
		log_warning("would follow links without a limit (--depth all --scope %s)",
		    scope_word(options->scope));
	else if (options->depth > 0)
		log_warning("would follow links (--depth %" PRId64 " --scope %s)", options->depth,
		    scope_word(options->scope));
	if (options->check)
		log_warning("would check the links of the pages%s (--check)",
		    options->fragments ? ", with their fragments" : "");
	if (options->max_pages)
		log_warning("would ask for at most %" PRId64 " URL%s (--max-pages)", options->max_pages,
		    number_text_plural((uint64_t)options->max_pages));
}

static void show_limits(const struct options *options)
{
	struct buf line;
	buf_init(&line, SIZE_MAX / 2);
	if (options->timeout_ms)
		log_append(&line, LOG_PLAIN, "%g s for an attempt, ", seconds(options->timeout_ms));
	log_append(&line, LOG_PLAIN,
	    "%g s of it to connect, %" PRId64 " more attempt%s, %" PRId64 " redirect%s, ",
	    seconds(options->connect_timeout_ms), options->retries,
	    number_text_plural((uint64_t)options->retries), options->max_redirs,
	    number_text_plural((uint64_t)options->max_redirs));
	log_append(&line, LOG_PLAIN, "pages of up to %g MiB", (double)options->max_size / (1 << 20));
	if (options->deadline_ms)
		log_append(&line, LOG_PLAIN, ", %g s for the whole run", seconds(options->deadline_ms));
	log_write_line(&line);
}

static void show_output(const struct options *options)
{
	bool to_file = options->output && strcmp(options->output, "-") != 0;
	log_warning("rows would go to %s%s", to_file ? options->output : "stdout",
	    !to_file          ? ""
	    : options->append ? ", behind what is in it"
	    : options->atomic ? ", in place of what is in it, if all goes well"
	                      : ", in place of what is in it");
	if (options->config)
		log_warning("some options are from %s", options->config);
}

static enum status dry_run_end(void *ctx, const struct totals *totals)
{
	struct dry_run *self = ctx;
	struct buf line;
	uint64_t urls = totals->outcomes[OUTCOME_SKIPPED], invalid = totals->outcomes[OUTCOME_FAILED];
	if (totals->signal)
		return STATUS_OK;
	sort_array(self->list, self->count, sizeof *self->list, compare_counts);
	buf_init(&line, SIZE_MAX / 2);
	log_append(&line, LOG_PLAIN, "would fetch %" PRIu64 " URL%s from %zu host%s", urls,
	    number_text_plural(urls), self->count, number_text_plural(self->count));
	if (totals->repeated)
		log_append(&line, LOG_PLAIN, "; %" PRIu64 " %s listed again", totals->repeated,
		    totals->repeated == 1 ? "was" : "were");
	if (totals->elsewhere.listed)
		log_append(&line, LOG_PLAIN, "; %" PRIu64 " %s passed over (--shard)",
		    totals->elsewhere.listed, totals->elsewhere.listed == 1 ? "is" : "are");
	if (invalid)
		log_append(
		    &line, LOG_RED, "; %" PRIu64 " %s", invalid, invalid == 1 ? "is no URL" : "are no URLs");
	log_write_line(&line);
	show_hosts(self);
	show_concurrency(self, urls);
	show_crawl(self);
	show_limits(self->options);
	show_output(self->options);
	return STATUS_OK;
}

static void dry_run_free(void *ctx)
{
	struct dry_run *self = ctx;
	for (size_t i = 0; i < self->count; i++) {
		free(self->list[i]->name);
		free(self->list[i]);
	}
	map_release(&self->hosts);
	free(self->list);
	free(self);
}

struct observer dry_run_observer(const struct options *options, struct file *file)
{
	struct dry_run *self = alloc_new(sizeof *self);
	self->options = options;
	self->file = file;
	return (struct observer){.self = self,
	    .outcome = dry_run_outcome,
	    .flush = dry_run_flush,
	    .end = dry_run_end,
	    .free = dry_run_free};
}
