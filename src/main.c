/* The entry point: parses the options, runs, and returns the exit status. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/screen.h"
#include "base/stop.h"
#include "cli/cli.h"
#include "cli/password.h"
#include "run/replay.h"
#include "run/run.h"
#include "run/shared_options.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static enum log_level log_level_of(const struct options *options)
{
	if (options->quiet)
		return LOG_QUIET;
	return options->verbose ? LOG_VERBOSE : LOG_NORMAL;
}

/* "auto" means colours on a terminal, unless NO_COLOR is set (https://no-color.org). */
static bool wants_color(const struct options *options)
{
	const char *no_color = getenv("NO_COLOR");
	if (options->color != WHEN_AUTO)
		return options->color == WHEN_ALWAYS;
	return screen_has_control_sequences() && !(no_color && *no_color);
}

/* Makes stdin an empty file. */
static void fill_stdin(void)
{
	int fd = open("/dev/null", O_RDONLY);
	if (fd > STDIN_FILENO) {
		dup2(fd, STDIN_FILENO);
		close(fd);
	}
}

static enum status run_options(struct options *options, int64_t start_ms, int *signal)
{
	bool is_shared = shared_options_are_meant(options);
	enum status shared_status = shared_options_check(options);
	if (shared_status != STATUS_OK)
		return shared_status;
	/* Other processes may bring the list of a shared crawl. */
	if (is_shared && options->inputs.count == 0 && isatty(STDIN_FILENO))
		fill_stdin();
	if (options->inputs.count == 0 && !options->replay && !is_shared && isatty(STDIN_FILENO)) {
		log_error("no list given: areq FILE, areq URL, or a list on stdin (see areq --help)");
		return STATUS_USAGE;
	}
	stop_catch_signals();
	if (options->deadline_ms)
		stop_at(start_ms + options->deadline_ms);
	bool needs_password = !options->dry_run && !options->replay;
	enum status password_status = !needs_password ? STATUS_OK : cli_password_ask(options);
	*signal = stop_signal();
	if (password_status != STATUS_OK || *signal)
		return password_status;
	if (options->config)
		log_event("options from %s", options->config);
	if (options->replay)
		return replay_run(options, signal);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		log_error("libcurl cannot be started");
		return STATUS_LIBRARY;
	}
	struct run_end end = run(options);
	curl_global_cleanup();
	*signal = end.signal;
	return end.status;
}

/* Opens /dev/null in place of each standard descriptor that the caller closed. Otherwise a file that is
 * opened later would get that number, and the program would write its messages or rows to it. A closed stdout
 * is opened for reading only, so that a write to it still fails. */
static void fill_closed_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
	}
}

/* The minimum is more than TLS and XML need. The usual size is what most systems give a process. */
enum { STACK_MIN_KIB = 256, STACK_USUAL_KIB = 8192 };

/* A process whose stack is too small is killed in the middle of its work without a message. So a soft limit
 * below the minimum is raised, if the hard limit allows it. Otherwise this returns false, with a message. */
static bool ensure_stack(void)
{
	struct rlimit stack;
	const rlim_t min = (rlim_t)STACK_MIN_KIB << 10, usual = (rlim_t)STACK_USUAL_KIB << 10;
	if (getrlimit(RLIMIT_STACK, &stack) != 0 || stack.rlim_cur >= min)
		return true;
	rlim_t old_limit = stack.rlim_cur;
	stack.rlim_cur = stack.rlim_max != RLIM_INFINITY && stack.rlim_max < usual ? stack.rlim_max : usual;
	if (stack.rlim_cur >= min && setrlimit(RLIMIT_STACK, &stack) == 0)
		return true;
	dprintf(STDERR_FILENO, "areq: the stack may take only %ju KiB, and %d are needed (ulimit -s)\n",
	    (uintmax_t)old_limit >> 10, STACK_MIN_KIB);
	return false;
}

static int run_main(int argc, char **argv)
{
	int64_t start_ms = clock_now_ms();
	fill_closed_descriptors();
	alloc_set_failure_hook(screen_erase_status_line);
	struct options options;
	bool shown;
	int signal = 0;
	enum status status = cli_parse(&options, argc, argv, &shown);
	if (status == STATUS_OK && !shown) {
		log_set_level(log_level_of(&options));
		log_set_color(wants_color(&options));
		status = run_options(&options, start_ms, &signal);
	}
	cli_release(&options);
	screen_finish(signal != 0 || stop_is_due());
	if (signal)
		stop_die(signal);
	return status_exit_code(status);
}

int main(int argc, char **argv)
{
	return ensure_stack() ? run_main(argc, argv) : status_exit_code(STATUS_LOCAL);
}
