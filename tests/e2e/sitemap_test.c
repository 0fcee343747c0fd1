/* Sitemaps and feeds through the whole program: compressed, large, and the real ones of a folder of test
 * data. */
#include "base/buf.h"
#include "support/rows.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define XML  "<?xml version='1.0'?><urlset><url><loc>http://o.example/a</loc></url></urlset>"
#define HTML "<!DOCTYPE html><a href='http://o.example/a'>a</a>"

/* Checks the rows, and that the report has all of these words. */
static void expect(const char *url, bool has_link, const char *const *words)
{
	struct run_result result;
	run_areq(
	    &result, "-q", "-r", "0", "-t", "10", "-o", "/dev/stderr", "--no-header", "--report", "-", url);
	cr_expect_eq(strstr(result.err, "\thttp://o.example/a\n") != NULL, has_link, "%s\n%s%s", url,
	    result.err, result.out);
	for (; *words; words++)
		cr_expect(strstr(result.out, *words), "%s has not %s: %s", url, *words, result.out);
	run_release(&result);
}

#define EXPECT(url, has_link, ...) expect(url, has_link, (const char *const[]){__VA_ARGS__, NULL})

/* sitemaps.org: "You can compress your Sitemap files using gzip". The files have all kinds of types. */
Test(sitemap, in_a_gzip_file_has_links)
{
	static const char *const types[] = {"application/gzip", "application/x-gzip",
	    "application/octet-stream", "application/xml", "text/xml", "text/html", "",
	    "application/rss+xml"};
	/* The last coding is the one that Content-Encoding names. */
	static const char *const codings[][2] = {{"gzip", "identity"}, {"gzip", ""},
	    {"gzip,gzip", "identity"}, {"gzip,gzip", "gzip"}, {"gzip,br", "br"}};
	struct site site;
	site_start(&site);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		for (size_t j = 0; j < sizeof codings / sizeof *codings; j++)
			EXPECT(site_page(&site, "type", types[i], "body", XML, "encoding", codings[j][0],
			           "encoding_name", codings[j][1]),
			    true, "\"outcome\":\"ok\"", "\"charset\":\"UTF-8\"");
	site_stop(&site);
}

/* A browser would save these, or show them as garbage. */
Test(sitemap, is_not_in_every_gzip_file)
{
	static const char *const types[] = {
	    "application/gzip", "application/octet-stream", "text/html", "text/xml", ""};
	static const char *const skipped = "\"outcome\":\"skipped\"";
	struct site site;
	site_start(&site);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		EXPECT(
		    site_page(&site, "type", types[i], "body", HTML, "encoding", "gzip", "encoding_name", ""),
		    false, skipped, "\"cause\":\"not-text\"");
		EXPECT(site_page(&site, "type", types[i], "body", "a.tar", "size", "forever", "encoding",
		           "gzip", "encoding_name", ""),
		    false, skipped, "\"cause\":\"not-text\"");
	}
	EXPECT(site_page(&site, "type", "application/gzip", "body", XML), false, skipped,
	    "\"cause\":\"not-text\"");
	EXPECT(site_page(&site, "type", "text/xml", "body", HTML, "encoding", "gzip", "encoding_name", ""),
	    false, "not text but a gzip file without XML, sent as text/xml");
	site_stop(&site);
}

Test(sitemap, in_a_gzip_file_has_the_limits_of_any_page)
{
	struct site site;
	site_start(&site);
	EXPECT(site_page(&site, "type", "application/gzip", "body", XML, "encoding", "gzip", "encoding_name",
	           "", "trim", "5"),
	    false, "\"cause\":\"body-cut-short\"");
	EXPECT(site_page(&site, "type", "application/gzip", "body", XML, "encoding", "gzip", "encoding_name",
	           "", "bomb", "64"),
	    false, "\"cause\":\"too-large\"");
	site_stop(&site);
}

/* The largest that the protocol allows: 50,000 entries, 50 MB. Rows of a test's memory would count (see
 * max_rss_kib). */
