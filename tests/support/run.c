#include "run.h"

#include "base/alloc.h"
#include "reap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KEPT_MAX = 256 << 20, READ_AT_ONCE = 64 << 10 };

static const double DEFAULT_LIMIT = 20;

/* An ended child is noticed by its closed pipes, or, where it left them to others, after so long. */
enum { LOOK_MS = 20 };

double run_clock(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

const char *run_areq_name(void)
{
	const char *name = getenv("AREQ_BIN");
	return name && *name ? name : "./areq";
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Both ends stay out of other children. */
static void make_pipe(int ends[2])
{
	cr_assert(pipe(ends) == 0, "pipe: %s", strerror(errno));
	fcntl(ends[0], F_SETFD, FD_CLOEXEC);
	fcntl(ends[1], F_SETFD, FD_CLOEXEC);
}

/* The child finds the descriptor at its place, or nothing there where fd is negative. */
static void place(int fd, int at)
{
	if (fd < 0)
		close(at);
	else if (fd == at)
		fcntl(fd, F_SETFD, 0);
	else
		dup2(fd, at);
}

static void set_environment(const char *const *env)
{
	static const char *const removed[] = {"http_proxy", "https_proxy", "all_proxy", "no_proxy",
	    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "XDG_CONFIG_HOME", "CURL_HOME"};
	for (size_t i = 0; i < sizeof removed / sizeof *removed; i++)
		unsetenv(removed[i]);
	setenv("HOME", "/nonexistent", 1);
	for (; env && *env; env++) {
		const char *equal = strchr(*env, '=');
		if (!equal) {
			unsetenv(*env);
			continue;
		}
		char *name = alloc_copy(*env, (size_t)(equal - *env));
		setenv(name, equal + 1, 1);
		free(name);
	}
}

static _Noreturn void become(const struct run_options *options, char **argv, int in, int out, int err)
{
	/* Above 2, so that placing one does not close another. */
	in = in < 0 ? in : fcntl(in, F_DUPFD_CLOEXEC, 3);
	out = out < 0 ? out : fcntl(out, F_DUPFD_CLOEXEC, 3);
	err = fcntl(err, F_DUPFD_CLOEXEC, 3);
	place(in, STDIN_FILENO);
	place(out, STDOUT_FILENO);
	place(err, STDERR_FILENO);
	set_environment(options->env);
	signal(SIGPIPE, SIG_DFL);
	if (options->ignore)
		signal(options->ignore, SIG_IGN);
	if (options->max_files) {
		struct rlimit limit = {options->max_files, options->max_files};
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (!options->directory || chdir(options->directory) == 0)
		execvp(argv[0], argv);
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Its own end, and what the child gets as stdin (negative: nothing). */
static int open_input(struct run_child *child)
{
	const struct run_options *options = &child->options;
	int ends[2], fd = -1;
	if (options->input || options->input_pipe) {
		make_pipe(ends);
		child->in = ends[1];
		fcntl(child->in, F_SETFL, O_NONBLOCK);
		return ends[0];
	}
	if (!options->input_file && options->input_closed)
		return -1;
	const char *name = options->input_file ? options->input_file : "/dev/null";
	fd = open(name, O_RDONLY | O_CLOEXEC);
	cr_assert(fd >= 0, "%s: %s", name, strerror(errno));
	return fd;
}

static int open_output(struct run_child *child)
{
	const struct run_options *options = &child->options;
	int ends[2];
	if (options->output_file) {
		int fd = open(options->output_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		cr_assert(fd >= 0, "%s: %s", options->output_file, strerror(errno));
		return fd;
	}
	if (options->output_closed)
		return -1;
	make_pipe(ends);
	child->out = ends[0];
	fcntl(child->out, F_SETFL, O_NONBLOCK);
	return ends[1];
}

/* A program named from here keeps its name where it runs in another folder. */
static char *program_name(const char *program, const char *directory)
{
	char here[4096];
	struct buf name;
	if (!directory || *program == '/' || !strchr(program, '/'))
		return alloc_copy(program, strlen(program));
	cr_assert(getcwd(here, sizeof here), "getcwd: %s", strerror(errno));
	buf_init(&name, KEPT_MAX);
	buf_append_text(&name, here);
	buf_append_byte(&name, '/');
	buf_append_text(&name, program);
	return name.data;
}

static char **make_argv(char *name, const char *const *args)
{
	size_t count = 0;
	while (args && args[count])
		count++;
	char **argv = alloc_array(count + 2, sizeof *argv);
	argv[0] = name;
	for (size_t i = 0; i < count; i++)
		argv[i + 1] = alloc_copy(args[i], strlen(args[i]));
	return argv;
}

static void free_argv(char **argv)
{
	for (size_t i = 1; argv[i]; i++)
		free(argv[i]);
	free(argv);
}

static void feed_bytes(struct run_child *child, const char *bytes, size_t len);

void run_start(
    struct run_child *child, const struct run_options *options, const char *program, const char *const *args)
{
	int err[2];
	*child = (struct run_child){.in = -1, .out = -1, .err = -1, .seen_at = -1};
	if (options)
		child->options = *options;
	if (child->options.limit <= 0)
		child->options.limit = DEFAULT_LIMIT;
	buf_init(&child->to_in, KEPT_MAX);
	buf_init(&child->kept_out, KEPT_MAX);
	buf_init(&child->kept_err, KEPT_MAX);
	buf_append(&child->kept_out, "", 0);
	buf_append(&child->kept_err, "", 0);
	child->name = program_name(program, child->options.directory);
	char **argv = make_argv(child->name, args);
	/* The test writes to programs that may be gone. */
	signal(SIGPIPE, SIG_IGN);
	int in = open_input(child), out = open_output(child);
	make_pipe(err);
	child->err = err[0];
	fcntl(child->err, F_SETFL, O_NONBLOCK);
	child->started = run_clock();
	child->pid = fork();
	cr_assert(child->pid >= 0, "fork: %s", strerror(errno));
	if (child->pid == 0)
		become(&child->options, argv, in, out, err[1]);
	close_one(&in);
	close_one(&out);
	close_one(&err[1]);
	free_argv(argv);
	if (child->options.input) {
		size_t len = child->options.input_len;
		feed_bytes(child, child->options.input, len ? len : strlen(child->options.input));
		run_close_input(child);
	}
}

static void write_input(struct run_child *child)
{
	while (child->in >= 0 && child->to_in.len > 0) {
		ssize_t put = write(child->in, child->to_in.data, child->to_in.len);
		if (put > 0)
			buf_consume(&child->to_in, (size_t)put);
		else if (errno == EAGAIN)
			return;
		else if (errno != EINTR)
			close_one(&child->in); /* the program does not read on, which is its right */
	}
	if (child->in_ends)
		close_one(&child->in);
}

static void read_kept(int *fd, struct buf *kept)
{
	while (*fd >= 0) {
		char *to = buf_reserve(kept, READ_AT_ONCE);
		cr_assert(to, "the program writes more than %d MiB", KEPT_MAX >> 20);
		ssize_t got = read(*fd, to, READ_AT_ONCE);
		if (got > 0) {
			kept->len += (size_t)got;
			kept->data[kept->len] = '\0';
		} else if (got < 0 && errno == EAGAIN) {
			return;
		} else if (got == 0 || errno != EINTR) {
			close_one(fd);
		}
	}
}

static void read_output(struct run_child *child)
{
	read_kept(&child->out, &child->kept_out);
	read_kept(&child->err, &child->kept_err);
	if (child->options.output_stop && child->kept_out.len >= child->options.output_stop)
		close_one(&child->out);
}

static bool holds(const struct buf *kept, const char *text)
{
	size_t len = strlen(text);
	for (size_t i = 0; i + len <= kept->len; i++)
		if (memcmp(kept->data + i, text, len) == 0)
			return true;
	return false;
}

static void signal_when_due(struct run_child *child)
{
	const struct run_signal *signal = &child->options.signal;
	if (!signal->number || child->signalled || child->ended)
		return;
	double now = run_clock();
	if (child->seen_at < 0) {
		if (!signal->on_output && !signal->on_error)
			child->seen_at = child->started;
		else if ((signal->on_output && holds(&child->kept_out, signal->on_output)) ||
		         (signal->on_error && holds(&child->kept_err, signal->on_error)))
			child->seen_at = now;
	}
	if (child->seen_at >= 0 && now - child->seen_at >= signal->after) {
		child->signalled = true;
		kill(child->pid, signal->number);
	}
}

static void look_for_end(struct run_child *child)
{
	if (child->ended || !reap_child(child->pid, &child->status, &child->max_rss_kib))
		return;
	child->ended = true;
	child->seconds = run_clock() - child->started;
	read_output(child);
}

/* Fails the test; the child does not outlive it. */
static void give_up(struct run_child *child, const char *why, const char *what)
{
	if (!child->ended) {
		kill(child->pid, SIGKILL);
		waitpid(child->pid, NULL, 0);
	}
	cr_assert(false, "%s %s %s after %.2f s; stdout has %zu bytes; stderr:\n%s", child->name, why, what,
	    run_clock() - child->started, child->kept_out.len, child->kept_err.data);
}

/* One look at everything, waiting for so long at most. */
static void take_turn(struct run_child *child, double seconds)
{
	struct pollfd polled[] = {{.fd = child->out, .events = POLLIN}, {.fd = child->err, .events = POLLIN},
	    {.fd = child->to_in.len > 0 ? child->in : -1, .events = POLLOUT}};
	int ms = seconds * 1e3 < LOOK_MS ? (int)(seconds * 1e3) + 1 : LOOK_MS;
	poll(polled, sizeof polled / sizeof *polled, ms);
	write_input(child);
	read_output(child);
	signal_when_due(child);
	look_for_end(child);
	if (!child->ended && run_clock() - child->started > child->options.limit)
		give_up(child, "was killed:", "it ran too long,");
}

static void feed_bytes(struct run_child *child, const char *bytes, size_t len)
{
	buf_append(&child->to_in, bytes, len);
	write_input(child);
}

void run_feed(struct run_child *child, const char *text)
{
	feed_bytes(child, text, strlen(text));
}

void run_close_input(struct run_child *child)
{
	child->in_ends = true;
	write_input(child);
}

static void wait_for(struct run_child *child, const struct buf *kept, const char *text, double seconds)
{
	double until = run_clock() + seconds;
	while (!holds(kept, text)) {
		double left = until - run_clock();
		if (left <= 0 || child->ended)
			give_up(child, "has not said:", text);
		take_turn(child, left);
	}
}

void run_wait_output(struct run_child *child, const char *text, double seconds)
{
	wait_for(child, &child->kept_out, text, seconds);
}

void run_wait_error(struct run_child *child, const char *text, double seconds)
{
	wait_for(child, &child->kept_err, text, seconds);
}

bool run_wait(struct run_child *child, double seconds)
{
	double until = run_clock() + seconds;
	for (double left = seconds; !child->ended && left > 0; left = until - run_clock())
		take_turn(child, left);
	return child->ended;
}

void run_kill(struct run_child *child, int signal)
{
	look_for_end(child);
	if (!child->ended)
		kill(child->pid, signal);
}

void run_finish(struct run_child *child, struct run_result *result)
{
	run_close_input(child);
	while (!child->ended)
		take_turn(child, 1);
	*result = (struct run_result){
	    .exit_status = WIFEXITED(child->status) ? WEXITSTATUS(child->status) : -1,
	    .signal = WIFSIGNALED(child->status) ? WTERMSIG(child->status) : 0,
	    .out = child->kept_out.data,
	    .out_len = child->kept_out.len,
	    .err = child->kept_err.data,
	    .err_len = child->kept_err.len,
	    .seconds = child->seconds,
	    .max_rss_kib = child->max_rss_kib,
	};
	close_one(&child->in);
	close_one(&child->out);
	close_one(&child->err);
	buf_release(&child->to_in);
	free(child->name);
}

void run_program(struct run_result *result, const struct run_options *options, const char *program,
    const char *const *args)
{
	struct run_child child;
	run_start(&child, options, program, args);
	run_finish(&child, result);
}

void run_release(struct run_result *result)
{
	free(result->out);
	free(result->err);
	*result = (struct run_result){0};
}
