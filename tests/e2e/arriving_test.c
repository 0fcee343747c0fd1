/* Sitemaps that arrive slowly: what has arrived of them is followed. The test server holds the rest of each
 * until areq has asked for what stands in the part before. */
#include "base/buf.h"
#include "support/report.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENTRIES = 120, AWAITED = 20 };

/* The URL of an entry; all of them are counted by their group. */
static const char *entry_url(struct site *site, int i)
{
	char target[64];
	snprintf(target, sizeof target, "/_/page?group=entry&prefix=%d", i);
	return site_url(site, target);
}

/* What an entry of a sitemap stands in: the root element, and its child; {0} for a plain text. */
struct format {
	const char *root, *child;
};

static const struct format urlset = {"urlset", "url"}, sitemap_index = {"sitemapindex", "sitemap"},
                           plain_text = {NULL, NULL};

/* Appends the start of a sitemap with the entries from..from+ENTRIES-1. */
static void append_entries(struct buf *out, struct site *site, struct format format, int from)
{
	char text[400] = "";
	if (format.root)
		snprintf(text, sizeof text, "<?xml version='1.0'?><%s>\n", format.root);
	buf_append_text(out, text);
	for (int i = from; i < from + ENTRIES; i++) {
		if (format.root)
			snprintf(text, sizeof text,
			    "<%s><loc>http://%s/_/page?group=entry&amp;prefix=%d</loc></%s>\n", format.child,
			    site->host, i, format.child);
		else
			snprintf(text, sizeof text, "%s\n", entry_url(site, i));
		buf_append_text(out, text);
	}
}

static void append_end(struct buf *out, struct format format)
{
	char text[40] = "";
	if (format.root)
		snprintf(text, sizeof text, "</%s>", format.root);
	buf_append_text(out, text);
}

/* A site with sitemaps that its robots.txt names. */
struct slow_site {
	struct site site;
	struct scratch scratch;
};

static void slow_site_start(struct slow_site *self)
{
	scratch_init(&self->scratch);
	site_start_with(&self->site, "--root", self->scratch.folder);
}

static void slow_site_stop(struct slow_site *self)
{
	site_stop(&self->site);
	scratch_release(&self->scratch);
}

/* Adds a sitemap, how it is sent, and the line of robots.txt that names it. Returns its URL. */
static const char *add_sitemap(struct slow_site *self, const char *name, struct buf *text, const char *keys)
{
	char line[500];
	buf_append_byte(text, '\0');
	scratch_write(&self->scratch, name, text->data);
	buf_release(text);
	snprintf(line, sizeof line, "/%s %s\n", name, keys);
	scratch_append(&self->scratch, "_site", line);
	snprintf(line, sizeof line, "/%s", name);
	const char *url = site_url(&self->site, line);
	snprintf(line, sizeof line, "Sitemap: %s\n", url);
	scratch_append(&self->scratch, "robots.txt", line);
	return url;
}

/* Adds a sitemap of ENTRIES entries, of which the server holds the second half until there were so many
 * requests of the group. */
static const char *add_held(struct slow_site *self, const char *name, struct format format, int requests,
    const char *group, const char *more_keys)
{
	struct buf text;
	char keys[300];
	buf_init(&text, SIZE_MAX / 4);
	append_entries(&text, &self->site, format, 0);
	append_end(&text, format);
	/* These entries are compressed to some 900 bytes. */
	size_t half = strstr(more_keys, "gzip") ? 450 : text.len / 2;
	snprintf(keys, sizeof keys, "hold=%zu,%d,%s%s", half, requests, group, more_keys);
	return add_sitemap(self, name, &text, keys);
}

/* Returns how many of the entries were asked for; none may be twice. */
static size_t count_asked(struct slow_site *self, int from, int to)
{
	struct site_stats stats;
	size_t count = 0;
	site_stats(&self->site, &stats);
	for (int i = from; i < to; i++) {
		size_t asked = site_stats_asked(&stats, entry_url(&self->site, i));
		cr_expect_leq(asked, 1, "entry %d was asked for %zu times", i, asked);
		count += asked;
	}
	site_stats_release(&stats);
	return count;
}

