/* robots.txt files with the answers of google/robotstxt, in the folder that AREQ_ROBOTSDATA names:
 * - `real` and `hostile`, each as NAME.tar.xz with files and NAME.jsonl.xz with questions: {file, agent, url,
 * path (as it is sent, where url differs), allowed (by Google), google_only, why, rfc}. google_only is true
 * where Google deviates from RFC 9309, for the reasons that why lists; rfc is then the answer by the RFC, or
 * null where that is open;
 * - crawl-delay.jsonl.xz: {file (a hostile one), agent, crawl_delay (seconds or null)};
 * - sitemap-lines.jsonl.xz: {file (a real one), sitemaps}. */
#include "base/buf.h"
#include "in/robots_reader.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { DATA_MAX = 256 << 20 };

/* What a command of the shell writes. The folder is a variable of the shell. */
static void read_command(const char *command, struct buf *text)
{
	FILE *pipe = popen(command, "r");
	cr_assert(pipe, "%s: cannot be started", command);
	char block[65536];
	for (size_t got; (got = fread(block, 1, sizeof block, pipe)) > 0;)
		cr_assert(buf_append(text, block, got), "%s: too much", command);
	int status = pclose(pipe);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%s: fails (it needs xz)", command);
}

/* The files of an archive, as an object of strings. */
static json_t *load_files(const char *name)
{
	enum { BLOCK = 512, SIZE_AT = 124, TYPE_AT = 156 };
	char command[128];
	struct buf text;
	buf_init(&text, DATA_MAX);
	snprintf(command, sizeof command, "xz -dc \"$AREQ_ROBOTSDATA/%s.tar.xz\"", name);
	read_command(command, &text);
	json_t *files = json_object();
	for (size_t at = 0; at + BLOCK <= text.len && text.data[at] != '\0';) {
		const char *header = text.data + at;
		size_t size = strtoul(header + SIZE_AT, NULL, 8);
		at += BLOCK;
		cr_assert(at + size <= text.len, "%s: an archive that is cut off", name);
		if (header[TYPE_AT] == '0')
			json_object_set_new(files, header, json_stringn_nocheck(text.data + at, size));
		at += (size + BLOCK - 1) / BLOCK * BLOCK;
	}
	buf_release(&text);
	return files;
}

