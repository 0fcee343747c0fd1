/* Runs a program the way a shell would and keeps what it said. Everything here fails the running test, with
 * the program's stderr in the message, where it cannot do its work: no caller checks. */
#ifndef SUPPORT_RUN_H
#define SUPPORT_RUN_H

#include "base/buf.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Sends a signal so many seconds after the text has shown up, or after the start where both texts are NULL.
 */
struct run_signal {
	int number; /* 0: none */
	double after;
	const char *on_output;
	const char *on_error;
};

/* All zero is a good default: stdin is /dev/null, stdout is kept, 20 seconds. */
struct run_options {
	/* stdin: the first of these that is set */
	const char *input; /* this text, or, with input_len, these bytes */
	size_t input_len;
	const char *input_file;
	bool input_pipe;   /* the caller writes: run_feed, run_close_input */
	bool input_closed; /* there is no descriptor 0 */

	/* stdout: the first of these that is set; else it is kept */
	const char *output_file; /* opened for writing, /dev/full for example */
	bool output_closed;      /* there is no descriptor 1 */
	size_t output_stop;      /* the reader goes away after so many bytes, or a few more */

	double limit; /* seconds until the child is killed and the test fails; 0: 20 */
	struct run_signal signal;
	int ignore;             /* a signal that the program finds ignored, as under nohup; 0: none */
	unsigned max_files;     /* its limit of open descriptors; 0: as here */
	const char *directory;  /* where it runs; NULL: here */
	const char *const *env; /* "NAME=value" sets, "NAME" removes; ends with NULL */
};

struct run_result {
	int exit_status; /* -1 where a signal ended it */
	int signal;      /* 0 where it ended by itself */
	char *out;       /* NUL-terminated behind out_len bytes, never NULL */
	size_t out_len;
	char *err;
	size_t err_len;
	double seconds;
	long max_rss_kib; /* the system counts the test process itself up to the exec, so it is a floor */
};

/* Runs areq with these arguments to its end. A NULL behind the last argument is allowed, not needed. The name
 * of the program is that of $AREQ_BIN, or ./areq; with run_options, a struct run_options comes first, as in
 *	run_areq_with(&result, (&(struct run_options){.input = "http://a/\n", .limit = 5}), "-j", "3");
 * The program finds an environment without proxies and without a home, so that no configuration is read. */
#define run_areq(result, ...)                                                                                \
	run_program(result, NULL, run_areq_name(), (const char *const[]){__VA_ARGS__, NULL})
#define run_areq_with(result, options, ...)                                                                  \
	run_program(result, options, run_areq_name(), (const char *const[]){__VA_ARGS__, NULL})

const char *run_areq_name(void);

/* The same for any program; args are those behind its name, which is searched in PATH if it has no slash. */
void run_program(struct run_result *result, const struct run_options *options, const char *program,
    const char *const *args);

void run_release(struct run_result *result);

#define run_assert_exit(result, wanted)                                                                      \
	cr_assert((result)->exit_status == (wanted),                                                         \
	    "exit status %d (signal %d), not %d, after %.2f s; stderr:\n%s", (result)->exit_status,          \
	    (result)->signal, (wanted), (result)->seconds, (result)->err)

#define run_expect_exit(result, wanted)                                                                      \
	cr_expect((result)->exit_status == (wanted),                                                         \
	    "exit status %d (signal %d), not %d, after %.2f s; stderr:\n%s", (result)->exit_status,          \
	    (result)->signal, (wanted), (result)->seconds, (result)->err)

/* A program that runs while the test does something else. Its output is read whenever one of the functions
 * below waits, so a test that does not call them for long blocks a talkative program. */
struct run_child {
	struct run_options options;
	char *name;
	pid_t pid;
	int in, out, err; /* -1: closed, or not ours */
	struct buf to_in; /* not written yet */
	bool in_ends;     /* close it when to_in is empty */
	struct buf kept_out, kept_err;
	double started;
	bool signalled;
	double seen_at; /* when the text of options.signal showed up; negative: not yet */
	bool ended;
	int status;
	double seconds;
	long max_rss_kib;
};

#define run_start_areq(child, options, ...)                                                                  \
	run_start(child, options, run_areq_name(), (const char *const[]){__VA_ARGS__, NULL})

/* options and what it points to are borrowed until run_finish; may be NULL. */
void run_start(
    struct run_child *child, const struct run_options *options, const char *program, const char *const *args);

/* Writes to its stdin (with input_pipe) as far as the program takes it at once; the rest goes while waiting.
 */
void run_feed(struct run_child *child, const char *text);
void run_close_input(struct run_child *child);

/* Waits until what it wrote so far holds the text; fails after so many seconds, or where the program ends
 * without it. */
void run_wait_output(struct run_child *child, const char *text, double seconds);
void run_wait_error(struct run_child *child, const char *text, double seconds);

/* Lets it run for so long, or to its end, and reads what it writes. True where it has ended. */
bool run_wait(struct run_child *child, double seconds);

void run_kill(struct run_child *child, int signal);

/* Waits for its end and gives what it left; closes its stdin first. Release the result. */
void run_finish(struct run_child *child, struct run_result *result);

/* Seconds on the monotonic clock; times 1000 it is the clock of the test server. */
double run_clock(void);

#endif
