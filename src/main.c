/* areq: options in, run, exit status out. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/screen.h"
#include "base/stop.h"
#include "cli/cli.h"
#include "cli/password.h"
#include "run/run.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static enum log_level level_of(const struct options *options)
{
	if (options->quiet)
		return LOG_QUIET;
	return options->verbose ? LOG_VERBOSE : LOG_NORMAL;
}

/* NO_COLOR: https://no-color.org */
static bool wants_color(const struct options *options)
{
	const char *no_color = getenv("NO_COLOR");
	if (options->color != WHEN_AUTO)
		return options->color == WHEN_ALWAYS;
	return screen_obeys() && !(no_color && *no_color);
}

static enum status run_options(struct options *options, int64_t began, int *signal)
{
	if (options->inputs.count == 0 && isatty(STDIN_FILENO)) {
		log_error("no list given: areq FILE, areq URL, or a list on stdin (see areq --help)");
		return STATUS_USAGE;
	}
	stop_watch();
	if (options->deadline_ms)
		stop_at(began + options->deadline_ms);
	enum status asked = options->dry_run ? STATUS_OK : cli_password_ask(options);
	*signal = stop_signal();
	if (asked != STATUS_OK || *signal)
		return asked;
	if (options->config)
		log_event("options from %s", options->config);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		log_error("libcurl cannot be started");
		return STATUS_LIBRARY;
	}
	struct run_end end = run(options);
	curl_global_cleanup();
	*signal = end.signal;
	return end.status;
}

/* A file that is opened later must not become the stdout or stderr that the caller closed. stdout stays
 * unwritable. */
static void fill_closed_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY);
	}
}

/* What TLS and XML take of the stack, with room to spare; and what a system mostly gives. */
enum { STACK_LEAST_KIB = 256, STACK_USUAL_KIB = 8192 };

/* A stack that is too small ends a process in the midst of its work, without a word. What was lowered for
 * processes in general, and may be raised again, is. */
static bool has_stack(void)
{
	struct rlimit stack;
	const rlim_t least = (rlim_t)STACK_LEAST_KIB << 10, usual = (rlim_t)STACK_USUAL_KIB << 10;
	if (getrlimit(RLIMIT_STACK, &stack) != 0 || stack.rlim_cur >= least)
		return true;
	rlim_t had = stack.rlim_cur;
	stack.rlim_cur = stack.rlim_max != RLIM_INFINITY && stack.rlim_max < usual ? stack.rlim_max : usual;
	if (stack.rlim_cur >= least && setrlimit(RLIMIT_STACK, &stack) == 0)
		return true;
	dprintf(STDERR_FILENO, "areq: the stack may take only %ju KiB, and %d are needed (ulimit -s)\n",
	    (uintmax_t)had >> 10, STACK_LEAST_KIB);
	return false;
}

static int run_main(int argc, char **argv)
{
	int64_t began = clock_now_ms();
	fill_closed_descriptors();
	alloc_before_failure(screen_wipe);
	struct options options;
	bool shown;
	int signal = 0;
	enum status status = cli_parse(&options, argc, argv, &shown);
	if (status == STATUS_OK && !shown) {
		log_set_level(level_of(&options));
		log_set_color(wants_color(&options));
		status = run_options(&options, began, &signal);
	}
	cli_release(&options);
	screen_finish(signal != 0 || stop_is_due());
	if (signal)
		stop_die(signal);
	return status_exit_code(status);
}

int main(int argc, char **argv)
{
	return has_stack() ? run_main(argc, argv) : status_exit_code(STATUS_LOCAL);
}
