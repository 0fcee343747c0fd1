#include "base/child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DESCRIPTORS_MAX = 65536, AT_A_TIME = 256 };

/* Libraries and stacks take addresses, but no memory that counts. */
enum { ADDRESSES_BESIDE = 256 << 20 };

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

/* What it held open would stay open for those who wait for its end. poll tells which descriptors there are,
 * many with one call. */
static void close_all_but(const int *kept, size_t count)
{
	struct pollfd some[AT_A_TIME];
	long limit = sysconf(_SC_OPEN_MAX);
	for (int first = 0; first < limit && first < DESCRIPTORS_MAX; first += AT_A_TIME) {
		for (int i = 0; i < AT_A_TIME; i++)
			some[i] = (struct pollfd){.fd = first + i};
		bool told = poll(some, AT_A_TIME, 0) >= 0;
		for (int i = 0; i < AT_A_TIME; i++) {
			bool absent = told && some[i].revents & POLLNVAL;
			if (!absent && !is_kept(first + i, kept, count))
				close(first + i);
		}
	}
}

static void set_action(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler};
	sigemptyset(&action.sa_mask);
	sigaction(number, &action, NULL);
}

/* Whoever stops a service tells all of its processes; these end when the parent does. */
static void forget_signals(void)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
	static const int usual[] = {SIGTSTP, SIGALRM, SIGXFSZ};
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
		set_action(ignored[i], SIG_IGN);
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		set_action(usual[i], SIG_DFL);
}

pid_t child_start(void (*fn)(void *ctx), void *ctx, const int *kept, size_t count)
{
	pid_t child = fork();
	if (child != 0)
		return child;
	setsid();
	forget_signals();
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

static void limit(int resource, rlim_t value)
{
	struct rlimit limits;
	if (getrlimit(resource, &limits) != 0)
		return;
	limits.rlim_cur =
	    limits.rlim_max != RLIM_INFINITY && limits.rlim_max < value ? limits.rlim_max : value;
	setrlimit(resource, &limits);
}

void child_close_in(void)
{
	limit(RLIMIT_CORE, 0);
	if (IS_SANITIZED)
		return;
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_NOFILE, 0);
}

void child_limit_time(unsigned seconds)
{
	struct rusage usage;
	rlim_t used = 0;
	/* The limit is in whole seconds, of all that the process has taken. */
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		used = (rlim_t)usage.ru_utime.tv_sec + (rlim_t)usage.ru_stime.tv_sec + 1;
	limit(RLIMIT_CPU, used + seconds);
}

size_t child_memory(void)
{
	struct rusage usage;
	return getrusage(RUSAGE_SELF, &usage) == 0 ? (size_t)usage.ru_maxrss * 1024 : 0;
}

void child_limit_memory(size_t bytes)
{
	if (!IS_SANITIZED)
		limit(RLIMIT_AS, child_memory() + bytes + ADDRESSES_BESIDE);
}
