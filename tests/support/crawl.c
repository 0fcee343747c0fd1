#include "crawl.h"

#include "base/buf.h"
#include "run.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 64 << 20, ADDRESS_MAX = 24 };

/* Far more than any of these runs needs. */
static const double RUN_LIMIT = 600;

void crawl_start(struct crawl *self, struct graph_spec *spec)
{
	char addresses[GRAPH_HOSTS_MAX][ADDRESS_MAX];
	const char *args[2 * GRAPH_HOSTS_MAX + 3] = {"--log", "1000000"};
	*self = (struct crawl){0};
	for (unsigned i = 0; i < (spec->names ? 1 : spec->hosts); i++) {
		snprintf(addresses[i], sizeof addresses[i], "127.0.0.%u", i + 1);
		args[2 * i + 2] = "--bind";
		args[2 * i + 3] = addresses[i];
	}
	site_start_argv(&self->site, args);
	scratch_init(&self->scratch);
	crawl_serve(self, spec);
}

static void forget_run(struct crawl *self)
{
	truth_release(&self->truth);
	site_stats_release(&self->stats);
	json_decref(self->report);
	self->report = NULL;
}

void crawl_serve(struct crawl *self, struct graph_spec *spec)
{
	forget_run(self);
	graph_release(&self->graph);
	spec->port = self->site.port;
	cr_assert(graph_init(&self->graph, spec));
}

void crawl_stop(struct crawl *self)
{
	forget_run(self);
	graph_release(&self->graph);
	site_stop(&self->site);
	scratch_release(&self->scratch);
}

static json_t *read_report(struct crawl *self)
{
	char *text = scratch_read(&self->scratch, "report", NULL);
	json_t *lines = json_array();
	json_error_t error;
	for (char *line = text; *line; line += strcspn(line, "\n") + 1) {
		json_t *value = json_loads(line, JSON_DISABLE_EOF_CHECK, &error);
		cr_assert(value, "%s: %.200s", error.text, line);
		json_array_append_new(lines, value);
	}
	free(text);
	return lines;
}

static const char *write_list(struct crawl *self)
{
	struct buf list;
	buf_init(&list, TEXT_MAX);
	for (size_t i = 0; i < self->options.listed_count; i++) {
		buf_append_text(&list, self->graph.pages[self->options.listed[i]].url);
		buf_append_byte(&list, '\n');
	}
	const char *name = scratch_write(&self->scratch, "list", list.data ? list.data : "");
	buf_release(&list);
	return name;
}

struct arguments {
	const char *text[64];
	size_t count;
	char depth[16];
	char resolve[64];
	char retries[16];
};

static void add_argument(struct arguments *self, const char *text)
{
	cr_assert(self->count + 1 < sizeof self->text / sizeof *self->text);
	self->text[self->count++] = text;
}

static void add_option(struct arguments *self, const char *name, const char *value)
{
	add_argument(self, name);
	add_argument(self, value);
}

static void add_crawl_options(struct arguments *self, const struct truth_options *options)
{
	static const char *const scopes[] = {"host", "site", "prefix", "any"};
	if (options->depth == TRUTH_ALL)
		snprintf(self->depth, sizeof self->depth, "all");
	else
		snprintf(self->depth, sizeof self->depth, "%d", options->depth);
	bool is_plain_list = options->depth == 0 && options->ignores_robots && !options->sitemaps;
	if (!is_plain_list)
		add_option(self, "--depth", self->depth);
	if (!is_plain_list && options->ignores_robots)
		add_option(self, "--robots", "never");
	if (options->scope != TRUTH_HOST)
		add_option(self, "--scope", scopes[options->scope]);
	if (options->sitemaps)
		add_argument(self, "--sitemaps");
	if (options->shuns_traps)
		add_option(self, "--no-follow", "/trap/");
}

