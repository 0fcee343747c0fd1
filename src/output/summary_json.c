#include "base/buf.h"
#include "output/json_writer.h"
#include "output/summary_internal.h"

#include <stdlib.h>

static void append_outcomes(struct buf *line, const struct totals *totals)
{
	json_writer_open(line, "outcomes", '{');
	for (int kind = 0; kind < OUTCOME_KINDS; kind++)
		json_writer_number(line, outcome_kind_text((enum outcome_kind)kind), totals->outcomes[kind]);
	json_writer_close(line, '}');
}

/* What a crawl found, and what it left out. */
static void append_crawl(struct buf *line, const struct summary *self, const struct totals *totals)
{
	static const char *const keys[LEFT_REASONS] = {
	    [LEFT_SCOPE] = "links_out_of_scope",
	    [LEFT_PATTERN] = "links_not_followed",
	    [LEFT_LENGTH] = "links_too_long",
	    [LEFT_NOFOLLOW] = "links_nofollow",
	    [LEFT_MAX_PAGES] = "urls_beyond_max_pages",
	    [LEFT_WAITING] = "urls_not_taken_up",
	};
	json_writer_number(line, "found", totals->found);
	json_writer_open(line, "left_out", '{');
	for (int i = 0; i < LEFT_REASONS; i++)
		json_writer_number(line, keys[i], totals->left[i]);
	json_writer_number(line, "urls_robots", self->robots);
	json_writer_close(line, '}');
	json_writer_open(line, "by_depth", '[');
	size_t depths = SUMMARY_DEPTHS;
	while (depths > 0 && self->by_depth[depths - 1] == 0)
		depths--;
	for (size_t i = 0; i < depths; i++)
		json_writer_number(line, NULL, self->by_depth[i]);
	json_writer_close(line, ']');
}

/* What belongs to other shards. */
static void append_elsewhere(struct buf *line, const struct elsewhere_totals *elsewhere)
{
	json_writer_open(line, "elsewhere", '{');
	json_writer_number(line, "listed", elsewhere->listed);
	json_writer_number(line, "found", elsewhere->found);
	json_writer_close(line, '}');
}

static void append_totals(struct buf *line, const struct summary *self, const struct totals *totals)
{
	json_writer_open(line, "totals", '{');
	json_writer_number(line, "urls", totals->urls);
	json_writer_number(line, "listed_again", totals->repeated);
	if (self->options->shard.count)
		append_elsewhere(line, &totals->elsewhere);
	if (options_find_urls(self->options) || self->options->max_pages > 0)
		append_crawl(line, self, totals);
	json_writer_number(line, "failed_locally", totals->local);
	json_writer_number(line, "links", totals->links);
	json_writer_number(line, "bytes", totals->bytes);
	json_writer_number(line, "bytes_on_wire", self->wire_bytes);
	json_writer_real(line, "pages_per_second", summary_pages_per_second(totals), "null");
	json_writer_close(line, '}');
}

static void append_failures(struct buf *line, const struct reasons *reasons)
{
	json_writer_open(line, "failures", '[');
	for (size_t i = 0; i < reasons->count; i++) {
		json_writer_open(line, NULL, '{');
		json_writer_text(line, "cause", cause_word((enum cause)reasons->list[i]->kind.cause));
		json_writer_text(line, "reason", reasons->list[i]->text);
		json_writer_number(line, "count", reasons->list[i]->count);
		json_writer_text(line, "first", reasons->list[i]->first);
		json_writer_close(line, '}');
	}
	json_writer_close(line, ']');
}

static void append_groups(
    struct buf *line, const char *key, const char *name, const struct dead_groups *groups)
{
	size_t count;
	const struct dead_group **list = dead_groups_list(groups, &count);
	json_writer_open(line, key, '[');
	for (size_t i = 0; i < count; i++) {
		json_writer_open(line, NULL, '{');
		json_writer_text(line, name, list[i]->name);
		json_writer_number(line, "count", list[i]->count);
		json_writer_text(line, "first", list[i]->first);
		json_writer_close(line, '}');
	}
	json_writer_close(line, ']');
	free(list);
}

