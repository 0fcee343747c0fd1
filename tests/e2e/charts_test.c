/* The waterfall, the HTTP archive and the graph. */
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static size_t count_text(const char *text, const char *word)
{
	size_t count = 0;
	for (; (text = strstr(text, word)); text += strlen(word))
		count++;
	return count;
}

/* Reads the data back as the page's own script does: of what is in the script element, each line. The first
 * and the last are of the run. */
static json_t *read_waterfall(struct scratch *scratch, const char *name)
{
	char *text = scratch_read(scratch, name, NULL);
	char *line = strstr(text, "id=\"data\">\n");
	json_t *lines = json_array();
	json_error_t error;
	cr_assert(line, "%s", text);
	line = strchr(line, '\n') + 1;
	char *end = strstr(line, "</");
	cr_assert(end);
	cr_expect_str_eq(end, "</script>\n</body>\n</html>\n", "the page is whole");
	for (char *next; line < end; line = next + 1) {
		next = strchr(line, '\n');
		json_t *object = json_loadb(line, (size_t)(next - line), JSON_REJECT_DUPLICATES, &error);
		cr_assert(object, "%s: %.*s", error.text, (int)(next - line), line);
		json_array_append_new(lines, object);
	}
	free(text);
	return lines;
}

static json_t *read_har(struct scratch *scratch, const char *name, json_t **entries)
{
	json_error_t error;
	json_t *har = json_load_file(scratch_path(scratch, name), JSON_REJECT_DUPLICATES, &error);
	cr_assert(har, "%s", error.text);
	*entries = json_object_get(json_object_get(har, "log"), "entries");
	cr_assert(json_is_array(*entries));
	return har;
}