static void expect_outcome(const struct run_result *result, const char *url, const char *outcome,
    const char *cause, json_int_t links)
{
	json_t *line = report_line(result, url);
	cr_assert(line, "%s has no outcome: %s%s", url, result->out, result->err);
	const char *is_cause = json_string_value(json_object_get(line, "cause"));
	cr_expect_str_eq(
	    json_string_value(json_object_get(line, "outcome")), outcome, "%s: %s", url, result->out);
	cr_expect_str_eq(is_cause ? is_cause : "", cause, "%s: %s", url, result->out);
	cr_expect_eq(json_integer_value(json_object_get(line, "links")), links, "%s: %s", url, result->out);
	json_decref(line);
}

/* Returns how many rows a page has. */
static size_t count_rows(struct slow_site *self, const char *source)
{
	size_t count = 0, len = strlen(source);
	char *rows = scratch_read(&self->scratch, "rows", NULL);
	for (const char *row = rows; *row; row += strcspn(row, "\n") + 1)
		count += strncmp(row, source, len) == 0 && row[len] == '\t';
	free(rows);
	return count;
}

/* A number of the summary: one of its totals, or of what was left out. */
static json_int_t summary_number(struct slow_site *self, const char *object, const char *key)
{
	char *text = scratch_read(&self->scratch, "summary", NULL);
	json_t *summary = json_loads(text, 0, NULL);
	const json_t *totals = json_object_get(summary, "totals");
	const json_t *number = json_object_get(object ? json_object_get(totals, object) : totals, key);
	cr_expect(json_is_integer(number), "no %s: %s", key, text);
	json_int_t value = json_integer_value(number);
	json_decref(summary);
	free(text);
	return value;
}

/* Returns how many lines the report has: one for each URL. */
static json_int_t count_lines(const struct run_result *result)
{
	json_int_t count = 0;
	for (const char *at = result->out; *at; at += strcspn(at, "\n") + 1)
		count++;
	return count;
}

/* Runs areq on the start page of the site, with the rows, the summary and the report in files. */
#define run_slow(self, result, ...)                                                                          \
	run_areq(result, "-q", "--sitemaps", "--no-header", "-o", scratch_path(&(self)->scratch, "rows"),    \
	    "--summary-json", scratch_path(&(self)->scratch, "summary"), site_url(&(self)->site, "/_/page"), \
	    __VA_ARGS__)

static void expect_complete(
    struct slow_site *self, const struct run_result *result, const char *url, size_t rows)
{
	expect_outcome(result, url, "ok", "", (json_int_t)rows);
	cr_expect_eq(count_rows(self, url), rows, "%s", url);
}

Test(arriving, sitemap_is_followed)
{
	static const struct {
		const char *name;
		const struct format *format;
		const char *keys;
	} cases[] = {{"map.xml", &urlset, ""}, {"map.txt", &plain_text, ""},
	    {"map.xml.gz", &urlset, "&encoding=gzip&encoding_name="},
	    {"chunks.xml", &urlset, "&chunked=1&chunk=100"}, {"coded.xml", &urlset, "&encoding=gzip"},
	    {"coded.txt", &plain_text, "&encoding=gzip"}, {"index.xml", &sitemap_index, ""}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slow_site self;
		struct run_result result;
		slow_site_start(&self);
		const char *url =
		    add_held(&self, cases[i].name, *cases[i].format, AWAITED, "entry", cases[i].keys);
		run_slow(&self, &result, "--report", "-");
		run_expect_exit(&result, 0);
		expect_complete(&self, &result, url, ENTRIES);
		cr_expect_eq(count_asked(&self, 0, ENTRIES), ENTRIES, "%s", cases[i].name);
		cr_expect_eq(summary_number(&self, NULL, "found"), ENTRIES + 1);
		json_t *line = report_line(&result, entry_url(&self.site, 0));
		cr_expect_eq(json_integer_value(json_object_get(line, "depth")), 0);
		cr_expect_str_eq(json_string_value(json_object_get(line, "via")), url);
		json_decref(line);
		run_release(&result);
		slow_site_stop(&self);
	}
}

