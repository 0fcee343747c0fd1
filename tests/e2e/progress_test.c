/* The display on a terminal: what is drawn, what stays, and where there is none. */
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"
#include "support/terminal.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

/* What stands before each drawing. */
static const char drawing[] = "\033[?7l";

struct scene {
	struct site site;
	struct scratch scratch;
	const char *found;
	struct terminal terminal;
};

static void begin(struct scene *scene)
{
	site_start(&scene->site);
	scratch_init(&scene->scratch);
	scene->found = scratch_path(&scene->scratch, "found");
}

static void end(struct scene *scene)
{
	scratch_release(&scene->scratch);
	site_stop(&scene->site);
}

/* Starts areq on a terminal of so many columns, with rows to a file. */
#define start(scene, width, ...)                                                                             \
	terminal_start(&(scene)->terminal, &(struct terminal_options){.columns = width},                     \
	    (const char *const[]){"-o", (scene)->found, __VA_ARGS__, NULL})

static void expect_row(struct scene *scene, size_t row, const char *expected)
{
	const char *text = terminal_row(&scene->terminal, row);
	cr_expect(strncmp(text, expected, strlen(expected)) == 0, "row %zu is \"%s\", not \"%s\"", row, text,
	    expected);
}

/* Nothing but these rows, of which the last is the summary, is left. */
static void expect_rows(struct scene *scene, size_t count)
{
	cr_expect_eq(scene->terminal.row, count, "the cursor is in row %zu", scene->terminal.row);
	cr_expect_eq(scene->terminal.column, 0);
	for (size_t row = count; row < TERMINAL_ROWS; row++)
		cr_expect_str_eq(terminal_row(&scene->terminal, row), "", "row %zu", row);
}

Test(progress, is_one_line_that_is_gone_at_the_end)
{
	struct scene scene;
	begin(&scene);
	start(&scene, 100, site_page(&scene.site, "links", "1"), site_page(&scene.site, "delay", "1500"));
	terminal_wait(&scene.terminal, "waiting for ", 1);
	cr_expect_eq(scene.terminal.row, 0);
	cr_expect_eq(scene.terminal.column, 0, "the cursor rests at the first column");
	expect_row(&scene, 0, "1 done, 1 in flight, waiting for 127.0.0.1:");
	terminal_finish(&scene.terminal);
	cr_expect_eq(WEXITSTATUS(scene.terminal.status), 0);
	size_t drawings = terminal_count(&scene.terminal, drawing);
	cr_expect_geq(drawings, 3);
	cr_expect_leq((double)drawings, scene.terminal.seconds * 10 + 2);
	cr_expect_not(scene.terminal.wrapped);
	expect_row(&scene, 0, "areq: 2 URLs: 2 ok; 1 link in ");
	expect_rows(&scene, 1);
	terminal_release(&scene.terminal);
	end(&scene);
}

/* With --delay nothing is in flight most of the time, and yet the run goes on. */
Test(progress, shows_rate_and_time_to_go_between_the_starts_of_one_host)
{
	struct scene scene;
	const char *args[16] = {"-o"};
	char target[16];
	begin(&scene);
	args[1] = scene.found;
	args[2] = "--delay=200ms";
	for (int i = 0; i < 10; i++) {
		snprintf(target, sizeof target, "%d", i);
		args[3 + i] = site_page(&scene.site, "links", "1", "group", target);
	}
	terminal_start(&scene.terminal, &(struct terminal_options){.columns = 100}, args);
	terminal_wait(&scene.terminal, " to go", 3);
	cr_expect(
	    strstr(terminal_row(&scene.terminal, 0), " left, "), "%s", terminal_row(&scene.terminal, 0));
	terminal_finish(&scene.terminal);
	cr_expect_eq(terminal_count(&scene.terminal, "waiting for"), 0);
	cr_expect(strstr(terminal_row(&scene.terminal, 0), " s for --delay)"), "%s",
	    terminal_row(&scene.terminal, 0));
	expect_row(&scene, 0, "areq: 10 URLs: 10 ok; 10 links in ");
	expect_rows(&scene, 1);
	terminal_release(&scene.terminal);
	end(&scene);
}

Test(progress, is_not_broken_by_messages)
{
	struct scene scene;
	/* So that the display soon is longer than a message. */
	const char *urls[21] = {"--delay=60ms"}, *args[24] = {"-o"};
	char target[16], expected[200];
	begin(&scene);
	for (int i = 0; i < 20; i++) {
		snprintf(target, sizeof target, "/x%d", i);
		urls[i + 1] = site_url(&scene.site, target);
	}
	args[1] = scene.found;
	memcpy(args + 2, urls, sizeof urls);
	terminal_start(&scene.terminal, &(struct terminal_options){.columns = 150}, args);
	terminal_finish(&scene.terminal);
	cr_expect_gt(terminal_count(&scene.terminal, drawing), 20, "each message draws it again");
	for (size_t i = 0; i < 20; i++) {
		snprintf(expected, sizeof expected, "areq: %s: got 404 Not Found", urls[i + 1]);
		cr_expect_str_eq(terminal_row(&scene.terminal, i), expected);
	}
	expect_row(&scene, 20, "areq: 20 URLs: 0 ok, 20 failed; 0 links in ");
	expect_row(&scene, 21, "areq:   20  got 404 Not Found, first ");
	expect_rows(&scene, 22);
	terminal_release(&scene.terminal);
	end(&scene);
}