static const char *text_in(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

static double number_in(const json_t *object, const char *key)
{
	const json_t *number = json_object_get(object, key);
	cr_assert(json_is_number(number), "%s is no number", key);
	return json_number_value(number);
}

static json_t *find(json_t *array, const char *key, const char *text)
{
	size_t index;
	json_t *one;
	json_array_foreach(array, index, one)
	{
		if (strcmp(text_in(one, key), text) == 0)
			return one;
	}
	cr_assert_fail("none has the %s %s", key, text);
	return NULL;
}

static json_t *find_entry(json_t *entries, const char *url)
{
	size_t index;
	json_t *entry;
	json_array_foreach(entries, index, entry)
	{
		if (strcmp(text_in(json_object_get(entry, "request"), "url"), url) == 0)
			return entry;
	}
	cr_assert_fail("no entry for %s", url);
	return NULL;
}

/* times: listed, queued, earlier, dns, connect, tls, wait, receive. */
static double time_of(const json_t *line, size_t index)
{
	return json_number_value(json_array_get(json_object_get(line, "times"), index));
}

Test(waterfall, has_every_url_with_its_phases)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *slow = site_page(&site, "delay", "120", "body_delay", "80", "links", "3");
	const char *moved = site_page(&site, "status", "302", "location", slow);
	const char *missing = site_page(&site, "status", "404");
	const char *dead = "http://127.0.0.1:1/";
	run_areq(&result, "-o", "/dev/null", "--waterfall", scratch_path(&scratch, "w.html"), "-r", "0", slow,
	    moved, missing, dead, "nothttp://x");
	run_expect_exit(&result, 1);
	json_t *lines = read_waterfall(&scratch, "w.html"), *line;
	cr_assert_eq(json_array_size(lines), 7, "the run, five URLs, the end");
	cr_expect_neq(text_in(json_array_get(lines, 0), "started")[0], '\0');
	cr_expect_geq(number_in(json_array_get(lines, 6), "elapsed"), 200);

	line = find(lines, "url", slow);
	cr_expect_str_eq(text_in(line, "outcome"), "ok");
	cr_expect_eq(number_in(line, "status"), 200);
	cr_expect_eq(number_in(line, "links"), 3);
	cr_expect_geq(time_of(line, 6), 119, "waited for the first byte");
	/* A busy machine may take the first byte late. */
	cr_expect_gt(time_of(line, 7), 0, "received");
	cr_expect_geq(time_of(line, 6) + time_of(line, 7), 199);
	line = find(lines, "url", moved);
	cr_expect_str_eq(text_in(line, "final"), slow);
	cr_expect_geq(time_of(line, 1), 0);
	line = find(lines, "url", missing);
	cr_expect_str_eq(text_in(line, "reason"), "got 404 Not Found");
	line = find(lines, "url", dead);
	cr_expect_str_eq(text_in(line, "stage"), "connect");
	cr_expect_geq(time_of(line, 4), 0, "it was about to connect");
	cr_expect_lt(time_of(line, 6), 0);
	line = find(lines, "url", "nothttp://x");
	cr_expect_str_eq(text_in(line, "place"), "argument:5");
	cr_expect_eq(number_in(line, "attempts"), 0);
	json_decref(lines);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(waterfall, shows_when_the_last_try_began)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *busy = site_page(&site, "status", "503", "delay", "100");
	run_areq(&result, "-q", "-o", "/dev/null", "--waterfall", scratch_path(&scratch, "w.html"), "-r", "1",
	    busy);
	json_t *lines = read_waterfall(&scratch, "w.html"), *line = find(lines, "url", busy);
	cr_expect_eq(number_in(line, "attempts"), 2);
	/* The first try, and a wait of at least 250 ms. */
	cr_expect_geq(time_of(line, 2), 349);
	json_decref(lines);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

/* Bytes of which a page, JSON and Graphviz each mean something. */
#define HOSTILE "</script><script>alert(1)</script><!--<script>\"'\\\x01\x1b[31m&amp;\xff\xe2\x82\x7f{}"
#define SHOWN   "</script><script>alert(1)</script><!--<script>\"'\\%01%1B[31m&amp;%FF%E2%82%7F{}"

Test(charts, take_no_text_for_anything_else)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	char listed[2000], body[600];
	json_t *entries;
	site_start(&site);
	scratch_init(&scratch);
	snprintf(body, sizeof body, "<a href='http://x.example/&quot;];%s'>", "</script>\\\"\xff");
	const char *page = site_page(&site, "body", body, "type", "text/html;x=</script>\xff\"");
	const char *away = site_page(&site, "status", "302", "location", "foo:</script>" HOSTILE);
	snprintf(listed, sizeof listed, "%s#%s\n%s\n%s\n", page, HOSTILE, away, HOSTILE);
	run_areq_with(&result, (&(struct run_options){.input = listed}), "-q", "-o", "/dev/null",
	    "--waterfall", scratch_path(&scratch, "w.html"), "--har", scratch_path(&scratch, "w.har"),
	    "--dot", scratch_path(&scratch, "w.dot"), "-");
	run_expect_exit(&result, 1);

	/* The page's own two. */
	char *text = scratch_read(&scratch, "w.html", NULL);
	cr_expect_eq(count_text(text, "</script"), 2);
	cr_expect_eq(count_text(text, "<script"), 2);
	cr_expect_eq(count_text(text, "<!--"), 0);
	free(text);
	json_t *lines = read_waterfall(&scratch, "w.html");
	find(lines, "type", "text/html;x=</script>\xef\xbf\xbd\"");
	cr_expect_str_eq(text_in(find(lines, "url", SHOWN), "outcome"), "failed");
	cr_expect(strstr(text_in(find(lines, "url", away), "reason"), "</script>"));
	json_decref(lines);

	json_t *har = read_har(&scratch, "w.har", &entries);
	cr_expect_eq(json_array_size(entries), 3);
	find_entry(entries, SHOWN);
	json_decref(har);

	text = scratch_read(&scratch, "w.dot", NULL);
	cr_expect_eq(count_text(text, "</script>"), 0, "%s", text);
	for (const char *c = text; *c; c++)
		cr_expect((unsigned char)*c >= 0x20 || *c == '\n' || *c == '\t');
	free(text);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(charts, of_an_interrupted_run_are_whole)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct site site;
	struct scratch scratch;
	struct run_child child;
	struct run_result result;
	json_t *entries;
	site_start(&site);
	scratch_init(&scratch);
	const char *quick = site_page(&site, "links", "2"), *stuck = site_page(&site, "hang", "body");
	const char *waiting = site_page(&site, "hang", "header");
	for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
		site_reset_stats(&site);
		run_start_areq(&child, NULL, "-q", "--per-host", "2", "-o", "/dev/null", "--waterfall",
		    scratch_path(&scratch, "w.html"), "--har", scratch_path(&scratch, "w.har"), "--dot",
		    scratch_path(&scratch, "w.dot"), quick, stuck, waiting, "http://127.0.0.1:1/never");
		site_wait_requests(&site, 3, 5);
		run_wait(&child, 0.1);
		run_kill(&child, signals[i]);
		run_finish(&child, &result);
		cr_expect_eq(result.signal, signals[i]);
		json_t *lines = read_waterfall(&scratch, "w.html");
		cr_expect_eq(json_array_size(lines), 6);
		cr_expect_str_eq(text_in(find(lines, "url", stuck), "outcome"), "interrupted");
		cr_expect_eq(number_in(json_array_get(lines, 5), "signal"), signals[i]);
		json_decref(lines);
		json_t *har = read_har(&scratch, "w.har", &entries);
		cr_expect_eq(json_array_size(entries), 4);
		json_decref(har);
		char *dot = scratch_read(&scratch, "w.dot", NULL);
		cr_expect_str_eq(dot + strlen(dot) - 2, "}\n");
		free(dot);
		run_release(&result);
	}
	scratch_release(&scratch);
	site_stop(&site);
}

