#include "output/atomic_file.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum status complain(const char *name, const char *what)
{
	log_error("%s: %s: %s", name, what, strerror(errno));
	return STATUS_OUTPUT;
}

/* A file of a folder, in the same words. */
static char *beside(const char *path, const char *name)
{
	struct buf joined;
	const char *slash = *name == '/' ? NULL : strrchr(path, '/');
	buf_init(&joined, SIZE_MAX / 2);
	buf_append(&joined, path, slash ? (size_t)(slash - path) + 1 : 0);
	buf_append_text(&joined, name);
	return joined.data;
}

static char *with_suffix(const char *path, const char *suffix)
{
	struct buf joined;
	buf_init(&joined, SIZE_MAX / 2);
	buf_append_text(&joined, path);
	buf_append_text(&joined, suffix);
	return joined.data;
}

/* realpath(3) would fail for a link to what is not there yet. */
static char *behind_links(const char *path)
{
	char *target = alloc_copy(path, strlen(path));
	char link[PATH_MAX];
	/* Who has changed the links since they were looked at may have made them a circle. */
	for (int left = 40; left > 0; left--) {
		ssize_t len = readlink(target, link, sizeof link - 1);
		if (len < 0)
			break;
		link[len] = '\0';
		char *next = beside(target, link);
		free(target);
		target = next;
	}
	return target;
}

/* A device or a pipe is not replaced, and gets nothing put beside it. */
static enum status look_at_output(struct atomic_file *self, const char *output)
{
	if (stat(output, &self->old) != 0) {
		self->old = (struct stat){0};
		return errno == ENOENT ? STATUS_OK : complain(output, "cannot be opened");
	}
	if (S_ISREG(self->old.st_mode))
		return STATUS_OK;
	log_error("%s: is no regular file, which --atomic needs", output);
	return STATUS_USAGE;
}

static enum status open_own(struct atomic_file *self, int *fd, const struct lock_how *how)
{
	struct stat info;
	/* Never wider than what it will replace, not even while it is empty. */
	mode_t mode = self->old.st_mode ? self->old.st_mode & 0777 : 0666;
	enum status status = lock_open(fd, self->path, O_RDWR | O_CREAT | O_NOFOLLOW, mode, how);
	if (status != STATUS_OK)
		return status;
	if (fstat(*fd, &info) != 0)
		return complain(self->path, "cannot be used");
	if (!S_ISREG(info.st_mode)) {
		log_error("%s: is no regular file", self->path);
		return STATUS_OUTPUT;
	}
	self->ours = info.st_size == 0;
	return STATUS_OK;
}

/* A run that writes to the target itself must not have it replaced under its hands. */
static enum status open_target(struct atomic_file *self, const struct lock_how *how)
{
	enum status status = lock_open(&self->target_fd, self->target, O_RDWR, 0, how);
	/* The run waited for may have made it, or another one. */
	self->old = (struct stat){0};
	if (status == STATUS_OK && self->target_fd >= 0 && fstat(self->target_fd, &self->old) != 0)
		return complain(self->target, "cannot be used");
	return status;
}

enum status atomic_file_open(
    struct atomic_file *self, int *fd, const char *output, const struct lock_how *how)
{
	*self = (struct atomic_file){.target_fd = -1};
	enum status status = look_at_output(self, output);
	if (status != STATUS_OK)
		return status;
	self->target = behind_links(output);
	self->path = with_suffix(self->target, ".part");
	status = open_own(self, fd, how);
	return status == STATUS_OK ? open_target(self, how) : status;
}

enum status atomic_file_begin(struct atomic_file *self, int fd)
{
	mode_t mask = umask(0);
	umask(mask);
	/* What a killed run has left may have another mode. */
	mode_t mode = self->old.st_mode ? self->old.st_mode & 07777 : 0666 & ~mask;
	if (ftruncate(fd, 0) != 0)
		return complain(self->path, "cannot be emptied");
	self->ours = true;
	return fchmod(fd, mode) == 0 ? STATUS_OK : complain(self->path, "cannot be given its mode");
}

static enum status sync_folder(const char *path, const char *name)
{
	char *folder = beside(path, ".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	/* Where one may write a folder but not read it there is nothing to be had. */
	if (fd < 0)
		return STATUS_OK;
	/* EINVAL: a file system that has no such thing. */
	bool synced = fsync(fd) == 0 || errno == EINVAL;
	enum status status =
	    synced ? STATUS_OK : complain(name, "was replaced, but its folder cannot be synced");
	close(fd);
	return status;
}

enum status atomic_file_commit(struct atomic_file *self, int fd, const char *name)
{
	/* A close would let the next run in before the rename; fsync tells all that it could tell. It is
	 * never tried again: the second time it may succeed without the bytes. */
	if (fsync(fd) != 0)
		return complain(self->path, "cannot be synced");
	enum lock_name names = lock_names(self->path, fd);
	if (names == LOCK_UNKNOWN)
		return complain(self->path, "cannot be used");
	if (names == LOCK_NAMES_ANOTHER) {
		log_error("%s: was taken away; %s is left as it was", self->path, name);
		return STATUS_OUTPUT;
	}
	if (rename(self->path, self->target) != 0)
		return complain(name, "cannot be replaced");
	self->ours = false;
	return sync_folder(self->target, name);
}

void atomic_file_release(struct atomic_file *self, int fd)
{
	if (!self->target)
		return;
	/* While the lock is held: afterwards it may be another run's. */
	if (self->ours && lock_names(self->path, fd) == LOCK_NAMES_OURS)
		unlink(self->path);
	if (self->target_fd >= 0)
		close(self->target_fd);
	free(self->target);
	free(self->path);
	*self = (struct atomic_file){0};
}
