#include "check_run.h"

#include "base/buf.h"
#include "check_draw.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { TEXT_MAX = 64 << 20 };

/* Far more than any of these runs needs. */
static const double RUN_LIMIT = 600;

void check_run_start(struct check_run *self)
{
	*self = (struct check_run){.label = ""};
	scratch_init(&self->scratch);
	cr_assert_eq(mkdir(scratch_path(&self->scratch, "t"), 0700), 0);
	site_start_with(&self->server, "--bind", "127.0.0.1", "--bind", "127.0.0.2", "--bind", "127.0.0.3",
	    "--log", "1000000", "--root", self->scratch.folder);
	nameserver_start(&self->names);
}

void check_run_stop(struct check_run *self)
{
	check_site_release(&self->site);
	nameserver_stop(&self->names);
	site_stop(&self->server);
	scratch_release(&self->scratch);
}

void check_run_write_site(struct check_run *self)
{
	struct buf text, list;
	buf_init(&text, TEXT_MAX);
	buf_init(&list, TEXT_MAX);
	check_site_table(&self->site, &text);
	scratch_write_bytes(&self->scratch, "_site", text.data, text.len);
	scratch_write(&self->scratch, "robots.txt", check_site_robots);
	for (size_t i = 0; i < self->site.count; i++) {
		const struct check_target *target = &self->site.targets[i];
		if (target->is_listed) {
			buf_append_text(&list, target->url);
			buf_append_byte(&list, '\n');
		}
		if (!target->is_page)
			continue;
		buf_clear(&text);
		check_site_page(&self->site, target, &text);
		scratch_write_bytes(&self->scratch, target->path + 1, text.data, text.len);
	}
	scratch_write_bytes(&self->scratch, "list", list.data, list.len);
	buf_release(&text);
	buf_release(&list);
}

void check_run_serve(struct check_run *self, const struct check_spec *spec)
{
	struct check_spec with_port = *spec;
	with_port.port = self->server.port;
	check_site_release(&self->site);
	check_draw(&self->site, &with_port);
	check_run_write_site(self);
}

struct arguments {
	const char *text[40];
	size_t count;
	char retries[16];
};

static void add(struct arguments *self, const char *text)
{
	cr_assert(self->count + 1 < sizeof self->text / sizeof *self->text);
	self->text[self->count++] = text;
}

static void add_option(struct arguments *self, const char *name, const char *value)
{
	add(self, name);
	add(self, value);
}

static const char *check_option(unsigned show)
{
	static const char *const words[] = {"--check", "--check=blocked", "--check=moved",
	    "--check=blocked,moved", "--check=all", "--check=all,blocked", "--check=all,moved",
	    "--check=all,blocked,moved"};
	return words[show];
}

/* The first of these stay the same in all runs, and are not part of the label. */
static void make_arguments(
    struct check_run *self, const struct check_options *options, const char *jobs, struct arguments *args)
{
	static const char *const fixed[] = {
	    "-q", "--host-errors", "0", "--host-patience", "0", "--per-host", "0", "--no-header"};
	size_t used = 0;
	for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
		add(args, fixed[i]);
	add_option(args, "--dns-servers", self->names.address);
	add_option(args, "-o", scratch_path(&self->scratch, "rows"));
	size_t shown = args->count;
	add(args, check_option(options->show));
	add_option(args, "-j", jobs);
	add_option(args, "-t", self->site.spec.slow ? "2" : "20");
	snprintf(args->retries, sizeof args->retries, "%u", options->retries);
	add_option(args, "-r", args->retries);
	if (options->crawls)
		add_option(args, "--depth", "all");
	if (options->fragments)
		add(args, "--fragments");
	if (options->all_attrs)
		add_option(args, "--attrs", "all");
	for (size_t i = shown; i < args->count && used < sizeof self->label; i++)
		used += (size_t)snprintf(self->label + used, sizeof self->label - used, "%s ", args->text[i]);
	if (used < sizeof self->label)
		snprintf(self->label + used, sizeof self->label - used, "on AREQ_CHECK_SEED=%u%s%s%s",
		    self->site.spec.seed, self->site.spec.slow ? ", slow" : "",
		    self->site.spec.takes_heads ? ", takes heads" : "",
		    self->site.spec.healthy ? ", healthy" : "");
	for (const char *const *more = self->more; more && *more; more++)
		add(args, *more);
	add(args, scratch_path(&self->scratch, "list"));
}