Test(charts, go_to_stdout_and_to_no_file_twice)
{
	static const char *const options[] = {"--report", "--waterfall", "--har", "--dot"};
	struct site site;
	struct scratch scratch;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *url = site_page(&site, "links", "1"), *rows = scratch_path(&scratch, "rows");
	const char *precious = scratch_write(&scratch, "precious", "precious\n");
	const char *link = scratch_path(&scratch, "link");
	cr_assert_eq(symlink(precious, link), 0);
	for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
		run_areq(&result, "-o", rows, options[i], "-", url);
		run_expect_exit(&result, 0);
		cr_expect_gt(result.out_len, 100, "%s", options[i]);
		run_release(&result);
		for (size_t other = 0; other <= i; other++) {
			const char *before = other < i ? options[other] : "-o";
			run_areq(&result, before, precious, options[i], link, url);
			run_expect_exit(&result, 2);
			cr_expect(strstr(result.err, "cannot go to the same file"), "%s", result.err);
			run_release(&result);
			run_areq(&result, before, "-", options[i], "-", url);
			run_expect_exit(&result, 2);
			run_release(&result);
		}
		run_areq(&result, options[i], precious, precious);
		run_expect_exit(&result, 2);
		cr_expect(strstr(result.err, "is the list itself"), "%s", result.err);
		run_release(&result);
		run_areq(&result, options[i], precious, "-e", "(", url);
		run_expect_exit(&result, 2);
		run_release(&result);
		char *text = scratch_read(&scratch, "precious", NULL);
		cr_expect_str_eq(text, "precious\n", "%s", options[i]);
		free(text);
		run_areq(&result, "-o", rows, options[i], "/dev/full", url);
		run_expect_exit(&result, 3);
		run_release(&result);
	}
	scratch_release(&scratch);
	site_stop(&site);
}

/* 500 pages of ten hosts, each with links to pages of the list, to others and to ten hosts more. */
static char *dot_list(struct site *site)
{
	char *list = calloc(500, 2000), *end = list;
	for (int i = 0; i < 250; i++) {
		end += sprintf(end, "http://127.0.0.%d:%u/_/page?group=%d\n", i % 10 + 1, site->port, i);
		end += sprintf(end, "http://127.0.0.%d:%u/_/page?body=", i % 10 + 1, site->port);
		for (int link = 1; link <= 8; link++) {
			int to = i * link % 250;
			end += sprintf(end, "<a%%20href=http://127.0.0.%d:%u/_/page%%3Fgroup%%3D%d>",
			    to % 10 + 1, site->port, to);
			end += sprintf(end, "<a%%20href=http://h%d.example/%d>", to % 40, i);
		}
		*end++ = '\n';
	}
	return list;
}

Test(dot, of_500_pages_is_a_picture)
{
	struct site site;
	struct scratch scratch;
	struct run_result result, picture;
	const char *const arguments[] = {"--bind", "127.0.0.1", "--bind", "127.0.0.2", "--bind", "127.0.0.3",
	    "--bind", "127.0.0.4", "--bind", "127.0.0.5", "--bind", "127.0.0.6", "--bind", "127.0.0.7",
	    "--bind", "127.0.0.8", "--bind", "127.0.0.9", "--bind", "127.0.0.10", NULL};
	site_start_argv(&site, arguments);
	scratch_init(&scratch);
	char *list = dot_list(&site);
	const char *file = scratch_path(&scratch, "run.dot");
	run_areq_with(
	    &result, (&(struct run_options){.input = list}), "-q", "-o", "/dev/null", "--dot", file, "-");
	run_assert_exit(&result, 0);
	run_program(&picture, NULL, "dot", (const char *const[]){"-Tsvg", file, NULL});
	run_assert_exit(&picture, 0);
	cr_expect_str_eq(picture.err, "");
	size_t nodes = count_text(picture.out, "class=\"node\""),
	       edges = count_text(picture.out, "class=\"edge\"");
	cr_expect(nodes > 50 && nodes < 250, "%zu nodes", nodes);
	cr_expect(edges > 20 && edges <= 110, "%zu edges", edges);
	cr_expect_eq(count_text(picture.out, ">127.0.0."), 10, "each host once");
	cr_expect_eq(count_text(picture.out, ">other hosts<"), 1);
	cr_expect(strstr(picture.out, ">500 pages<"));
	cr_expect(strstr(picture.out, ">drawn: 10 hosts, "), "%s", picture.out);
	free(list);
	run_release(&result);
	run_release(&picture);
	scratch_release(&scratch);
	site_stop(&site);
}

