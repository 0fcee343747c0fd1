#include "output/progress.h"

#include "base/log.h"
#include "in/frontier.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct progress_rates steady = {85.2, 3.2e6, 97};

static const char *line(
    const struct run_progress *progress, const struct progress_rates *pace, size_t columns)
{
	static char text[1024];
	struct buf buf;
	buf_init(&buf, sizeof text - 1);
	buf_append_text(&buf, "");
	progress_line(&buf, progress, pace, columns);
	strcpy(text, buf.data);
	buf_release(&buf);
	return text;
}

static const struct totals middle = {
    .outcomes = {[OUTCOME_OK] = 1234, [OUTCOME_FAILED] = 3, [OUTCOME_SKIPPED] = 12}};
static const struct totals none = {0};

Test(progress_line, says_how_the_run_stands)
{
	static const struct progress_rates unknown = {-1, -1, -1};
	static const struct {
		struct run_progress progress;
		const struct progress_rates *pace;
		const char *expected;
	} cases[] = {
	    {.progress = {.so_far = &middle, .in_flight = 64, .waiting = 800},
	        .pace = &steady,
	        .expected = "1234 done, 3 failed, 12 skipped, 64 in flight, 800 left, 85 pages/s, 3.2 MB/s, "
	                    "1:37 to go"},
	    /* the rest of a file is estimated, that of a pipe unknown */
	    {.progress = {.so_far = &none, .in_flight = 64, .waiting = 8192, .unread = 90000},
	        .pace = &unknown,
	        .expected = "0 done, 64 in flight, ~98192 left"},
	    {.progress = {.so_far = &none, .in_flight = 64, .waiting = 10, .unread = -1},
	        .pace = &unknown,
	        .expected = "0 done, 64 in flight, 10+ left"},
	    {.progress = {.so_far = &none, .unread = -1}, .pace = &unknown, .expected = "0 done, 0+ left"},
	    /* only stragglers */
	    {.progress =
	            {.so_far = &middle, .in_flight = 2, .awaited = "slow.example:443", .awaited_ms = 12345},
	        .pace = &steady,
	        .expected = "1234 done, 3 failed, 12 skipped, 2 in flight, waiting for slow.example, 12 s"},
	    {.progress =
	            {.so_far = &none, .in_flight = 1, .awaited = "slow.example:8080", .awaited_ms = 1000},
	        .pace = &steady,
	        .expected = "0 done, 1 in flight, waiting for slow.example:8080, 1 s"},
	    /* a response may take a second */
	    {.progress =
	            {.so_far = &none, .in_flight = 1, .awaited = "quick.example:8080", .awaited_ms = 999},
	        .pace = &steady,
	        .expected = "0 done, 1 in flight, 85 pages/s, 3.2 MB/s, 1:37 to go"},
	    /* the next start waits for the delay alone */
	    {.progress = {.so_far = &none, .waiting = 12},
	        .pace = &steady,
	        .expected = "0 done, 12 left, 85 pages/s, 3.2 MB/s, 1:37 to go"},
	    {.progress = {.so_far = &none, .waiting = 1, .awaited = "busy.example:80", .awaited_ms = -29500},
	        .pace = &steady,
	        .expected = "0 done, 1 left, waiting for busy.example, again in 29 s"},
	    /* somebody can still be asked: nobody is waited for */
	    {.progress = {.so_far = &none, .in_flight = 1, .waiting = 1, .awaited = "a:80"},
	        .pace = &unknown,
	        .expected = "0 done, 1 in flight, 1 left"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_str_eq(line(&cases[i].progress, cases[i].pace, 200), cases[i].expected,
		    "case %zu: \"%s\"", i, line(&cases[i].progress, cases[i].pace, 200));
}

Test(progress_line, tells_paces_and_times_in_readable_units)
{
	static const struct {
		struct progress_rates pace;
		const char *expected;
	} cases[] = {
	    {{0, 0, -1}, "0.0 pages/s, 0 B/s"},
	    {{1.0 / 30, 999, 60}, "2.0 pages/min, 999 B/s, 1:00 to go"},
	    {{0.1, 999, 5}, "0.1 pages/s, 999 B/s, 0:05 to go"},
	    {{0.25, 999, 5}, "0.2 pages/s, 999 B/s, 0:05 to go"},
	    {{9.94, 1000, 59.4}, "9.9 pages/s, 1.0 kB/s, 0:59 to go"},
	    {{9.96, 999499, 59.6}, "10 pages/s, 999 kB/s, 1:00 to go"},
	    {{1234, 999600, 3661}, "1234 pages/s, 1.0 MB/s, 1:01:01 to go"},
	    {{1, 12.3e9, 360000}, "1.0 pages/s, 12 GB/s, 100:00:00 to go"},
	};
	const struct run_progress progress = {.so_far = &none, .waiting = 1, .in_flight = 1};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *text = line(&progress, &cases[i].pace, 200);
		cr_expect_str_eq(strstr(text, "left, ") + 6, cases[i].expected, "case %zu: \"%s\"", i, text);
	}
}

Test(progress_line, leaves_out_what_matters_less_in_a_narrow_window)
{
	static const struct {
		size_t columns;
		const char *expected;
	} cases[] = {
	    {89, "1234 done, 3 failed, 12 skipped, 64 in flight, 800 left, 85 pages/s, 3.2 MB/s, 1:37 to go"},
	    {88, "1234 done, 3 failed, 12 skipped, 64 in flight, 800 left, 85 pages/s, 1:37 to go"},
	    {59, "1234 done, 3 failed, 64 in flight, 800 left, 1:37 to go"},
	    {39, "1234 done, 3 failed, 800 left"},
	    {20, "1234 done, 800 left"},
	    {9, "1234 done"},
	    {8, "1234 don"},
	    {1, "1"},
	    {0, ""},
	};
	const struct run_progress progress = {.so_far = &middle, .in_flight = 64, .waiting = 800};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *text = line(&progress, &steady, cases[i].columns);
		cr_expect_str_eq(text, cases[i].expected, "%zu columns: \"%s\"", cases[i].columns, text);
	}
}