Test(progress, fits_any_window)
{
	static const unsigned short widths[] = {1, 2, 10, 40, 79};
	for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
		struct scene scene;
		begin(&scene);
		start(&scene, 150, site_page(&scene.site, "links", "1"),
		    site_page(&scene.site, "hang", "body"));
		terminal_wait(&scene.terminal, "waiting for ", 1);
		terminal_resize(&scene.terminal, widths[i]);
		/* The width may have been asked just before. */
		terminal_wait(&scene.terminal, drawing, terminal_count(&scene.terminal, drawing) + 1);
		scene.terminal.widest = 0;
		terminal_wait(&scene.terminal, drawing, terminal_count(&scene.terminal, drawing) + 3);
		cr_expect_lt(scene.terminal.widest, widths[i]);
		cr_expect(widths[i] < 10 || scene.terminal.widest > 0);
		cr_expect_not(scene.terminal.wrapped, "%u columns", widths[i]);
		cr_expect_eq(scene.terminal.row, 0, "%u columns", widths[i]);
		kill(scene.terminal.pid, SIGKILL);
		terminal_finish(&scene.terminal);
		terminal_release(&scene.terminal);
		end(&scene);
	}
}

Test(progress, ends_at_ctrl_c)
{
	struct scene scene;
	begin(&scene);
	start(&scene, 100, site_page(&scene.site, "hang", "body"));
	terminal_wait(&scene.terminal, "waiting for ", 1);
	terminal_type(&scene.terminal, "\003");
	terminal_finish(&scene.terminal);
	cr_expect(WIFSIGNALED(scene.terminal.status));
	expect_row(&scene, 0, "areq: stopped by SIGINT; 1 URL: 0 ok, 1 interrupted; 0 links in ");
	expect_rows(&scene, 1);
	terminal_release(&scene.terminal);
	end(&scene);
}

Test(progress, stays_out_of_logs_pipes_and_quiet_runs)
{
	static const struct {
		const char *option;
		const char *env;
		bool to_pipe, to_terminal;
	} cases[] = {{.option = "-q", .env = NULL, .to_pipe = false, .to_terminal = false},
	    {.option = "-v", .env = NULL, .to_pipe = false, .to_terminal = false},
	    {.option = "--progress=never", .env = NULL, .to_pipe = false, .to_terminal = false},
	    {.option = "--no-header", .env = "TERM=dumb", .to_pipe = false, .to_terminal = false},
	    {.option = "--no-header", .env = "TERM=", .to_pipe = false, .to_terminal = false},
	    {.option = "--no-header", .env = NULL, .to_pipe = true, .to_terminal = false},
	    {.option = "--no-header", .env = NULL, .to_pipe = false, .to_terminal = true},
	    {.option = "--progress=always", .env = NULL, .to_pipe = false, .to_terminal = true}};
	struct scene scene;
	begin(&scene);
	const char *url = site_page(&scene.site, "links", "1", "delay", "400");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *const env[] = {cases[i].env, NULL};
		const struct terminal_options options = {.columns = 80,
		    .output = cases[i].to_terminal ? NULL : scene.found,
		    .output_pipe = cases[i].to_pipe,
		    .env = env};
		terminal_start(&scene.terminal, &options, (const char *const[]){cases[i].option, url, NULL});
		terminal_finish(&scene.terminal);
		cr_expect_eq(terminal_count(&scene.terminal, drawing), 0, "case %zu", i);
		terminal_release(&scene.terminal);
	}
	struct run_result result;
	run_areq(&result, "-o", scene.found, url);
	run_expect_exit(&result, 0);
	cr_expect_str_eq(result.err, "");
	run_release(&result);
	run_areq(&result, "--progress=always", "-o", scene.found, url);
	cr_expect(strstr(result.err, drawing), "%s", result.err);
	run_release(&result);
	end(&scene);
}

Test(color, is_for_terminals_that_take_it_and_users_who_do)
{
	static const struct {
		const char *option, *env[2];
		bool expected;
	} cases[] = {{.option = "--color=auto", .env = {NULL}, .expected = true},
	    {.option = "--color=never", .env = {NULL}, .expected = false},
	    {.option = "--color=auto", .env = {"NO_COLOR=1"}, .expected = false},
	    {.option = "--color=auto", .env = {"NO_COLOR="}, .expected = true},
	    {.option = "--color=auto", .env = {"TERM=dumb"}, .expected = false},
	    {.option = "--color=always", .env = {"NO_COLOR=1"}, .expected = true}};
	struct scene scene;
	struct run_result result;
	begin(&scene);
	const char *url = site_page(&scene.site, "status", "404");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *const args[] = {"-o", scene.found, cases[i].option, url, NULL};
		terminal_start(
		    &scene.terminal, &(struct terminal_options){.columns = 80, .env = cases[i].env}, args);
		terminal_finish(&scene.terminal);
		bool colored = terminal_count(&scene.terminal, "\033[31mgot 404 Not Found\033[0m") == 1;
		cr_expect_eq(colored, cases[i].expected, "case %zu: %s", i, scene.terminal.raw.data);
		terminal_release(&scene.terminal);
	}
	run_areq(&result, url);
	cr_expect_not(strchr(result.err, '\033'));
	run_release(&result);
	run_areq(&result, "--color=always", url);
	cr_expect(strstr(result.err, "\033[31m1 failed\033[0m"), "%s", result.err);
	run_release(&result);
	end(&scene);
}
