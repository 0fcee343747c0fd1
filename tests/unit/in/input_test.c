#include "in/input.h"

#include "base/log.h"
#include "in/list_check.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file with that content in a folder of its own; the name is good until the next call. */
static const char *list_file(const void *content, size_t len)
{
	static char name[] = "/tmp/areq-input-XXXXXX";
	strcpy(name + strlen(name) - 6, "XXXXXX");
	int fd = mkstemp(name);
	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, content, len), (ssize_t)len);
	close(fd);
	return name;
}

static struct input *open_input(const char **args, size_t count)
{
	struct option_list list = {args, count};
	struct input *input = input_new(&list);
	cr_assert_eq(input_open(input), STATUS_OK);
	return input;
}

/* Reads one list and writes what came, "text|problem?|line" for each entry, into a text. */
static void read_all(const void *content, size_t len, char *result, size_t size)
{
	const char *name = list_file(content, len);
	struct input *input = open_input(&name, 1);
	struct input_entry entry;
	result[0] = '\0';
	enum input_state state = input_next(input, &entry);
	for (; state == INPUT_ENTRY || state == INPUT_LATER; state = input_next(input, &entry)) {
		if (state == INPUT_LATER)
			continue;
		size_t used = strlen(result);
		snprintf(result + used, size - used, "%s%s|%zu\n", entry.text, entry.problem ? "|bad" : "",
		    entry.line);
	}
	unlink(name);
	input_free(input);
}

Test(input, understands_lists_as_people_write_them)
{
	static const struct {
		const char *content;
		const char *expected;
	} cases[] = {
	    {"", ""},
	    {"\n\n  \n", ""},
	    {"http://a/\nhttp://b/\n", "http://a/|1\nhttp://b/|2\n"},
	    {"http://a/", "http://a/|1\n"},
	    {"http://a/\r\nhttp://b/\r\n", "http://a/|1\nhttp://b/|2\n"},
	    {"\xef\xbb\xbfhttp://a/\n", "http://a/|1\n"},
	    {"\xef\xbb\xbf# comment\nhttp://a/\n", "http://a/|2\n"},
	    /* lists that were concatenated */
	    {"\xef\xbb\xbfhttp://a/\n\xef\xbb\xbfhttp://b/\n", "http://a/|1\nhttp://b/|2\n"},
	    {"\xef\xbb\xbf\xef\xbb\xbfhttp://a/\n", "http://a/|1\n"},
	    {"http://a/\n\xef\xbb\xbf# no\n\xef\xbb\xbf\n \xef\xbb\xbf b.x\n",
	        "http://a/|1\nhttps://b.x|4\n"},
	    /* lists that are not UTF-8 */
	    {"http://a/caf\xe9\n", "http://a/caf%E9|1\n"},
	    {"http://a/\xe9?\xff=\xc3\xa9#\xfe\n", "http://a/%E9?%FF=%C3%A9#%FE|1\n"},
	    {"http://b\xc3\xbc.test/\xe9\xe9\n", "http://xn--b-eha.test/%E9%E9|1\n"},
	    {"http://b\xfc.test/\n", "http://b%FC.test/|bad|1\n"},
	    {"http://a/caf\xc3\xa9\n", "http://a/caf\xc3\xa9|1\n"},
	    {"# one\n  # two\nhttp://a/#three\n", "http://a/#three|3\n"},
	    {"  http://a/ \t\n\thttp://b/\n", "http://a/|1\nhttp://b/|2\n"},
	    {"example.com/x\n", "https://example.com/x|1\n"},
	    {"example.com\n", "https://example.com|1\n"},
	    {"localhost:8080/x?y\n", "https://localhost:8080/x?y|1\n"},
	    {"//example.com/x\n", "https://example.com/x|1\n"},
	    {"HTTP://A/\n", "HTTP://A/|1\n"},
	    {"http:a.example\n", "http:a.example|1\n"},
	    {"ftp://a/\n", "ftp://a/|bad|1\n"},
	    {"mailto:x@example.com\n", "mailto:x@example.com|bad|1\n"},
	    {"file:///etc/passwd\n", "file:///etc/passwd|bad|1\n"},
	    {"/etc/passwd\n", "/etc/passwd|bad|1\n"},
	    {"hello world\n", "hello world|bad|1\n"},
	    {"http://\n", "http://|bad|1\n"},
	    {"http://a b/\n", "http://a b/|bad|1\n"},
	    {"http://a:99999/\n", "http://a:99999/|bad|1\n"},
	    {"bad://x\nhttp://a/\n", "bad://x|bad|1\nhttp://a/|2\n"},
	    {"http://a/x\ty\n", "http://a/xy|1\n"},
	};
	char result[4096];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		read_all(cases[i].content, strlen(cases[i].content), result, sizeof result);
		cr_expect_str_eq(
		    result, cases[i].expected, "case %zu: \"%s\" gave \"%s\"", i, cases[i].content, result);
	}
}