Test(progress_line, is_never_wider_than_the_window)
{
	static const struct run_progress standings[] = {
	    {.so_far = &middle, .in_flight = 64, .waiting = 800},
	    {.so_far = &middle, .in_flight = 64, .waiting = 800, .unread = -1},
	    {.so_far = &middle,
	        .in_flight = 3,
	        .awaited = "a-very-long-name-of-a-host.in.a.long.example:443",
	        .awaited_ms = 2000},
	    {.so_far = &none, .in_flight = 3, .awaited = "[2001:db8::1]:8080", .awaited_ms = 123456},
	    {.so_far = &none, .waiting = 3, .awaited = "x:1", .awaited_ms = -123456},
	};
	for (size_t i = 0; i < sizeof standings / sizeof *standings; i++) {
		for (size_t columns = 0; columns < 150; columns++) {
			const char *text = line(&standings[i], &steady, columns);
			cr_expect_leq(
			    strlen(text), columns, "case %zu, %zu columns: \"%s\"", i, columns, text);
		}
	}
}

Test(progress_line, cuts_the_name_of_the_host_that_is_waited_for)
{
	const struct run_progress progress = {
	    .so_far = &none, .in_flight = 1, .awaited = "www.long-name.example:443", .awaited_ms = 5000};
	cr_expect_str_eq(
	    line(&progress, &steady, 60), "0 done, 1 in flight, waiting for www.long-name.example, 5 s");
	cr_expect_str_eq(line(&progress, &steady, 50), "0 done, 1 in flight, waiting for www.long-n.., 5 s");
	cr_expect_str_eq(line(&progress, &steady, 30), "0 done, 1 in flight");
}

Test(progress_line, has_no_control_byte_but_colours)
{
	const struct run_progress progress = {
	    .so_far = &middle, .in_flight = 1, .awaited = "a\033[2Jb", .awaited_ms = 1000};
	cr_expect_not(strchr(line(&progress, &steady, 200), '\033'));
	log_set_color(true);
	const char *text = line(&progress, &steady, 200);
	cr_expect(strstr(text, "\033[32m1234 done\033[0m, \033[31m3 failed\033[0m"), "%s", text);
	cr_expect_not(strstr(text, "\033[2J"));
	cr_expect(strstr(text, "\\x1b[2J"));
	log_set_color(false);
}

static void parse(struct url *url, const char *text)
{
	url_init(url);
	cr_assert(url_parse(url, text, strlen(text), NULL, NULL), "%s", text);
}

Test(frontier_awaited_host, is_who_is_out_for_the_longest_or_due_first)
{
	static const char *const texts[] = {"http://a/", "http://b/", "http://c/"};
	struct frontier *frontier =
	    frontier_new(&(struct manners){.per_host = 0, .delay_ms = 0, .host_errors = 0});
	struct job jobs[3] = {0}, *out[3];
	struct url url;
	int64_t moment;
	cr_expect_null(frontier_awaited_host(frontier, &moment));
	for (int i = 0; i < 3; i++) {
		parse(&url, texts[i]);
		jobs[i].number = (uint64_t)i;
		frontier_add(frontier, &jobs[i], &url);
		url_release(&url);
	}
	for (int i = 0; i < 3; i++)
		cr_assert(out[i] = frontier_next(frontier, 1000 + i, UINT64_MAX));
	cr_expect_eq(frontier_in_flight(frontier), 3);
	cr_expect_str_eq(frontier_awaited_host(frontier, &moment), "a:80");
	cr_expect_eq(moment, 1000);
	frontier_finish(frontier, out[0]);
	cr_expect_str_eq(frontier_awaited_host(frontier, &moment), "b:80");
	cr_expect_eq(moment, 1001);
	frontier_retry(frontier, out[2], 5000);
	cr_expect_str_eq(frontier_awaited_host(frontier, &moment), "b:80");
	cr_expect_eq(frontier_in_flight(frontier), 1);
	frontier_retry(frontier, out[1], 4000);
	cr_expect_eq(frontier_in_flight(frontier), 0);
	cr_expect_str_eq(frontier_awaited_host(frontier, &moment), "b:80");
	cr_expect_eq(moment, 4000);
	while (frontier_abandon(frontier))
		;
	cr_expect_null(frontier_awaited_host(frontier, &moment));
	frontier_free(frontier);
}