/* A page that was found may stand there with the fragment of the link. Whether --check=all has rows of links
 * that are no http is not what is tested here. */
static void expect_rows(struct check_run *self, const struct check_options *options, const struct rows *truth)
{
	size_t len;
	char *text = scratch_read(&self->scratch, "rows", &len);
	struct rows all, rows;
	rows_init(&all);
	rows_init(&rows);
	rows_parse(&all, text, len);
	for (size_t i = 0; i < all.count; i++) {
		const char *tab = strchr(all.row[i], '\t');
		cr_assert(tab, "%s: not a row: %s", self->label, all.row[i]);
		if (!(options->show & CHECK_SHOW_ALL) || strncmp(tab, "\tmailto:", 8) != 0)
			rows_add(&rows, "%.*s%s", (int)strcspn(all.row[i], "#\t"), all.row[i], tab);
	}
	char *difference = rows_set_difference(&rows, truth);
	cr_expect(!difference, "%s: rows: %s", self->label, difference ? difference : "");
	free(difference);
	free(text);
	rows_release(&all);
	rows_release(&rows);
}

struct count {
	unsigned heads, gets;
};

/* Counts all requests for targets, each at its host; fails for any other. */
static void count_requests(struct check_run *self, struct count *counts, unsigned *robots)
{
	struct site_stats stats;
	site_stats(&self->server, &stats);
	cr_assert_eq(stats.all.in_flight, 0, "%s: requests are in flight behind the end", self->label);
	for (size_t i = 0; i < stats.count; i++) {
		const struct site_request *request = &stats.requests[i];
		char url[1024];
		snprintf(url, sizeof url, "http://%s%s", request->host, request->target);
		size_t target = check_site_find(&self->site, url);
		unsigned host = 0;
		if (strcmp(request->target, "/robots.txt") == 0 &&
		    sscanf(request->host, "127.0.0.%u:", &host) == 1 && host - 1 < CHECK_HOSTS)
			robots[host - 1]++;
		else if (target == self->site.count)
			cr_expect(false, "%s: asked for %s", self->label, url);
		else if (strcmp(request->method, "HEAD") == 0)
			counts[target].heads++;
		else
			counts[target].gets++;
	}
	site_stats_release(&stats);
}

void check_run_expect_requests(struct check_run *self, const struct check_truth *truth)
{
	struct count *counts = calloc(self->site.count + 1, sizeof *counts);
	unsigned robots[CHECK_HOSTS] = {0};
	count_requests(self, counts, robots);
	for (size_t i = 0; i < self->site.count; i++) {
		const struct check_bounds *bounds = &truth->bounds[i];
		struct count is = counts[i];
		cr_expect(is.heads >= bounds->heads_least && is.heads <= bounds->heads_most &&
		              is.gets >= bounds->gets_least && is.gets <= bounds->gets_most &&
		              (is.heads + is.gets > 0) >= bounds->is_asked,
		    "%s: %s got %u HEAD (%u to %u) and %u GET (%u to %u)", self->label,
		    self->site.targets[i].url, is.heads, bounds->heads_least, bounds->heads_most, is.gets,
		    bounds->gets_least, bounds->gets_most);
	}
	for (unsigned host = 0; host < CHECK_HOSTS; host++)
		cr_expect_eq(robots[host], truth->robots_asked[host], "%s: robots.txt of host %u: %u times",
		    self->label, host, robots[host]);
	free(counts);
}

void check_run_expect(struct check_run *self, const struct check_options *options, const char *jobs)
{
	struct arguments args = {.count = 0};
	struct check_truth truth;
	struct run_result result;
	check_truth_init(&truth, &self->site, options);
	make_arguments(self, options, jobs, &args);
	site_reset_stats(&self->server);
	if (self->run)
		self->run(self, args.text, &result);
	else
		run_program(&result, &(struct run_options){.limit = RUN_LIMIT}, run_areq_name(), args.text);
	cr_assert_eq(result.exit_status, truth.exit_status, "%s: exit status %d (signal %d), not %d: %s",
	    self->label, result.exit_status, result.signal, truth.exit_status, result.err);
	run_release(&result);
	expect_rows(self, options, &truth.rows);
	if (!self->run)
		check_run_expect_requests(self, &truth);
	check_truth_release(&truth);
}
