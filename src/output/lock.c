#include "output/lock.h"

#include "base/log.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* False where the run is to end before what it waits for has come. */
static bool may_wait(const struct lock_how *how)
{
	/* No event tells of it: a look from time to time. */
	stop_wait_for(-1, 0);
	if (!stop_is_due())
		return true;
	if (!stop_signal())
		log_error("%s: still waited for at the deadline; nothing was fetched", how->name);
	return false;
}

/* F_SETLKW would sleep on where a signal comes just before it. */
static enum status take(int fd, const struct lock_how *how)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	for (bool told = false; fcntl(fd, F_SETLK, &whole) != 0; told = true) {
		if (errno != EAGAIN && errno != EACCES)
			return STATUS_OK;
		if (how->fail) {
			log_error("%s: another run writes to it (--lock=fail)", how->name);
			return STATUS_OUTPUT;
		}
		if (!told)
			log_warning("%s: another run writes to it; waiting", how->name);
		if (!may_wait(how))
			return STATUS_CUT_SHORT;
	}
	return STATUS_OK;
}

enum lock_name lock_names(const char *path, int fd)
{
	struct stat named, ours;
	if (fstat(fd, &ours) != 0)
		return LOCK_UNKNOWN;
	if (stat(path, &named) != 0)
		return errno == ENOENT ? LOCK_NAMES_ANOTHER : LOCK_UNKNOWN;
	return named.st_dev == ours.st_dev && named.st_ino == ours.st_ino ? LOCK_NAMES_OURS
	                                                                  : LOCK_NAMES_ANOTHER;
}

/* Opens it; a named pipe has no place for a writer before there is a reader, who is waited for. */
static enum status open_at_once(int *fd, const char *path, int flags, mode_t mode, const struct lock_how *how)
{
	struct stat info;
	for (bool told = false;; told = true) {
		*fd = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, mode);
		if (*fd >= 0 || errno != ENXIO || stat(path, &info) != 0 || !S_ISFIFO(info.st_mode))
			return STATUS_OK;
		if (!told)
			log_warning("%s: nobody reads this pipe; waiting", how->name);
		if (!may_wait(how))
			return STATUS_CUT_SHORT;
		errno = ENXIO;
	}
}

enum status lock_open(int *fd, const char *path, int flags, mode_t mode, const struct lock_how *how)
{
	enum status status;
	struct stat info;
	do {
		status = open_at_once(fd, path, flags, mode, how);
		if (status != STATUS_OK)
			return status;
		if (*fd < 0 && errno == ENOENT && !(flags & O_CREAT))
			return STATUS_OK;
		if (*fd < 0) {
			log_error("%s: cannot be opened: %s", path, strerror(errno));
			return STATUS_OUTPUT;
		}
		/* A lock on /dev/null would hold for the whole machine. */
		if (fstat(*fd, &info) == 0 && !S_ISREG(info.st_mode))
			return STATUS_OK;
		status = take(*fd, how);
		enum lock_name name = status == STATUS_OK ? lock_names(path, *fd) : LOCK_NAMES_ANOTHER;
		if (name == LOCK_NAMES_OURS)
			return STATUS_OK;
		if (name == LOCK_UNKNOWN) {
			log_error("%s: cannot be used: %s", path, strerror(errno));
			status = STATUS_OUTPUT;
		}
		close(*fd);
		*fd = -1;
	} while (status == STATUS_OK);
	return status;
}