/* One entry, in fewer bytes than it takes to look for a <meta charset>. */
Test(arriving, sitemap_is_followed_from_its_first_entry_on)
{
	static const struct format *const formats[] = {&urlset, &plain_text, &sitemap_index};
	for (size_t i = 0; i < 3; i++) {
		struct slow_site self;
		struct run_result result;
		struct buf text;
		slow_site_start(&self);
		buf_init(&text, SIZE_MAX / 4);
		append_entries(&text, &self.site, *formats[i], 0);
		append_end(&text, *formats[i]);
		const char *url = add_sitemap(&self, "map", &text, "hold=170,1,entry");
		run_slow(&self, &result, "--report", "-");
		run_expect_exit(&result, 0);
		expect_complete(&self, &result, url, ENTRIES);
		cr_expect_eq(count_asked(&self, 0, ENTRIES), ENTRIES);
		run_release(&result);
		slow_site_stop(&self);
	}
}

/* A sitemap that is in an index of the third level is followed; an index there is not. */
Test(arriving, index_keeps_its_levels)
{
	struct slow_site self;
	struct run_result result;
	struct buf text;
	char entry[400];
	slow_site_start(&self);
	buf_init(&text, SIZE_MAX / 4);
	append_entries(&text, &self.site, sitemap_index, 0);
	snprintf(entry, sizeof entry, "<sitemap><loc>http://%s/second.xml</loc></sitemap></sitemapindex>",
	    self.site.host);
	buf_append_text(&text, entry);
	const char *first = add_sitemap(&self, "first.xml", &text, "hold=9000,20,entry");
	buf_init(&text, SIZE_MAX / 4);
	append_entries(&text, &self.site, sitemap_index, ENTRIES);
	snprintf(entry, sizeof entry, "<sitemap><loc>http://%s/third.xml</loc></sitemap></sitemapindex>",
	    self.site.host);
	buf_append_text(&text, entry);
	const char *second = add_sitemap(&self, "second.xml", &text, "hold=9000,140,entry");
	buf_init(&text, SIZE_MAX / 4);
	append_entries(&text, &self.site, sitemap_index, 2 * ENTRIES);
	append_end(&text, sitemap_index);
	const char *third = add_sitemap(&self, "third.xml", &text, "drip=4000,200");
	scratch_write(&self.scratch, "robots.txt", "Sitemap: ");
	scratch_append(&self.scratch, "robots.txt", first);
	run_slow(&self, &result, "--report", "-");
	run_expect_exit(&result, 0);
	expect_complete(&self, &result, first, ENTRIES + 1);
	expect_complete(&self, &result, second, ENTRIES + 1);
	expect_complete(&self, &result, third, ENTRIES);
	cr_expect_eq(count_asked(&self, 0, 2 * ENTRIES), 2 * ENTRIES);
	cr_expect_eq(count_asked(&self, 2 * ENTRIES, 3 * ENTRIES), 0);
	run_release(&result);
	slow_site_stop(&self);
}

/* Its rows are all or none, but what was asked for is asked for. */
Test(arriving, sitemap_that_breaks_off_has_no_rows)
{
	static const struct format *const formats[] = {&urlset, &plain_text};
	for (size_t i = 0; i < 2; i++) {
		struct slow_site self;
		struct run_result result;
		slow_site_start(&self);
		const char *url = add_held(&self, "map", *formats[i], AWAITED, "entry", "&cut=6000");
		/* Each try offers the same entries. */
		run_slow(&self, &result, "--report", "-", "-r", "1");
		run_expect_exit(&result, 1);
		expect_outcome(&result, url, "failed", "connection-broken", 0);
		cr_expect_eq(count_rows(&self, url), 0);
		size_t asked = count_asked(&self, 0, ENTRIES);
		cr_expect(asked >= AWAITED && asked < ENTRIES, "%zu", asked);
		cr_expect_eq(summary_number(&self, NULL, "urls"), (json_int_t)asked + 2);
		run_release(&result);
		slow_site_stop(&self);
	}
}

/* The first try is over before the second half comes: that waits for the second try. */
Test(arriving, sitemap_is_asked_for_again)
{
	struct slow_site self;
	struct run_result result;
	struct buf text;
	char robots[300];
	slow_site_start(&self);
	buf_init(&text, SIZE_MAX / 4);
	append_entries(&text, &self.site, urlset, 0);
	append_end(&text, urlset);
	add_sitemap(&self, "map.xml", &text, "hold=4500,2,map");
	const char *url = site_url(&self.site, "/map.xml?group=map");
	snprintf(robots, sizeof robots, "Sitemap: %s\n", url);
	scratch_write(&self.scratch, "robots.txt", robots);
	run_slow(&self, &result, "--report", "-", "-t", "2", "-r", "3");
	run_expect_exit(&result, 0);
	expect_complete(&self, &result, url, ENTRIES);
	cr_expect_eq(count_asked(&self, 0, ENTRIES), ENTRIES);
	cr_expect_eq(summary_number(&self, NULL, "found"), ENTRIES + 1);
	run_release(&result);
	slow_site_stop(&self);
}