Test(input, reports_a_nul_byte_behind_the_first_kilobyte)
{
	char content[2048], result[256];
	size_t len = LIST_CHECK_NUL_BYTES;
	memset(content, '#', len);
	memcpy(content + len, "\nhttp://a/\0b\nhttp://c/\n", 23);
	read_all(content, len + 23, result, sizeof result);
	cr_assert_str_eq(result, "http://a/%00b|bad|2\nhttp://c/|3\n");
}

/* The whole of a text of n equal lines. */
static char *repeat(const char *line, size_t n)
{
	char *text = calloc(n + 1, strlen(line) + 1);
	for (size_t i = 0; i < n; i++)
		strcat(text, line);
	return text;
}

Test(input, knows_files_that_are_no_lists_by_their_start)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *what; /* NULL: it may be a list */
	} cases[] = {
	    {"\x89PNG\r\n\x1a\n", 8, "PNG"},
	    {"\xff\xd8\xff\xe0", 4, "JPEG"},
	    {"%PDF-1.7\n", 9, "PDF"},
	    {"PK\x03\x04", 4, "zip"},
	    {"\x1f\x8b\x08", 3, "gzip"},
	    {"http://a/\nhttp://b/\0", 21, "binary"},
	    {"\0", 1, "binary"},
	    {"<!DOCTYPE html>", 15, "HTML page"},
	    {"\xef\xbb\xbf\n <HTML lang=en>", 19, "HTML page"},
	    {"<?xml version='1.0'?>", 21, "XML"},
	    {"<urlset>", 8, "HTML or XML"},
	    {"<!-- x -->", 10, "HTML or XML"},
	    {"{\n  \"urls\": []}", 15, "JSON"},
	    {"[\"https://a/\"]", 14, "JSON"},
	    {"\xff\xfeh\0", 4, "UTF-16"},
	    {"\0w\0w\0w\0.", 8, "UTF-16"},
	    {"", 0, NULL},
	    {"P", 1, NULL},
	    {"gif89a.example\n", 15, NULL},
	    {"[::1]:8080/x\n", 13, NULL},
	    {"<https://a/>\n", 13, NULL},
	    {"<\n", 2, NULL},
	    {"# <html>\nhttp://a/\n", 19, NULL},
	    {"caf\xe9.txt\n", 9, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *what = list_check((struct slice){cases[i].bytes, cases[i].len});
		if (cases[i].what)
			cr_expect(
			    what && strstr(what, cases[i].what), "case %zu: %s", i, what ? what : "a list");
		else
			cr_expect_null(what, "case %zu: %s", i, what);
	}
	static const struct {
		const char *line;
		size_t lines;
		bool is_list;
	} texts[] = {{"not a url\n", 99, true}, {"not a url\n", 100, false}, {"not a url\r\n", 100, false},
	    {"not a url\r", 100, false}, {"# not a url\n", 200, true}, {"\n", 200, true},
	    {"ftp://a/\n", 100, true}, {"Note: see below\n", 100, false},
	    {"mailto:x@example.com\n", 100, true}};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char *text = repeat(texts[i].line, texts[i].lines);
		cr_expect_eq(list_check(slice_of(text)) == NULL, texts[i].is_list, "text %zu", i);
		free(text);
	}
	char *text = repeat("not a url\n", 99), *whole = calloc(1, 4096);
	strcat(strcat(strcpy(whole, text), "http://a/\n"), text);
	cr_expect_null(list_check(slice_of(whole)), "one of 100 is a URL");
	free(text);
	free(whole);
}

