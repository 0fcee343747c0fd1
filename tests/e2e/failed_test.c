/* The list of failed URLs, and the run that tries them again. */
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Expects that a file has these lines, which end with NULL, in any order, and no others. */
static void expect_lines(struct scratch *scratch, const char *name, const char *const *expected)
{
	char *text = scratch_read(scratch, name, NULL), *rest = text;
	const char *lines[100], *wanted[100];
	size_t count = 0, wanted_count = 0;
	for (char *line; (line = rest) && *line; lines[count++] = line) {
		rest = strchr(line, '\n');
		cr_assert(rest, "the last line has no end: %s", line);
		*rest++ = '\0';
	}
	for (; expected[wanted_count]; wanted_count++)
		wanted[wanted_count] = expected[wanted_count];
	qsort(lines, count, sizeof *lines, compare_lines);
	qsort(wanted, wanted_count, sizeof *wanted, compare_lines);
	cr_expect_eq(count, wanted_count, "%zu lines, not %zu", count, wanted_count);
	for (size_t i = 0; i < count && i < wanted_count; i++)
		cr_expect_str_eq(lines[i], wanted[i]);
	free(text);
}

Test(failed, urls_are_a_list_as_they_were_listed)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	struct site_stats stats;
	char list[4000], secret[200], fragment[400], schemeless[200], read_as[210];
	site_start(&site);
	scratch_init(&scratch);
	const char *good = site_page(&site, "links", "1"), *missing = site_page(&site, "status", "404"),
	           *image = site_page(&site, "type", "image/png"),
	           *moved = site_page(&site, "status", "301", "location", site_url(&site, "/nothing"));
	snprintf(secret, sizeof secret, "http://me:secret@%s/secret", site.host);
	snprintf(fragment, sizeof fragment, "HTTP://%s/./fragment#top", site.host);
	/* Nobody speaks TLS there. */
	snprintf(schemeless, sizeof schemeless, "%s/schemeless", site.host);
	snprintf(read_as, sizeof read_as, "https://%s", schemeless);
	snprintf(list, sizeof list,
	    "# all kinds\n%s\n%s\n%s\n%s\n%s\n%s\n  %s  \r\n%s\nftp://x.example/\nno URL\n%s\n", good,
	    missing, image, moved, secret, fragment, schemeless, missing, good);
	const char *file = scratch_write(&scratch, "list", list);
	const char *failed = scratch_write(&scratch, "failed", "of the run before\n");
	const char *const expected[] = {missing, moved, secret, fragment, read_as, NULL};
	run_areq(&result, "-r", "0", "--failed", failed, file);
	run_expect_exit(&result, 1);
	cr_expect_not(strstr(result.err, "secret@"), "%s", result.err);
	run_release(&result);
	expect_lines(&scratch, "failed", expected);

	/* The next run asks for these and for nothing else, as the first one did. */
	site_reset_stats(&site);
	run_areq(&result, "-r", "0", "--failed", scratch_path(&scratch, "again"), failed);
	run_expect_exit(&result, 1);
	cr_expect(strstr(result.err, "areq: 5 URLs: 0 ok, 5 failed; "), "%s", result.err);
	run_release(&result);
	expect_lines(&scratch, "again", expected);
	site_stats(&site, &stats);
	cr_expect_eq(site_stats_asked(&stats, good), 0);
	cr_expect_eq(site_stats_asked(&stats, image), 0);
	cr_expect_eq(site_stats_asked(&stats, missing), 1);
	const struct site_request *request = site_stats_find(&stats, site_url(&site, "/secret"), 0);
	cr_assert(request);
	const char *login = site_request_header(request, "Authorization");
	cr_expect(login && strncmp(login, "Basic ", 6) == 0, "the password was lost");
	site_stats_release(&stats);
	scratch_release(&scratch);
	site_stop(&site);
}