/* A link that is not followed is counted once, although it is found in each part that arrives. */
Test(arriving, links_that_are_left_out_are_counted_once)
{
	static const struct format *const formats[] = {&urlset, &plain_text};
	for (size_t i = 0; i < 2; i++) {
		struct slow_site self;
		struct run_result result;
		struct buf text;
		char entry[200];
		slow_site_start(&self);
		buf_init(&text, SIZE_MAX / 4);
		append_entries(&text, &self.site, *formats[i], 0);
		for (int at = 0; at < ENTRIES; at++) {
			snprintf(entry, sizeof entry,
			    formats[i]->root ? "<url><loc>http://o.example/%d</loc></url>\n"
			                     : "http://o.example/%d\n",
			    at / 2);
			buf_append_text(&text, entry);
		}
		append_end(&text, *formats[i]);
		const char *url = add_sitemap(&self, "map", &text, "hold=9800,20,entry&drip=2000,300");
		run_slow(&self, &result, "--report", "-");
		run_expect_exit(&result, 0);
		expect_complete(&self, &result, url, ENTRIES + ENTRIES / 2);
		cr_expect_eq(count_asked(&self, 0, ENTRIES), ENTRIES);
		cr_expect_eq(summary_number(&self, "left_out", "links_out_of_scope"), ENTRIES / 2);
		run_release(&result);
		slow_site_stop(&self);
	}
}

Test(arriving, sitemap_obeys_the_limit_of_pages)
{
	struct slow_site self;
	struct run_result result;
	slow_site_start(&self);
	const char *url = add_held(&self, "map.xml", urlset, AWAITED, "entry", "");
	run_slow(&self, &result, "--report", "-", "--max-pages", "22");
	run_expect_exit(&result, 0);
	expect_complete(&self, &result, url, ENTRIES);
	/* The start page and the sitemap are pages, too. */
	cr_expect_eq(count_asked(&self, 0, ENTRIES), AWAITED);
	cr_expect_eq(summary_number(&self, "left_out", "urls_beyond_max_pages"), ENTRIES - AWAITED);
	run_release(&result);
	slow_site_stop(&self);
}

/* robots.txt and a <meta> are obeyed. */
Test(arriving, sitemap_obeys_robots)
{
	struct slow_site self;
	struct run_result result;
	struct buf text;
	slow_site_start(&self);
	const char *url = add_held(&self, "map.xml", urlset, AWAITED, "entry", "");
	buf_init(&text, SIZE_MAX / 4);
	buf_append_text(&text, "<urlset><meta xmlns='http://www.w3.org/1999/xhtml' name='robots' "
	                       "content='nofollow'/>");
	for (int i = 0; i < ENTRIES; i++)
		buf_append_text(&text, "<url><loc>http://127.0.0.1/never</loc></url>");
	append_end(&text, urlset);
	add_sitemap(&self, "forbidding.xml", &text, "drip=2000,300");
	scratch_append(&self.scratch, "robots.txt", "User-agent: *\nDisallow: /*prefix=1\n");
	run_slow(&self, &result, "--report", "-");
	expect_complete(&self, &result, url, ENTRIES);
	/* 1, 10 to 19 and 100 to 119 */
	cr_expect_eq(count_asked(&self, 0, ENTRIES), ENTRIES - 31);
	cr_expect_eq(summary_number(&self, "left_out", "links_nofollow"), 1);
	run_release(&result);
	slow_site_stop(&self);
}

Test(arriving, sitemap_is_interrupted)
{
	struct slow_site self;
	struct run_child child;
	struct run_result result;
	slow_site_start(&self);
	const char *url = add_held(&self, "map.xml", urlset, 1000, "entry", "");
	run_start_areq(&child, NULL, "-q", "--sitemaps", "--no-header", "-o",
	    scratch_path(&self.scratch, "rows"), "--summary-json", scratch_path(&self.scratch, "summary"),
	    "--report", "-", site_url(&self.site, "/_/page"));
	site_wait_requests(&self.site, AWAITED, 20);
	run_kill(&child, SIGINT);
	run_finish(&child, &result);
	cr_expect_eq(result.signal, SIGINT);
	expect_outcome(&result, url, "interrupted", "stopped", 0);
	cr_expect_eq(count_rows(&self, url), 0);
	cr_expect_eq(count_lines(&result), summary_number(&self, NULL, "urls"), "%s", result.out);
	run_release(&result);
	slow_site_stop(&self);
}

