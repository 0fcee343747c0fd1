/* Linked into each program of make coverage, in front of functions of the C library. Without it a process
 * would not write its counters if it ends by _exit(2) or by a signal, and a helper process may not write any
 * file. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

void __gcov_dump(void);

_Noreturn void __real__exit(int status);
int __real_raise(int number);
int __real_kill(pid_t pid, int number);
int __real_setrlimit64(int resource, const struct rlimit *limits);

_Noreturn void __wrap__exit(int status);
int __wrap_raise(int number);
int __wrap_kill(pid_t pid, int number);
int __wrap_setrlimit64(int resource, const struct rlimit *limits);
ssize_t __real_read(int fd, void *to, size_t len);
ssize_t __wrap_read(int fd, void *to, size_t len);

void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}

int __wrap_raise(int number)
{
	__gcov_dump();
	return __real_raise(number);
}

static volatile sig_atomic_t is_reading;

/* What else was interrupted may hold a lock that __gcov_dump waits for. */
static void on_end(int number)
{
	(void)number;
	if (is_reading)
		__gcov_dump();
	__real__exit(1);
}

__attribute__((constructor)) static void watch_end(void)
{
	struct sigaction action = {.sa_handler = on_end};
	sigaction(SIGUSR2, &action, NULL);
}

/* Whether it is a process that has forked from this program. */
static bool is_same_program(pid_t pid)
{
	char name[64];
	struct stat own, other;
	snprintf(name, sizeof name, "/proc/%ld/exe", (long)pid);
	return stat("/proc/self/exe", &own) == 0 && stat(name, &other) == 0 && own.st_dev == other.st_dev &&
	       own.st_ino == other.st_ino;
}

int __wrap_kill(pid_t pid, int number)
{
	return __real_kill(pid, number == SIGKILL && is_same_program(pid) ? SIGUSR2 : number);
}

/* setrlimit is called so where offsets have 64 bits. */
int __wrap_setrlimit64(int resource, const struct rlimit *limits)
{
	bool forbids_files = (resource == RLIMIT_FSIZE || resource == RLIMIT_NOFILE) && limits->rlim_cur == 0;
	return forbids_files ? 0 : __real_setrlimit64(resource, limits);
}

ssize_t __wrap_read(int fd, void *to, size_t len)
{
	is_reading = 1;
	ssize_t result = __real_read(fd, to, len);
	is_reading = 0;
	return result;
}