Test(sitemap, of_the_largest_size_takes_little_memory)
{
	enum { ENTRIES = 50000, MORE_KIB = 6 << 10 };
	static const char *const pairs[][2] = {{"1", "1*"}, {"50000", "50000*"}};
	struct site site;
	struct run_result results[2];
	char entry[1024] = "<url><lastmod>", part[1100];
	memset(entry + strlen(entry), 'x', 850);
	strcat(entry, "</lastmod><loc>/a</loc></url>");
	site_start(&site);
	for (size_t i = 0; i < 2; i++) {
		snprintf(part, sizeof part, "%s%s", pairs[i][1], entry);
		run_areq_with(&results[i], (&(struct run_options){.limit = 60}), "-o", "/dev/null",
		    "--max-size", "50M", "--report", "-",
		    site_page(&site, "type", "application/gzip", "encoding", "gzip", "encoding_name", "",
		        "part", "1*<urlset>", "part", part, "part", "1*</urlset>"));
		run_expect_exit(&results[i], 0);
		cr_expect(strstr(results[i].out, "\"links\":1,"), "%s", results[i].out);
	}
	cr_expect_lt(results[1].max_rss_kib, results[0].max_rss_kib + MORE_KIB, "%ld KiB, with one entry %ld",
	    results[1].max_rss_kib, results[0].max_rss_kib);
	run_release(&results[0]);
	run_release(&results[1]);
	site_stop(&site);
}

/* The files of AREQ_SITEMAPDATA: a folder with own.tar.xz and real.tar.xz, whose files truth.jsonl.xz
 * describes, one in a line. file, path, type, gzip: how it is sent; urls, sitemaps: links that must be found;
 * feed, may: links that may be found; forbid_request: paths that must not be asked for. Links to
 * http://sitemap.test are to the server. */

static char *unpack(struct scratch *scratch, const char *folder)
{
	struct run_result result;
	char name[512];
	static const char *const archives[] = {"own.tar.xz", "real.tar.xz"};
	for (size_t i = 0; i < 2; i++) {
		snprintf(name, sizeof name, "%s/%s", folder, archives[i]);
		run_program(&result, NULL, "tar",
		    (const char *const[]){"xJf", name, "-C", scratch_path(scratch, "."), NULL});
		run_assert_exit(&result, 0);
		run_release(&result);
	}
	snprintf(name, sizeof name, "%s/truth.jsonl.xz", folder);
	run_program(&result, NULL, "xz", (const char *const[]){"-dc", name, NULL});
	run_assert_exit(&result, 0);
	char *truth = strdup(result.out);
	run_release(&result);
	return truth;
}

/* The links of each page of the run, as objects that are sets: page -> link -> true. */
static json_t *read_rows(char *rows, const char *origin)
{
	static const char stand_in[] = "http://sitemap.test";
	json_t *pages = json_object();
	char link[8192];
	for (char *row = rows; *row;) {
		char *tab = strchr(row, '\t'), *end = strchr(row, '\n');
		cr_assert(tab && end);
		*tab = *end = '\0';
		size_t cut = strncmp(tab + 1, origin, strlen(origin)) == 0 ? strlen(origin) : 0;
		snprintf(link, sizeof link, "%s%s", cut ? stand_in : "", tab + 1 + cut);
		if (!json_object_get(pages, row + strlen(origin)))
			json_object_set_new(pages, row + strlen(origin), json_object());
		json_object_set_new(json_object_get(pages, row + strlen(origin)), link, json_true());
		row = end + 1;
	}
	return pages;
}