Test(input, passes_over_a_line_that_is_too_long_and_goes_on)
{
	static const size_t lengths[] = {INPUT_LINE_MAX + 1, 3 * INPUT_LINE_MAX, 1 << 20};
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		size_t len = lengths[i];
		char *content = malloc(len + 100);
		char result[512];
		memset(content, 'x', len);
		memcpy(content, "http://a/", 9);
		strcpy(content + len, "\nhttp://b/\n");
		read_all(content, strlen(content), result, sizeof result);
		cr_expect(strstr(result, "|bad|1\n"), "length %zu: %s", len, result);
		cr_expect(strstr(result, "\nhttp://b/|2\n"), "length %zu: %s", len, result);
		free(content);
	}
}

Test(input, shows_no_password_of_a_line_that_is_too_long)
{
	static const char *const begins[] = {
	    "http://user:secret", "http://user:sec/secret", "user:secret", "https://h/ http://user:secret"};
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
		size_t len = 2 * INPUT_LINE_MAX;
		char *content = malloc(len + 20), result[512];
		memset(content, 'x', len);
		memcpy(content, begins[i], strlen(begins[i]));
		strcpy(content + len, "@h/\nhttp://b/\n");
		read_all(content, strlen(content), result, sizeof result);
		cr_expect(strstr(result, "|bad|1\n"), "%s", result);
		cr_expect_not(strstr(result, "secret"), "%s", result);
		free(content);
	}
}

Test(input, takes_a_long_line_whole)
{
	char *content = malloc(INPUT_LINE_MAX + 10);
	memset(content, 'x', INPUT_LINE_MAX);
	memcpy(content, "http://a/", 9);
	strcpy(content + INPUT_LINE_MAX, "\n");
	const char *name = list_file(content, strlen(content));
	struct input *input = open_input(&name, 1);
	struct input_entry entry;
	cr_assert_eq(input_next(input, &entry), INPUT_ENTRY);
	cr_assert_null(entry.problem);
	cr_assert_eq(strlen(entry.text), INPUT_LINE_MAX);
	cr_assert_eq(input_next(input, &entry), INPUT_END);
	unlink(name);
	input_free(input);
	free(content);
}

Test(input, takes_files_and_urls_in_their_order)
{
	char first[64];
	strcpy(first, list_file("http://a/\n", 10));
	char second[64];
	strcpy(second, list_file("http://c/\n", 10));
	const char *args[] = {first, "http://b/x", second, "nothttp://d"};
	struct input *input = open_input(args, 4);
	static const char *const expected[] = {"http://a/", "http://b/x", "http://c/", "nothttp://d"};
	struct input_entry entry;
	for (size_t i = 0; i < 4; i++) {
		cr_assert_eq(input_next(input, &entry), INPUT_ENTRY);
		cr_expect_str_eq(entry.text, expected[i]);
	}
	cr_assert(entry.problem);
	cr_assert_str_eq(entry.source, "argument");
	cr_assert_eq(entry.line, 4);
	cr_assert_eq(input_next(input, &entry), INPUT_END);
	unlink(first);
	unlink(second);
	input_free(input);
}

