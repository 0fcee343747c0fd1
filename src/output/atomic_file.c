#include "output/atomic_file.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *with_suffix(const char *path, const char *suffix)
{
	struct buf joined;
	buf_init(&joined, SIZE_MAX / 2);
	buf_append_text(&joined, path);
	buf_append_text(&joined, suffix);
	return joined.data;
}

/* Refuses an output that is not a regular file: a device or a pipe cannot be replaced. */
static enum status check_output(struct atomic_file *self, const char *output)
{
	if (stat(output, &self->old) != 0) {
		self->old = (struct stat){0};
		return errno == ENOENT ? STATUS_OK : log_output_error(output, "cannot be opened");
	}
	if (S_ISREG(self->old.st_mode))
		return STATUS_OK;
	log_error("%s: is no regular file, which --atomic needs", output);
	return STATUS_USAGE;
}

static enum status open_temporary(struct atomic_file *self, int *fd, const struct lock_options *options)
{
	struct stat info;
	/* The temporary file never has more permissions than the target, not even while it is empty. */
	mode_t mode = self->old.st_mode ? self->old.st_mode & 0777 : 0666;
	enum status status = lock_open(fd, self->path, O_RDWR | O_CREAT | O_NOFOLLOW, mode, options);
	if (status != STATUS_OK)
		return status;
	if (fstat(*fd, &info) != 0)
		return log_output_error(self->path, "cannot be used");
	if (!S_ISREG(info.st_mode)) {
		log_error("%s: is no regular file", self->path);
		return STATUS_OUTPUT;
	}
	self->is_ours = info.st_size == 0;
	return STATUS_OK;
}

/* Locks the target too, so that it is not replaced while another run writes to it in place. */
static enum status open_target(struct atomic_file *self, const struct lock_options *options)
{
	enum status status = lock_open(&self->target_fd, self->target, O_RDWR, 0, options);
	/* The status is read again, since the run that held the lock may have made or replaced the
	 * target. */
	self->old = (struct stat){0};
	if (status == STATUS_OK && self->target_fd >= 0 && fstat(self->target_fd, &self->old) != 0)
		return log_output_error(self->target, "cannot be used");
	return status;
}

enum status atomic_file_open(
    struct atomic_file *self, int *fd, const char *output, const struct lock_options *options)
{
	*self = (struct atomic_file){.target_fd = -1};
	enum status status = check_output(self, output);
	if (status != STATUS_OK)
		return status;
	self->target = path_resolve_links(output);
	self->path = with_suffix(self->target, ".part");
	status = open_temporary(self, fd, options);
	return status == STATUS_OK ? open_target(self, options) : status;
}

enum status atomic_file_begin(struct atomic_file *self, int fd)
{
	mode_t mask = umask(0);
	umask(mask);
	/* A temporary file that a killed run left may have another mode. */
	mode_t mode = self->old.st_mode ? self->old.st_mode & 07777 : 0666 & ~mask;
	if (ftruncate(fd, 0) != 0)
		return log_output_error(self->path, "cannot be emptied");
	self->is_ours = true;
	return fchmod(fd, mode) == 0 ? STATUS_OK : log_output_error(self->path, "cannot be given its mode");
}

static enum status sync_folder(const char *path, const char *name)
{
	char *folder = path_sibling(path, ".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	/* A folder that may be written but not read cannot be synced; that is not an error. */
	if (fd < 0)
		return STATUS_OK;
	/* EINVAL means that the file system cannot sync folders. */
	bool synced = fsync(fd) == 0 || errno == EINVAL;
	enum status status =
	    synced ? STATUS_OK : log_output_error(name, "was replaced, but its folder cannot be synced");
	close(fd);
	return status;
}

enum status atomic_file_commit(struct atomic_file *self, int fd, const char *name)
{
	/* The file stays open until after the rename, since closing it would release its lock too early.
	 * fsync reports every error that close could report. A failed fsync is not tried again, since the
	 * second one may succeed although the data is lost. */
	if (fsync(fd) != 0)
		return log_output_error(self->path, "cannot be synced");
	enum lock_path named = lock_check_path(self->path, fd);
	if (named == LOCK_PATH_UNKNOWN)
		return log_output_error(self->path, "cannot be used");
	if (named == LOCK_PATH_OTHER) {
		log_error("%s: was taken away; %s is left as it was", self->path, name);
		return STATUS_OUTPUT;
	}
	if (rename(self->path, self->target) != 0)
		return log_output_error(name, "cannot be replaced");
	self->is_ours = false;
	return sync_folder(self->target, name);
}

void atomic_file_release(struct atomic_file *self, int fd)
{
	if (!self->target)
		return;
	/* The file is removed while its lock is held, since afterwards it may belong to another run. */
	if (self->is_ours && lock_check_path(self->path, fd) == LOCK_PATH_OURS)
		unlink(self->path);
	if (self->target_fd >= 0)
		close(self->target_fd);
	free(self->target);
	free(self->path);
	*self = (struct atomic_file){0};
}
