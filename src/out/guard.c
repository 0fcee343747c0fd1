#include "out/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GUARDED_MAX = 8, DESCRIPTORS_MAX = 65536, AT_A_TIME = 256 };

static bool is_kept(int fd, const struct file *const *kept, size_t count)
{
	bool found = false;
	for (size_t i = 0; i < count; i++)
		found |= kept[i]->fd == fd;
	return found;
}

/* What it held open would stay open for those who wait for its end. poll tells which descriptors there are,
 * many with one call. */
static void close_all_but(const struct file *const *kept, size_t count)
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

/* Sleeps until the writer's lock is gone. There is nobody left to tell where something fails. */
static void stand_by(const struct file *file)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat info;
	off_t end;
	while (fcntl(file->fd, F_SETLKW, &whole) != 0) {
		if (errno != EINTR)
			return;
	}
	/* The writer's own descriptor may be for writing alone. */
	int reader = open(file->name, O_RDONLY | O_CLOEXEC);
	if (reader >= 0 && fstat(reader, &info) == 0 && file_is(file, &info) &&
	    file_find_end(file, reader, info.st_size, &end) && end < info.st_size)
		(void)!ftruncate(file->fd, end);
}

static void guard(const struct file *const *files, size_t count)
{
	setsid();
	close_all_but(files, count);
	for (size_t i = 0; i < count; i++)
		stand_by(files[i]);
}

pid_t guard_start(const struct file *const *files, size_t count)
{
	const struct file *guarded[GUARDED_MAX];
	size_t guarded_count = 0;
	for (size_t i = 0; i < count && guarded_count < GUARDED_MAX; i++) {
		const struct file *file = files[i];
		if (file->fd >= 0 && !file->is_stdout && !file->part.target && S_ISREG(file->info.st_mode))
			guarded[guarded_count++] = file;
	}
	pid_t child = guarded_count ? fork() : -1;
	if (child == 0) {
		guard(guarded, guarded_count);
		_exit(0);
	}
	return child;
}

void guard_stop(pid_t guard)
{
	if (guard <= 0)
		return;
	kill(guard, SIGKILL);
	while (waitpid(guard, NULL, 0) < 0 && errno == EINTR)
		;
}