/* Eight sitemaps wait for the link of an XML page, which itself waits until all of them were followed. */
Test(arriving, sitemaps_leave_room_for_other_xml)
{
	enum { SITEMAPS = 8 };
	struct slow_site self;
	struct run_result result;
	struct buf text;
	char name[20], xml[400], hold[40];
	const char *urls[SITEMAPS];
	slow_site_start(&self);
	for (int i = 0; i < SITEMAPS; i++) {
		buf_init(&text, SIZE_MAX / 4);
		append_entries(&text, &self.site, urlset, i * ENTRIES);
		append_end(&text, urlset);
		snprintf(name, sizeof name, "map%d.xml", i);
		urls[i] = add_sitemap(&self, name, &text, "hold=4500,1,late");
	}
	snprintf(xml, sizeof xml, "<a xmlns='http://www.w3.org/1999/xhtml' href='%s'/>",
	    site_page(&self.site, "group", "late"));
	/* More than seven of them have. */
	snprintf(hold, sizeof hold, "20,%d,entry", (SITEMAPS - 1) * (ENTRIES / 2) + 20);
	const char *page = site_page(&self.site, "type", "application/xhtml+xml", "hold", hold, "body", xml);
	run_areq(&result, "-q", "--sitemaps", "--depth", "1", "--per-host", "0", "-o",
	    scratch_path(&self.scratch, "rows"), "--report", "-", page);
	run_expect_exit(&result, 0);
	for (int i = 0; i < SITEMAPS; i++)
		expect_complete(&self, &result, urls[i], ENTRIES);
	cr_expect_eq(count_asked(&self, 0, SITEMAPS * ENTRIES), SITEMAPS * ENTRIES);
	run_release(&result);
	slow_site_stop(&self);
}

/* The outcome is that of a sitemap that arrives at once. */
Test(arriving, sitemap_has_its_limits)
{
	struct slow_site self;
	struct run_result result;
	struct buf text;
	slow_site_start(&self);
	buf_init(&text, SIZE_MAX / 4);
	buf_append_text(&text, "<!DOCTYPE urlset [<!ENTITY a '");
	for (int i = 0; i < 4000; i++)
		buf_append_byte(&text, 'a');
	buf_append_text(&text, "'>]><urlset>");
	for (int i = 0; i < 20000; i++)
		buf_append_text(&text, "<a>&a;</a>");
	append_end(&text, urlset);
	const char *bomb = add_sitemap(&self, "bomb.xml", &text, "drip=20000,40");
	buf_init(&text, SIZE_MAX / 4);
	append_entries(&text, &self.site, urlset, 0);
	buf_append_text(&text, "<url></loc>");
	append_entries(&text, &self.site, plain_text, ENTRIES);
	const char *broken = add_sitemap(&self, "broken.xml", &text, "drip=2000,100");
	run_slow(&self, &result, "--report", "-", "-t", "20");
	expect_outcome(&result, bomb, "failed", "page-entities", 0);
	expect_complete(&self, &result, broken, ENTRIES);
	cr_expect_eq(count_asked(&self, 0, 2 * ENTRIES), ENTRIES);
	run_release(&result);
	slow_site_stop(&self);
}

/* --max-output also limits how many entries are followed before all of them have come. */
Test(arriving, sitemap_is_followed_up_to_the_limit_of_output)
{
	static const struct format *const formats[] = {&urlset, &plain_text};
	for (size_t i = 0; i < 2; i++) {
		struct slow_site self;
		struct run_result result;
		slow_site_start(&self);
		const char *url = add_held(&self, "map", *formats[i], 10, "entry", "&drip=1000,100");
		run_slow(&self, &result, "--report", "-", "--max-output", "3000");
		expect_outcome(&result, url, "skipped", "too-much-output", 0);
		size_t asked = count_asked(&self, 0, ENTRIES);
		cr_expect(asked >= 10 && asked < 60, "%zu", asked);
		run_release(&result);
		slow_site_stop(&self);
	}
}