/* 120 pages of one host, of which every second one links to those behind it. The first one takes its time. */
static char *dot_host_list(struct site *site)
{
	char *list = calloc(120, 400), *end = list;
	for (int i = 0; i < 60; i++) {
		end += sprintf(end, "http://127.0.0.1:%u/_/page?group=%d\n", site->port, i);
		end += sprintf(end, "http://127.0.0.1:%u/_/page?delay=%d&body=", site->port, i ? 0 : 300);
		for (int link = 0; link <= 2; link++)
			end += sprintf(end, "<a%%20href=/_/page%%3Fgroup%%3D%d>", (i + link) % 60);
		*end++ = '\n';
	}
	return list;
}

Test(dot, of_many_pages_of_a_host_has_lines_between_them)
{
	struct site site;
	struct scratch scratch;
	struct run_result result, picture;
	char *files[2];
	site_start(&site);
	scratch_init(&scratch);
	char *list = dot_host_list(&site);
	const char *file = scratch_path(&scratch, "run.dot");
	for (int i = 0; i < 2; i++) {
		run_areq_with(&result, (&(struct run_options){.input = list}), "-q", "-j", i ? "1" : "20",
		    "-o", "/dev/null", "--dot", file, "-");
		run_assert_exit(&result, 0);
		run_release(&result);
		files[i] = scratch_read(&scratch, "run.dot", NULL);
	}
	cr_expect_str_eq(files[0], files[1], "in whatever order the pages came");
	run_program(&picture, NULL, "dot", (const char *const[]){"-Tsvg", file, NULL});
	run_assert_exit(&picture, 0);
	cr_expect_str_eq(picture.err, "");
	size_t edges = count_text(picture.out, "class=\"edge\"");
	cr_expect(edges >= 20 && edges <= 60, "%zu edges", edges);
	cr_expect_eq(count_text(picture.out, ">other hosts<"), 0, "there are none");
	cr_expect_eq(count_text(picture.out, ">the rest<"), 0);
	cr_expect(strstr(picture.out, "of 120 pages<"), "%s", picture.out);
	cr_expect(strstr(picture.out, "of 180 links inside<"), "%s", picture.out);
	for (int i = 0; i < 2; i++)
		free(files[i]);
	free(list);
	run_release(&picture);
	scratch_release(&scratch);
	site_stop(&site);
}

/* A back-slash stays in a query; at the end of a label it would take the quote with it. */
Test(dot, has_lines_from_pages_to_pages_and_hosts)
{
	struct site site;
	struct scratch scratch;
	struct run_result result, picture;
	char target[100], body[400];
	site_start_with(&site, "--bind", "127.0.0.1", "--bind", "127.0.0.2");
	scratch_init(&scratch);
	snprintf(target, sizeof target, "http://127.0.0.2:%u/a?\"&lt;\\N\\", site.port);
	snprintf(body, sizeof body,
	    "<a href='http://127.0.0.2:%u/a?\"&amp;lt;\\N\\'><a href=http://x.example/1><a "
	    "href=http://x.example/2>",
	    site.port);
	const char *page = site_page(&site, "body", body), *file = scratch_path(&scratch, "run.dot");
	run_areq(&result, "-q", "-o", "/dev/null", "--dot", file, page, target);
	run_program(&picture, NULL, "dot", (const char *const[]){"-Tplain", file, NULL});
	run_assert_exit(&picture, 0);
	cr_expect_str_eq(picture.err, "");
	cr_expect_eq(count_text(picture.out, "\nedge n0 n1 "), 1, "%s", picture.out);
	cr_expect_eq(count_text(picture.out, "\nedge n0 "), 2, "%s", picture.out);
	cr_expect_eq(count_text(picture.out, "\"x.example\""), 1, "%s", picture.out);
	run_release(&picture);
	run_program(&picture, NULL, "dot", (const char *const[]){"-Tsvg", file, NULL});
	cr_expect(strstr(picture.out, ">/a?%22&amp;lt;\\N\\<"), "%s", picture.out);
	run_release(&result);
	run_release(&picture);
	scratch_release(&scratch);
	site_stop(&site);
}
