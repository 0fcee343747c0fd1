/* Lists as they should not be: files that are no lists, many bad lines, and bytes that are not UTF-8. */
#include "base/utf8.h"
#include "support/rows.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static size_t count_text(const char *text, const char *word)
{
	size_t count = 0;
	for (; (text = strstr(text, word)); text += strlen(word))
		count++;
	return count;
}

/* n lines that are no URLs, and then the end. */
static void bad_lines(char *text, size_t n, const char *end)
{
	for (size_t i = 0; i < n; i++)
		text += sprintf(text, "not a url %zu\n", i);
	strcpy(text, end);
}

Test(list, that_is_another_file_is_refused_before_anything_is_done)
{
	static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
	struct site site;
	struct scratch scratch;
	struct run_result result;
	struct site_stats stats;
	char prose[4096];
	site_start(&site);
	scratch_init(&scratch);
	bad_lines(prose, 100, "");
	const char *url = site_url(&site, "/_/page?links=1"), *good = scratch_write(&scratch, "good", url),
	           *rows = scratch_write(&scratch, "rows", "as it was\n");
	scratch_write_bytes(&scratch, "image", png, sizeof png - 1);
	scratch_write(&scratch, "page", "\n<!doctype html>\n<a href=x>");
	scratch_write(&scratch, "prose", prose);
	static const char *const files[][2] = {
	    {"image", "image: seems to be a PNG image, not a list of URLs\n"},
	    {"page", "page: seems to be an HTML page, not a list of URLs\n"},
	    {"prose", "prose: seems to be no list of URLs: none of its first 100 lines is a URL\n"}};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		const char *file = scratch_path(&scratch, files[i][0]);
		run_areq(&result, url, good, file, "-o", rows);
		run_expect_exit(&result, 2);
		cr_expect(strstr(result.err, files[i][1]), "%s", result.err);
		cr_expect_eq(count_text(result.err, "\n"), 1, "one message: %s", result.err);
		scratch_expect(&scratch, "rows", "as it was\n");
		run_release(&result);
		run_areq_with(&result, (&(struct run_options){.input_file = file}), "--no-header");
		run_expect_exit(&result, 2);
		cr_expect(strstr(result.err, "areq: stdin: seems to be "), "%s", result.err);
		cr_expect_str_eq(result.out, "");
		run_release(&result);
	}
	site_stats(&site, &stats);
	cr_expect_eq(stats.all.requests, 0);
	site_stats_release(&stats);
	/* A pipe in pieces, whose first line is a whole one. */
	struct run_child child;
	run_start_areq(&child, (&(struct run_options){.input_pipe = true}), "-v");
	run_feed(&child, "# a list\n");
	cr_expect_not(run_wait(&child, 0.2));
	bad_lines(prose, 60, "");
	run_feed(&child, prose);
	run_wait_error(&child, "not a url 59\n", 5);
	bad_lines(prose, 60, "http://127.0.0.1:1/\n");
	run_feed(&child, prose);
	run_finish(&child, &result);
	run_expect_exit(&result, 2);
	cr_expect(strstr(result.err, "areq: stdin: seems to be no list of URLs: none of its first 100 lines"),
	    "%s", result.err);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(list, shows_twenty_lines_that_are_no_urls_and_counts_the_others)
{
	struct site site;
	struct run_result result;
	char lines[4096];
	site_start(&site);
	const char *url = site_url(&site, "/_/page?links=1");
	for (size_t bad = 20; bad <= 22; bad++) {
		static const char *const more[] = {"",
		    "areq: 1 more line of the list is no URL (-v shows all)\n",
		    "areq: 2 more lines of the list are no URLs (-v shows all)\n"};
		bad_lines(lines, bad, url);
		run_areq_with(&result, (&(struct run_options){.input = lines}), "--no-header");
		run_expect_exit(&result, 1);
		cr_expect_eq(count_text(result.err, "areq: stdin:"), 20, "%s", result.err);
		cr_expect(strstr(result.err, more[bad - 20]), "%s", result.err);
		cr_expect_eq(count_text(result.err, "more line"), bad > 20, "%s", result.err);
		cr_expect_eq(count_text(result.out, "\n"), 1);
		run_release(&result);
	}
	run_areq_with(&result, (&(struct run_options){.input = lines}), "-n");
	cr_expect_eq(count_text(result.err, "areq: stdin:"), 20, "%s", result.err);
	cr_expect(strstr(result.err, "areq: 2 more lines of the list"), "%s", result.err);
	run_release(&result);
	run_areq_with(&result, (&(struct run_options){.input = lines}), "-v");
	cr_expect_eq(count_text(result.err, "areq: stdin:"), 22, "%s", result.err);
	cr_expect_eq(count_text(result.err, "more line"), 0, "%s", result.err);
	run_release(&result);
	site_stop(&site);
}

Test(list, that_is_not_utf8_is_asked_for_byte_by_byte_and_every_output_is_utf8)
{
	static const char *const outputs[][2] = {{"--report", "report"}, {"--waterfall", "waterfall"},
	    {"--har", "har"}, {"--dot", "dot"}, {"--summary-json", "summary"}, {"--failed", "failed"}};
	static const char *const formats[] = {"tsv", "csv", "jsonl", "urls"};
	struct site site;
	struct scratch scratch;
	struct run_result result;
	struct site_stats stats;
	char list[1024], shown[256];
	site_start(&site);
	scratch_init(&scratch);
	snprintf(list, sizeof list, "http://%s/_/page?links=2&group=caf\xe9#\xfe\nb\xfc.test/\n", site.host);
	snprintf(shown, sizeof shown, "http://%s/_/page?links=2&group=caf%%E9#%%FE", site.host);
	/* The name of a file may hold any bytes too. */
	const char *file = scratch_write(&scratch, "l\xefst", list);
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		const char *args[20] = {file, "-o", scratch_path(&scratch, "rows"), "--format", formats[i]};
		size_t count = 5, len;
		for (size_t k = 0; k < sizeof outputs / sizeof *outputs; k++) {
			args[count++] = outputs[k][0];
			args[count++] = scratch_path(&scratch, outputs[k][1]);
		}
		run_program(&result, NULL, run_areq_name(), args);
		run_expect_exit(&result, 1);
		cr_expect_eq(utf8_valid_length(result.err, result.err_len), result.err_len, "%s", result.err);
		run_release(&result);
		static const char *const names[] = {
		    "rows", "report", "waterfall", "har", "dot", "summary", "failed"};
		for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
			char *text = scratch_read(&scratch, names[k], &len);
			cr_expect_eq(utf8_valid_length(text, len), len, "%s of %s", names[k], formats[i]);
			bool has_source = k < 2 && strcmp(formats[i], "urls") != 0;
			cr_expect(!has_source || strstr(text, shown), "%s: %s", names[k], text);
			free(text);
		}
	}
	site_stats(&site, &stats);
	cr_expect_eq(stats.count, 4);
	for (size_t i = 0; i < stats.count; i++)
		cr_expect_str_eq(stats.requests[i].target, "/_/page?links=2&group=caf%E9");
	site_stats_release(&stats);
	scratch_release(&scratch);
	site_stop(&site);
}
