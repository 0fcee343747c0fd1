#include "base/durable.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Brings the name of a file to the disk, which fdatasync(2) need not do for a new file. A folder that may be
 * written but not read cannot be synced, and some file systems sync no folders (EINVAL); that is not an
 * error. */
static bool sync_name(const char *path)
{
	struct buf folder;
	const char *slash = strrchr(path, '/');
	buf_init(&folder, SIZE_MAX / 2);
	buf_append(&folder, path, slash ? (size_t)(slash - path) + 1 : 0);
	buf_append_text(&folder, ".");
	int fd = open(folder.data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool is_synced = fd < 0 || fsync(fd) == 0 || errno == EINVAL;
	int error = errno;
	buf_release(&folder);
	if (fd >= 0)
		close(fd);
	errno = error;
	return is_synced;
}

bool durable_sync(int fd, const char *path, bool *is_named)
{
	struct stat info;
	if (fstat(fd, &info) != 0)
		return false;
	if (!S_ISREG(info.st_mode))
		return true;
	if (fdatasync(fd) != 0)
		return false;
	*is_named = *is_named || sync_name(path);
	return *is_named;
}
