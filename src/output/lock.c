#include "output/lock.h"

#include "base/log.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Waits before the next try. False if the run has to end instead: a signal came, or the deadline passed
 * (logged). */
static bool wait_for_next_try(const struct lock_options *options)
{
	/* The system sends no event when a lock is released or a named pipe gets a reader, so the caller
	 * tries again from time to time. */
	stop_wait_for(-1, 0);
	if (!stop_is_due())
		return true;
	if (!stop_signal())
		log_error("%s: still waited for at the deadline; nothing was fetched", options->name);
	return false;
}

/* Locks the whole file; waits while another run holds the lock. A file that cannot be locked is no error.
 * F_SETLKW is not used, since it would go on sleeping if a signal came just before it. */
static enum status acquire_lock(int fd, const struct lock_options *options)
{
	struct flock whole_file = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	for (bool is_reported = false; fcntl(fd, F_SETLK, &whole_file) != 0; is_reported = true) {
		if (errno != EAGAIN && errno != EACCES)
			return STATUS_OK;
		if (options->fail_if_locked) {
			log_error("%s: another run writes to it (--lock=fail)", options->name);
			return STATUS_OUTPUT;
		}
		if (!is_reported)
			log_warning("%s: another run writes to it; waiting", options->name);
		if (!wait_for_next_try(options))
			return STATUS_CUT_SHORT;
	}
	return STATUS_OK;
}

enum lock_path lock_check_path(const char *path, int fd)
{
	struct stat named, ours;
	if (fstat(fd, &ours) != 0)
		return LOCK_PATH_UNKNOWN;
	if (stat(path, &named) != 0)
		return errno == ENOENT ? LOCK_PATH_OTHER : LOCK_PATH_UNKNOWN;
	return named.st_dev == ours.st_dev && named.st_ino == ours.st_ino ? LOCK_PATH_OURS : LOCK_PATH_OTHER;
}

/* Leaves errno as it is after an open that has failed. */
static bool is_pipe_without_reader(int fd, const char *path)
{
	struct stat info;
	if (fd >= 0 || errno != ENXIO)
		return false;
	bool is_pipe = stat(path, &info) == 0 && S_ISFIFO(info.st_mode);
	errno = ENXIO;
	return is_pipe;
}

/* Opens path. A named pipe cannot be opened for writing (ENXIO) before a process reads from it, so this
 * waits for a reader. Any other error is left to the caller, in errno. */
static enum status open_and_wait_for_reader(
    int *fd, const char *path, int flags, mode_t mode, const struct lock_options *options)
{
	for (bool is_reported = false;; is_reported = true) {
		*fd = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, mode);
		if (!is_pipe_without_reader(*fd, path))
			return STATUS_OK;
		if (!is_reported)
			log_warning("%s: nobody reads this pipe; waiting", options->name);
		if (!wait_for_next_try(options))
			return STATUS_CUT_SHORT;
		errno = ENXIO;
	}
}

enum status lock_open(int *fd, const char *path, int flags, mode_t mode, const struct lock_options *options)
{
	enum status status;
	struct stat info;
	do {
		status = open_and_wait_for_reader(fd, path, flags, mode, options);
		if (status != STATUS_OK)
			return status;
		if (*fd < 0 && errno == ENOENT && !(flags & O_CREAT))
			return STATUS_OK;
		if (*fd < 0)
			return log_output_error(path, "cannot be opened");
		/* Only regular files are locked: a lock on /dev/null would hold back all runs on this
		 * machine. */
		if (fstat(*fd, &info) == 0 && !S_ISREG(info.st_mode))
			return STATUS_OK;
		status = acquire_lock(*fd, options);
		enum lock_path name = status == STATUS_OK ? lock_check_path(path, *fd) : LOCK_PATH_OTHER;
		if (name == LOCK_PATH_OURS)
			return STATUS_OK;
		if (name == LOCK_PATH_UNKNOWN)
			status = log_output_error(path, "cannot be used");
		close(*fd);
		*fd = -1;
	} while (status == STATUS_OK);
	return status;
}
