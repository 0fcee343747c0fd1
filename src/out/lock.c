#include "out/lock.h"

#include "base/log.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* F_SETLKW would sleep on where a signal comes just before it. */
enum { LOOK_MS = 100 };

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
		poll(NULL, 0, LOOK_MS);
		if (stop_signal())
			return STATUS_OUTPUT;
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

enum status lock_open(int *fd, const char *path, int flags, mode_t mode, const struct lock_how *how)
{
	enum status status;
	struct stat info;
	do {
		*fd = open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
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