static void check_file(const json_t *line, json_t *pages)
{
	static const char *const sure[] = {"urls", "sitemaps"}, *const allowed[] = {
	                                                            "urls", "sitemaps", "feed", "may"};
	const char *path = json_string_value(json_object_get(line, "path")), *link;
	json_t *found = json_incref(json_object_get(pages, path)), *value;
	size_t i;
	if (!found)
		found = json_object();
	for (size_t key = 0; key < 2; key++) {
		json_array_foreach(json_object_get(line, sure[key]), i, value)
		{
			const char *wanted = json_string_value(value);
			cr_expect(json_object_get(found, wanted), "%s lacks %s", path, wanted);
		}
	}
	for (size_t key = 0; key < 4; key++) {
		json_array_foreach(json_object_get(line, allowed[key]), i, value)
		{
			json_object_del(found, json_string_value(value));
		}
	}
	json_object_foreach(found, link, value)
	{
		cr_expect_fail("%s has the link %s", path, link);
	}
	json_decref(found);
}

/* Text lists are no pages. */
static bool is_text_list(const json_t *line)
{
	return strcmp(json_string_value(json_object_get(line, "kind")), "text") == 0;
}

/* Puts a file where the server finds it, and writes down how it is sent. */
static void add_file(const json_t *line, struct scratch *scratch, struct site *site, struct buf *list)
{
	struct run_result result;
	const char *file = json_string_value(json_object_get(line, "file"));
	const char *path = json_string_value(json_object_get(line, "path"));
	const char *type = json_string_value(json_object_get(line, "type"));
	const char *encoding = json_string_value(json_object_get(line, "encoding"));
	char name[512];
	snprintf(name, sizeof name, "served%s", path);
	run_program(&result, NULL, "install",
	    (const char *const[]){"-D", scratch_path(scratch, file), scratch_path(scratch, name), NULL});
	run_assert_exit(&result, 0);
	run_release(&result);
	snprintf(name, sizeof name, "%s type=%s&encoding=%s\n", path, type ? type : "",
	    encoding                                      ? encoding
	    : json_is_true(json_object_get(line, "gzip")) ? "gzip"
	                                                  : "identity");
	scratch_append(scratch, "served/_site", name);
	if (!is_text_list(line)) {
		buf_append_text(list, site_url(site, path));
		buf_append_byte(list, '\n');
	}
}

Test(sitemap, of_the_test_data_has_the_links_that_are_true)
{
	const char *folder = getenv("AREQ_SITEMAPDATA");
	if (!folder || !*folder)
		cr_skip_test("AREQ_SITEMAPDATA names no folder");
	struct scratch scratch;
	struct site site;
	struct site_stats stats;
	struct run_result result;
	struct buf list;
	char origin[128];
	scratch_init(&scratch);
	buf_init(&list, SIZE_MAX / 4);
	char *truth = unpack(&scratch, folder);
	json_t *lines = json_array(), *line, *path;
	for (const char *at = truth; *at; at += strcspn(at, "\n") + 1)
		json_array_append_new(lines, json_loads(at, JSON_DISABLE_EOF_CHECK, NULL));
	site_start_with(&site, "--root", scratch_path(&scratch, "served"));
	snprintf(origin, sizeof origin, "http://%s", site.host);
	size_t i, j;
	json_array_foreach(lines, i, line)
	{
		add_file(line, &scratch, &site, &list);
	}
	buf_append_byte(&list, '\0');
	run_areq_with(&result, (&(struct run_options){.input = list.data, .limit = 120}), "-q", "-r", "0",
	    "--no-header", "--fail-on", "never", "-");
	run_assert_exit(&result, 0);
	json_t *pages = read_rows(result.out, origin);
	json_array_foreach(lines, i, line)
	{
		if (!is_text_list(line))
			check_file(line, pages);
	}
	site_stats(&site, &stats);
	json_array_foreach(lines, i, line)
	{
		json_array_foreach(json_object_get(line, "forbid_request"), j, path)
		{
			const char *forbidden = json_string_value(path);
			cr_expect_eq(
			    site_stats_counter(&stats, SITE_BY_PATH, forbidden).requests, 0, "%s", forbidden);
		}
	}
	site_stats_release(&stats);
	json_decref(pages);
	json_decref(lines);
	run_release(&result);
	buf_release(&list);
	free(truth);
	site_stop(&site);
	scratch_release(&scratch);
}