/* The first of these stay the same in all runs, and are not part of the label. */
static void make_arguments(struct crawl *self, const char *const *more, struct arguments *args)
{
	static const char *const fixed[] = {"-q", "-t", "20", "--host-errors", "0", "--host-patience", "0",
	    "--no-header", "--fail-on", "never"};
	size_t used = 0;
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		add_argument(args, fixed[i]);
	add_option(args, "-o", scratch_path(&self->scratch, "rows"));
	add_option(args, "--report", scratch_path(&self->scratch, "report"));
	size_t shown = args->count;
	snprintf(args->retries, sizeof args->retries, "%u", self->options.retries);
	add_option(args, "-r", args->retries);
	add_crawl_options(args, &self->options);
	while (*more)
		add_argument(args, *more++);
	snprintf(args->resolve, sizeof args->resolve, "*:%u:127.0.0.1", self->site.port);
	if (self->graph.spec.names)
		add_option(args, "--resolve", args->resolve);
	for (size_t i = shown; i < args->count && used < sizeof self->label; i++)
		used += (size_t)snprintf(self->label + used, sizeof self->label - used, "%s ", args->text[i]);
	struct buf query;
	buf_init(&query, TEXT_MAX);
	graph_spec_query(&self->graph.spec, &query);
	if (used < sizeof self->label)
		snprintf(self->label + used, sizeof self->label - used, "on /_/graph?%s", query.data);
	buf_release(&query);
	add_argument(args, self->options.listed ? write_list(self) : self->graph.pages[0].url);
}

void crawl_run_argv(struct crawl *self, const struct truth_options *options, const char *const *more)
{
	struct arguments args = {.count = 0};
	struct run_result result;
	forget_run(self);
	self->options = *options;
	truth_init(&self->truth, &self->graph, options);
	make_arguments(self, more, &args);
	site_serve_graph(&self->site, &self->graph.spec);
	if (self->run)
		self->run(self, args.text, &result);
	else
		run_program(&result, &(struct run_options){.limit = RUN_LIMIT}, run_areq_name(), args.text);
	cr_assert_eq(result.exit_status, 0, "%s: exit status %d (signal %d): %s", self->label,
	    result.exit_status, result.signal, result.err);
	run_release(&result);
	site_stats(&self->site, &self->stats);
	cr_assert_eq(self->stats.all.in_flight, 0, "%s: requests are in flight behind the end", self->label);
	self->report = read_report(self);
}

void crawl_requests(const struct crawl *self, struct rows *requests)
{
	rows_init(requests);
	for (size_t i = 0; i < self->stats.count; i++)
		rows_add(
		    requests, "http://%s%s", self->stats.requests[i].host, self->stats.requests[i].target);
}

/* A found URL may stand there with the fragment of the link that it was found by. */
static int length_without_fragment(const char *url)
{
	return (int)strcspn(url, "#\t");
}

void crawl_links(struct crawl *self, struct rows *links)
{
	size_t len;
	char *text = scratch_read(&self->scratch, "rows", &len);
	struct rows all;
	rows_init(&all);
	rows_init(links);
	rows_parse(&all, text, len);
	for (size_t i = 0; i < all.count; i++) {
		const char *tab = strchr(all.row[i], '\t');
		cr_assert(tab, "%s: not a row: %s", self->label, all.row[i]);
		/* Whether a sitemap that begins a crawl has rows is not what is tested here. */
		if (!strstr(all.row[i], "/sitemap") || strstr(all.row[i], "/sitemap") > tab)
			rows_add(links, "%.*s%s", length_without_fragment(all.row[i]), all.row[i], tab);
	}
	rows_release(&all);
	free(text);
}

const char *crawl_text(const json_t *line, const char *key)
{
	const char *text = json_string_value(json_object_get(line, key));
	return text ? text : "";
}

void crawl_lines(const struct crawl *self, struct rows *lines)
{
	size_t i;
	json_t *line;
	rows_init(lines);
	json_array_foreach(self->report, i, line)
	{
		const char *url = crawl_text(line, "url"), *outcome = crawl_text(line, "outcome");
		if (strstr(url, "/sitemap") && strcmp(outcome, "ok") == 0)
			continue;
		rows_add(lines, "%.*s\t%s\t%s", length_without_fragment(url), url, outcome,
		    crawl_text(line, "cause"));
	}
}

static void expect_set(const struct crawl *self, const char *what, struct rows *is, const struct rows *truth)
{
	char *difference = rows_set_difference(is, truth);
	cr_expect(!difference, "%s: %s: %s", self->label, what, difference ? difference : "");
	free(difference);
	rows_release(is);
}

void crawl_expect_requests(struct crawl *self)
{
	struct rows is;
	crawl_requests(self, &is);
	expect_set(self, "requests", &is, &self->truth.requests);
}

void crawl_expect(struct crawl *self)
{
	struct rows is;
	crawl_expect_requests(self);
	crawl_links(self, &is);
	expect_set(self, "rows", &is, &self->truth.links);
	crawl_lines(self, &is);
	expect_set(self, "report", &is, &self->truth.lines);
}
