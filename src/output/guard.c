#include "output/guard.h"

#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

enum { GUARDED_MAX = 8 };

struct guarded {
	const struct file *files[GUARDED_MAX];
	size_t count;
};

/* Waits until the writer's lock is released, then cuts an incomplete row off the end of the file. Errors are
 * not reported, since the run has ended. */
static void wait_and_cut_torn_row(const struct file *file)
{
	struct flock whole_file = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat info;
	off_t end;
	while (fcntl(file->fd, F_SETLKW, &whole_file) != 0) {
		if (errno != EINTR)
			return;
	}
	/* file->fd may be open only for writing, so the file is opened again. */
	int reader = open(file->name, O_RDONLY | O_CLOEXEC);
	if (reader >= 0 && fstat(reader, &info) == 0 && file_is_same(file, &info) &&
	    file_find_end(file, reader, info.st_size, &end) && end < info.st_size)
		(void)!ftruncate(file->fd, end);
}

static void run_guard(void *ctx)
{
	const struct guarded *self = ctx;
	for (size_t i = 0; i < self->count; i++)
		wait_and_cut_torn_row(self->files[i]);
}

pid_t guard_start(const struct file *const *files, size_t count)
{
	struct guarded guarded = {.count = 0};
	int descriptors[GUARDED_MAX] = {0};
	for (size_t i = 0; i < count && guarded.count < GUARDED_MAX; i++) {
		const struct file *file = files[i];
		if (file->fd < 0 || file->is_stdout || file->atomic.target || !S_ISREG(file->info.st_mode))
			continue;
		descriptors[guarded.count] = file->fd;
		guarded.files[guarded.count++] = file;
	}
	return guarded.count ? child_start(run_guard, &guarded, descriptors, guarded.count) : -1;
}

void guard_stop(pid_t guard)
{
	if (guard <= 0)
		return;
	kill(guard, SIGKILL);
	child_wait(guard);
}