Test(input, never_waits_for_a_slow_pipe)
{
	char name[] = "/tmp/areq-fifo-XXXXXX";
	cr_assert(mkdtemp(name));
	char fifo[64];
	snprintf(fifo, sizeof fifo, "%s/fifo", name);
	cr_assert_eq(mkfifo(fifo, 0600), 0);
	const char *args[] = {fifo};
	struct input *input = open_input(args, 1);
	struct input_entry entry;
	cr_expect_eq(input_next(input, &entry), INPUT_WAIT, "no writer yet");

	int writer = open(fifo, O_WRONLY);
	cr_assert_geq(writer, 0);
	cr_expect_eq(input_next(input, &entry), INPUT_WAIT, "nothing written yet");
	cr_assert_eq(write(writer, "http://a/\nhttp://", 17), 17);
	cr_assert_eq(input_next(input, &entry), INPUT_ENTRY);
	cr_expect_str_eq(entry.text, "http://a/");
	cr_expect_eq(input_next(input, &entry), INPUT_WAIT, "half a line");
	struct pollfd ready = {.fd = input_descriptor(input), .events = POLLIN};
	cr_expect_eq(poll(&ready, 1, 0), 0);
	cr_assert_eq(write(writer, "b/\n", 3), 3);
	cr_expect_eq(poll(&ready, 1, 1000), 1);
	cr_assert_eq(input_next(input, &entry), INPUT_ENTRY);
	cr_expect_str_eq(entry.text, "http://b/");
	close(writer);
	cr_expect_eq(input_next(input, &entry), INPUT_END);
	input_free(input);
	unlink(fifo);
	rmdir(name);
}

Test(input, refuses_what_cannot_be_read_before_anything_starts)
{
	static const char *const names[] = {"/nonexistent/list", "/tmp"};
	log_set_level(LOG_QUIET);
	cr_assert(freopen("/dev/null", "w", stderr));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *args[] = {"http://a/", names[i]};
		struct option_list list = {args, 2};
		struct input *input = input_new(&list);
		cr_expect_eq(input_open(input), STATUS_INPUT, "%s", names[i]);
		input_free(input);
	}
}

Test(input, knows_the_files_it_reads)
{
	const char *name = list_file("http://a/\n", 10);
	struct input *input = open_input(&name, 1);
	struct stat info;
	cr_assert_eq(stat(name, &info), 0);
	cr_expect(input_reads_from(input, &info));
	cr_assert_eq(stat("/dev/null", &info), 0);
	cr_expect_not(input_reads_from(input, &info));
	input_free(input);
	unlink(name);
}

Test(input, estimates_what_is_left_of_files)
{
	char list[20 * 1000 + 1] = "";
	for (int i = 0; i < 1000; i++)
		sprintf(list + (size_t)i * 20, "http://a.test/%05d\n", i);
	const char *name = list_file(list, strlen(list));
	const char *args[] = {"http://first/", name, name, "http://last/"};
	struct input *input = open_input(args, 4);
	struct input_entry entry;
	for (int i = 0; i < 2 + 500; i++)
		cr_assert_eq(input_next(input, &entry), INPUT_ENTRY);
	/* All of its lines are as long as each other: here it is exact. */
	cr_expect_eq(input_left(input), 499 + 1000 + 1);
	while (input_next(input, &entry) == INPUT_ENTRY)
		;
	cr_expect_eq(input_left(input), 0);
	input_free(input);
	unlink(name);
}

Test(input, knows_nothing_of_what_a_pipe_holds)
{
	char folder[] = "/tmp/areq-unit-XXXXXX", name[64];
	cr_assert(mkdtemp(folder));
	snprintf(name, sizeof name, "%s/fifo", folder);
	cr_assert_eq(mkfifo(name, 0600), 0);
	const char *args[] = {"http://first/", name};
	struct input *input = open_input(args, 2);
	cr_expect_lt(input_left(input), 0);
	input_free(input);
	unlink(name);
	rmdir(folder);
}

Test(input, takes_a_list_whose_lines_end_with_cr)
{
	static const char *const lists[] = {
	    "http://a/\rhttp://b/\rhttp://c/\r", "http://a/\r\rhttp://b/\r# no\rhttp://c/"};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		char result[256];
		read_all(lists[i], strlen(lists[i]), result, sizeof result);
		cr_expect_str_eq(result, i ? "http://a/|1\nhttp://b/|3\nhttp://c/|5\n"
		                           : "http://a/|1\nhttp://b/|2\nhttp://c/|3\n");
	}
}