/* The lines of a file of JSON lines, as an array. */
static json_t *load_lines(const char *name)
{
	char command[128];
	struct buf text;
	buf_init(&text, DATA_MAX);
	snprintf(command, sizeof command, "xz -dc \"$AREQ_ROBOTSDATA/%s.jsonl.xz\"", name);
	read_command(command, &text);
	json_t *lines = json_array();
	for (char *line = text.data, *end; line && (end = strchr(line, '\n')); line = end + 1) {
		json_error_t error;
		json_t *object = json_loadb(line, (size_t)(end - line), 0, &error);
		cr_assert(object, "%s: %s", name, error.text);
		json_array_append_new(lines, object);
	}
	buf_release(&text);
	return lines;
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* A reader to which the whole file was fed. */
static struct robots_reader *feed_file(const json_t *files, const char *file, const char *agent)
{
	const json_t *content = json_object_get(files, file);
	cr_assert(content, "no file %s", file);
	struct robots_reader *reader = robots_reader_new(agent);
	robots_reader_feed(reader, json_string_value(content), json_string_length(content));
	return reader;
}

static struct robots *read_robots(const json_t *files, const char *file, const char *agent)
{
	struct robots_reader *reader = feed_file(files, file, agent);
	struct robots *robots = robots_reader_finish(reader);
	robots_reader_free(reader);
	return robots;
}

/* Google's ways that forgive the mistakes of webmasters. */
static bool is_forgiven(const char *why)
{
	static const char *const forgiven[] = {
	    "missing-colon", "misspelt", "star-space", "agent-cut", "key-prefix", "partial-bom", "nul"};
	for (size_t i = 0; i < sizeof forgiven / sizeof *forgiven; i++)
		if (strcmp(why, forgiven[i]) == 0)
			return true;
	return false;
}

/* The right answer; neither true nor false where the RFC leaves it open. */
static const json_t *right_answer(const json_t *question)
{
	const json_t *google = json_object_get(question, "allowed");
	if (!json_is_true(json_object_get(question, "google_only")))
		return google;
	size_t i;
	const json_t *why;
	json_array_foreach(json_object_get(question, "why"), i,
	    why) if (!is_forgiven(json_string_value(why))) return json_object_get(question, "rfc");
	return google;
}

/* A question whose answer does not regard that a reader may stop behind 500 KiB, as those that are marked
 * size-limit do: the rule stands at byte 695,300. */
static bool is_behind_limit(const char *file, const char *path)
{
	return strcmp(file, "docs.oracle.com") == 0 && strcmp(path, "/html/E%327262_01/") == 0;
}

static const char *path_of(const json_t *question)
{
	static const char origin[] = "http://robots.test";
	const char *path = text_of(question, "path"), *url = text_of(question, "url");
	return path ? path : url + sizeof origin - 1;
}

static void ask(const char *name)
{
	json_t *files = load_files(name), *questions = load_lines(name);
	size_t i, asked = 0;
	const json_t *question;
	char last[512] = "";
	struct robots *robots = NULL;
	json_array_foreach(questions, i, question)
	{
		const char *file = text_of(question, "file"), *agent = text_of(question, "agent");
		const char *path = path_of(question);
		const json_t *answer = right_answer(question);
		char now[512];
		snprintf(now, sizeof now, "%s %s", file, agent);
		if (strcmp(now, last) != 0) {
			robots_free(robots);
			robots = read_robots(files, file, agent);
			strcpy(last, now);
		}
		bool allows = robots_allows(robots, slice_of(path));
		if (!json_is_boolean(answer) || is_behind_limit(file, path))
			continue;
		asked++;
		cr_expect_eq(allows, json_is_true(answer), "%s, %s: %s %.500s", file, agent,
		    allows ? "allows" : "forbids", path);
	}
	cr_assert_gt(asked, 0, "%s: no questions", name);
	robots_free(robots);
	json_decref(files);
	json_decref(questions);
}

static void skip_without_data(void)
{
	if (!getenv("AREQ_ROBOTSDATA"))
		cr_skip_test("AREQ_ROBOTSDATA names no folder with robots.txt files and answers");
}

Test(robots_suite, real_files_are_answered_as_google_does)
{
	skip_without_data();
	ask("real");
}

Test(robots_suite, hostile_files_are_answered_as_google_does)
{
	skip_without_data();
	ask("hostile");
}

Test(robots_suite, delays)
{
	skip_without_data();
	json_t *files = load_files("hostile"), *lines = load_lines("crawl-delay");
	size_t i;
	const json_t *line;
	json_array_foreach(lines, i, line)
	{
		const json_t *seconds = json_object_get(line, "crawl_delay");
		const char *file = text_of(line, "file"), *agent = text_of(line, "agent");
		struct robots *robots = read_robots(files, file, agent);
		double expected = json_is_null(seconds) ? -1 : json_number_value(seconds) * 1000;
		cr_expect_eq((double)robots_crawl_delay_ms(robots), expected, "%s, %s: %ld ms", file, agent,
		    (long)robots_crawl_delay_ms(robots));
		robots_free(robots);
	}
	cr_assert_gt(i, 0);
	json_decref(files);
	json_decref(lines);
}

Test(robots_suite, sitemaps)
{
	skip_without_data();
	json_t *files = load_files("real"), *lines = load_lines("sitemap-lines");
	size_t i, j;
	const json_t *line, *sitemap;
	json_array_foreach(lines, i, line)
	{
		const char *file = text_of(line, "file"), *found = NULL;
		struct robots_reader *reader = feed_file(files, file, "areq");
		robots_free(robots_reader_finish(reader));
		json_array_foreach(json_object_get(line, "sitemaps"), j, sitemap)
		{
			found = robots_reader_next_sitemap(reader, found);
			cr_assert(found, "%s: has more than %zu", file, j);
			cr_expect_str_eq(found, json_string_value(sitemap), "%s #%zu: %s, not %s", file, j,
			    found, json_string_value(sitemap));
		}
		cr_expect_null(robots_reader_next_sitemap(reader, found), "%s: has only %zu", file, j);
		robots_reader_free(reader);
	}
	cr_assert_gt(i, 0);
	json_decref(files);
	json_decref(lines);
}
