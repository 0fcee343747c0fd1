#include "base/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 65536, POLL_BATCH = 256 };

/* RLIMIT_AS limits addresses rather than memory. This allows for those that libraries and stacks only
 * reserve. */
enum { RESERVED_ADDRESSES = 256 << 20 };

#if defined __SANITIZE_ADDRESS__
#define IS_SANITIZED 1
#elif defined __has_feature
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

static bool is_kept(int fd, const int *kept, size_t count)
{
	bool found = false;
	for (size_t i = 0; i < count; i++)
		found |= kept[i] == fd;
	return found;
}

/* A descriptor that the child inherits, such as the end of a pipe, stays open as long as the child lives,
 * even if the parent closes it: whoever waits for its end would wait on. One poll(2) finds out which of many
 * descriptors are open, so that close(2) is not called for each possible one. */
static void close_all_but(const int *kept, size_t count)
{
	struct pollfd batch[POLL_BATCH];
	long limit = sysconf(_SC_OPEN_MAX);
	for (int first = 0; first < limit && first < DESCRIPTORS_MAX; first += POLL_BATCH) {
		for (int i = 0; i < POLL_BATCH; i++)
			batch[i] = (struct pollfd){.fd = first + i};
		bool is_known = poll(batch, POLL_BATCH, 0) >= 0;
		for (int i = 0; i < POLL_BATCH; i++) {
			bool absent = is_known && batch[i].revents & POLLNVAL;
			if (!absent && !is_kept(first + i, kept, count))
				close(first + i);
		}
	}
}

static void set_signal_handler(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};
	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

/* Whoever stops a service sends a signal to all of its processes. A child ignores it, because it ends with
 * its parent. */
static void reset_signals(void)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	static const int restored[] = {SIGTSTP, SIGALRM, SIGXFSZ};
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		set_signal_handler(ignored[i], SIG_IGN);
	for (size_t i = 0; i < sizeof restored / sizeof *restored; i++)
		set_signal_handler(restored[i], SIG_DFL);
}

pid_t child_start(void (*fn)(void *ctx), void *ctx, const int *kept, size_t count)
{
	pid_t child = fork();
	if (child != 0)
		return child;
	setsid();
	reset_signals();
	close_all_but(kept, count);
	fn(ctx);
	_exit(0);
}

int child_wait(pid_t child)
{
	int status = 0;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

static void set_limit(int resource, rlim_t value)
{
	struct rlimit limits;
	if (getrlimit(resource, &limits) != 0)
		return;
	limits.rlim_cur =
	    limits.rlim_max != RLIM_INFINITY && limits.rlim_max < value ? limits.rlim_max : value;
	setrlimit(resource, &limits);
}

void child_forbid_files(void)
{
	set_limit(RLIMIT_CORE, 0);
	if (IS_SANITIZED)
		return;
	set_limit(RLIMIT_FSIZE, 0);
	set_limit(RLIMIT_NOFILE, 0);
}

void child_limit_time(unsigned seconds)
{
	struct rusage usage;
	rlim_t used = 0;
	/* RLIMIT_CPU counts whole seconds from the start of the process. */
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		used = (rlim_t)usage.ru_utime.tv_sec + (rlim_t)usage.ru_stime.tv_sec + 1;
	set_limit(RLIMIT_CPU, used + seconds);
}

size_t child_peak_memory(void)
{
	struct rusage usage;
	return getrusage(RUSAGE_SELF, &usage) == 0 ? (size_t)usage.ru_maxrss * 1024 : 0;
}

void child_limit_memory(size_t bytes)
{
	if (!IS_SANITIZED)
		set_limit(RLIMIT_AS, child_peak_memory() + bytes + RESERVED_ADDRESSES);
}