/* What came of the links, with --check. */
static void append_checked(struct buf *line, const struct summary *self, const struct check_totals *check)
{
	json_writer_open(line, "checked", '{');
	json_writer_number(line, "links", check->links);
	json_writer_number(line, "alive", check->alive);
	json_writer_number(line, "moved", check->moved);
	json_writer_number(line, "dead", check->dead);
	json_writer_number(line, "dead_fragments", check->fragments);
	json_writer_number(line, "blocked", check->blocked);
	json_writer_number(line, "skipped", check->skipped);
	json_writer_number(line, "not_checked", check->waiting);
	append_groups(line, "problems", "problem", &self->dead_links.problems);
	append_groups(line, "pages", "url", &self->dead_links.pages);
	json_writer_number(line, "dead_on_other_pages", self->dead_links.pages.others);
	json_writer_close(line, '}');
}

/* How the pages differ from the run before, with --state. */
static void append_changes(struct buf *line, const struct change_totals *changes)
{
	json_writer_open(line, "changes", '{');
	json_writer_number(line, "new", changes->added);
	json_writer_number(line, "gone", changes->gone);
	json_writer_number(line, "changed", changes->changed);
	json_writer_number(line, "unchanged", changes->unchanged);
	json_writer_close(line, '}');
}

/* What all processes have done, with a state in Redis. */
static void append_shared(struct buf *line, const struct crawl_totals *crawl)
{
	json_writer_open(line, "crawl", '{');
	json_writer_number(line, "urls", crawl->urls);
	json_writer_number(line, "ok", crawl->ok);
	json_writer_number(line, "failed", crawl->failed);
	json_writer_number(line, "skipped", crawl->skipped);
	json_writer_number(line, "left", crawl->left);
	json_writer_number(line, "processes", crawl->processes);
	json_writer_close(line, '}');
}

static void append_hosts(struct buf *line, const struct slowest *slowest)
{
	size_t count;
	const struct slow_host **hosts = slowest_list(slowest, &count);
	json_writer_open(line, "hosts", '[');
	for (size_t i = 0; i < count; i++) {
		json_writer_open(line, NULL, '{');
		json_writer_text(line, "host", hosts[i]->name);
		json_writer_number(line, "urls", hosts[i]->urls);
		json_writer_number(line, "failed", hosts[i]->failed);
		json_writer_real(line, "mean_ms", slowest_mean_ms(hosts[i]), "null");
		json_writer_real(line, "longest_ms", hosts[i]->longest_ms, "null");
		json_writer_close(line, '}');
	}
	json_writer_close(line, ']');
	free(hosts);
}

static void append_summary(
    struct buf *line, const struct summary *self, const struct totals *totals, int exit_status)
{
	buf_append_byte(line, '{');
	append_outcomes(line, totals);
	append_totals(line, self, totals);
	if (self->options->check)
		append_checked(line, self, &totals->check);
	if (totals->crawl.is_known)
		append_shared(line, &totals->crawl);
	if (summary_knows_changes(self->options, totals))
		append_changes(line, &totals->changes);
	json_writer_number(line, "elapsed_ms", (uint64_t)totals->elapsed_ms);
	json_writer_bool(line, "deadline", totals->deadline);
	json_writer_bool(line, "list_complete", !totals->unread);
	json_writer_text(line, "signal", totals->signal ? summary_signal_name(totals->signal) : NULL);
	json_writer_number_or_null(line, "exit_status", exit_status >= 0, (uint64_t)exit_status);
	append_failures(line, &self->reasons);
	json_writer_number(line, "other_failures", self->reasons.others);
	append_hosts(line, &self->slowest);
	json_writer_number(line, "urls_of_other_hosts", self->slowest.others);
	json_writer_close(line, '}');
}

enum status summary_write_json(
    const struct summary *self, struct file *file, const struct totals *totals, int exit_status)
{
	struct buf line;
	buf_init(&line, SIZE_MAX / 2);
	append_summary(&line, self, totals, exit_status);
	buf_append_byte(&line, '\n');
	enum status status = file_write(file, line.data, line.len);
	buf_release(&line);
	return status;
}