/* By a signal, or by the deadline if number is 0. */
static void interrupt(int number)
{
	enum { URLS = 40 };
	struct site site;
	struct scratch scratch;
	struct run_child child;
	struct run_result result;
	char list[8000] = "";
	const char *expected[URLS + 1];
	site_start(&site);
	scratch_init(&scratch);
	for (int i = 0; i < URLS; i++) {
		char group[16];
		snprintf(group, sizeof group, "%d", i);
		expected[i] = site_page(&site, "hang", "body", "group", group);
		strcat(strcat(list, expected[i]), "\n");
	}
	expected[URLS] = NULL;
	strcat(strcat(list, site_page(&site, "links", "1")), "\n");
	scratch_write(&scratch, "list", list);
	run_start_areq(&child, NULL, "-q", "--per-host", "8", "--deadline", number ? "20s" : "1s", "-o",
	    scratch_path(&scratch, "found"), "--failed", scratch_path(&scratch, "failed"),
	    site_page(&site, "links", "1"), scratch_path(&scratch, "list"));
	site_wait_in_flight(&site, 8, 5);
	if (number)
		run_kill(&child, number);
	run_finish(&child, &result);
	cr_expect_eq(result.signal, number);
	run_release(&result);
	expect_lines(&scratch, "failed", expected);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(failed, urls_are_also_those_that_a_signal_or_the_deadline_interrupted)
{
	interrupt(SIGTERM);
	interrupt(0);
}

Test(failed, urls_are_also_those_whose_rows_are_lost)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	char command[1000];
	site_start(&site);
	scratch_init(&scratch);
	const char *url = site_page(&site, "links", "1"), *failed = scratch_path(&scratch, "failed");
	const char *late = site_page(&site, "links", "1", "delay", "500");
	run_areq(&result, "-o", "/dev/full", "--failed", failed, url);
	run_expect_exit(&result, 3);
	expect_lines(&scratch, "failed", (const char *const[]){url, NULL});
	run_release(&result);
	snprintf(command, sizeof command, "%s --failed '%s' '%s' | head -n 1", run_areq_name(), failed, late);
	run_program(&result, NULL, "/bin/sh", (const char *const[]){"-c", command, NULL});
	expect_lines(&scratch, "failed", (const char *const[]){late, NULL});
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(failed, urls_of_a_run_without_any_are_an_empty_list)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	site_start(&site);
	scratch_init(&scratch);
	const char *url = site_page(&site, "links", "1"), *failed = scratch_write(&scratch, "failed", "x\n");
	run_areq(&result, "--failed", failed, url);
	run_expect_exit(&result, 0);
	run_release(&result);
	scratch_expect(&scratch, "failed", "");
	run_areq(&result, failed);
	run_expect_exit(&result, 2);
	run_release(&result);
	run_areq(&result, "--allow-empty", failed);
	run_expect_exit(&result, 0);
	run_release(&result);
	scratch_release(&scratch);
	site_stop(&site);
}

Test(failed, urls_go_to_a_file_of_their_own)
{
	struct site site;
	struct scratch scratch;
	struct run_result result;
	struct stat info;
	char expected[300];
	site_start(&site);
	scratch_init(&scratch);
	const char *url = site_page(&site, "status", "404"), *rows = scratch_path(&scratch, "rows");
	const char *failed = scratch_path(&scratch, "failed");
	run_areq(&result, "-q", "-o", rows, "--failed", "-", url);
	run_expect_exit(&result, 1);
	snprintf(expected, sizeof expected, "%s\n", url);
	cr_expect_str_eq(result.out, expected);
	run_release(&result);
	run_areq(&result, "-o", rows, "--report", "-", "--failed", "-", url);
	run_expect_exit(&result, 2);
	cr_expect(strstr(result.err, "the report and the failed URLs cannot go to the same file"), "%s",
	    result.err);
	run_release(&result);
	const char *list = scratch_write(&scratch, "list", expected);
	run_areq(&result, "--failed", list, list);
	run_expect_exit(&result, 2);
	cr_expect(strstr(result.err, "is the list itself; nothing was written to it"), "%s", result.err);
	run_release(&result);
	run_areq(&result, "--failed", "/dev/full", url);
	run_expect_exit(&result, 3);
	cr_expect(strstr(result.err, "/dev/full: cannot be written"), "%s", result.err);
	run_release(&result);

	/* It may hold passwords. */
	run_areq(&result, "--failed", failed, url);
	run_release(&result);
	cr_assert_eq(stat(failed, &info), 0);
	cr_expect_eq(info.st_mode & 0777, 0600);
	cr_assert_eq(chmod(failed, 0644), 0);
	run_areq(&result, "--failed", failed, url);
	run_release(&result);
	cr_assert_eq(stat(failed, &info), 0);
	cr_expect_eq(info.st_mode & 0777, 0644, "the mode of a file is its owner's affair");
	scratch_release(&scratch);
	site_stop(&site);
}
