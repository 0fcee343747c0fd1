/* Records what a program and its child processes write to the files of a folder and to sockets, and when they
 * bring it to the disk. powercut.py makes of that what a power cut would have left. It is loaded by
 * LD_PRELOAD.
 *
 *	AREQ_POWERCUT_FOLDER    absolute name of the folder
 *	AREQ_POWERCUT_LOG       gets the records; see struct record
 *
 * A write is recorded after it was done, a sync before it is done, and a message before it is sent. So what a
 * record says was synced was written before, whichever process has written it, and what was recorded before a
 * message was done before anybody could know of it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The folder and file names, then the data, follow the record. */
struct record {
	char what; /* 'c'reate, 'w'rite, 't'runcate, 's'ync, 'r'ename, 'u'nlink, 'm'essage to a socket */
	char unused[7];
	uint64_t inode, offset, name_len, data_len;
};

#define REAL(name)                                                                                           \
	static __typeof__(&name) real;                                                                       \
	if (!real)                                                                                           \
	*(void **)&real = dlsym(RTLD_NEXT, #name)

static int is_ours(const char *path)
{
	const char *folder = getenv("AREQ_POWERCUT_FOLDER");
	size_t len = folder ? strlen(folder) : 0;
	const char *end = strrchr(path, '-');
	/* What is in memory alone after a power cut does not count. */
	return len && strncmp(path, folder, len) == 0 &&
	       !(end && (!strcmp(end, "-shm") || !strcmp(end, "-lock")));
}

static void put(char what, uint64_t inode, uint64_t offset, const char *name, const void *data, size_t len)
{
	/* It is opened each time, since a child process closes what it does not know. */
	int (*real_open)(const char *, int, ...);
	*(void **)&real_open = dlsym(RTLD_NEXT, "open");
	int log = real_open(getenv("AREQ_POWERCUT_LOG"), O_WRONLY | O_APPEND | O_CLOEXEC);
	struct record record = {
	    .what = what, .inode = inode, .offset = offset, .name_len = strlen(name), .data_len = len};
	struct iovec parts[] = {
	    {&record, sizeof record}, {(char *)name, record.name_len}, {(void *)data, len}};
	if (log < 0 || writev(log, parts, 3) < 0)
		abort();
	close(log);
}

/* Records what was done to a descriptor, if it is of a file of the folder, or the folder itself. */
static void put_of(char what, int fd, uint64_t offset, const void *data, size_t len)
{
	char link[64], name[4096];
	struct stat info;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, name, sizeof name - 1);
	if (n <= 0)
		return;
	name[n] = '\0';
	if (is_ours(name) && fstat(fd, &info) == 0)
		put(what, (uint64_t)info.st_ino, offset, name, data, len);
}

static void put_name(char what, const char *path, const char *second)
{
	char folder[4096], name[4096];
	struct stat info;
	char *slash = NULL;
	snprintf(folder, sizeof folder, "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	char *real_folder = realpath(slash ? folder : ".", NULL);
	if (!real_folder)
		return;
	int len = snprintf(name, sizeof name, "%s/%s", real_folder, slash ? slash + 1 : path);
	free(real_folder);
	if (len <= 0 || !is_ours(name))
		return;
	if (stat(second ? second : path, &info) != 0)
		info.st_ino = 0;
	put(what, (uint64_t)info.st_ino, 0, name, second, second ? strlen(second) : 0);
}

static int open_and_record(int (*real)(const char *, int, ...), const char *path, int flags, mode_t mode)
{
	int is_new = (flags & O_CREAT) && access(path, F_OK) != 0;
	int fd = real(path, flags, mode);
	if (fd >= 0 && is_new)
		put_of('c', fd, 0, NULL, 0);
	if (fd >= 0 && flags & O_TRUNC)
		put_of('t', fd, 0, NULL, 0);
	return fd;
}

#define DEFINE_OPEN(name)                                                                                    \
	int name(const char *path, int flags, ...)                                                           \
	{                                                                                                    \
		REAL(name);                                                                                  \
		mode_t mode = 0;                                                                             \
		va_list args;                                                                                \
		va_start(args, flags);                                                                       \
		if (flags & O_CREAT)                                                                         \
			mode = va_arg(args, mode_t);                                                         \
		va_end(args);                                                                                \
		return open_and_record(real, path, flags, mode);                                             \
	}
#undef open
#undef open64
DEFINE_OPEN(open)
DEFINE_OPEN(open64)

static void put_message(int fd, const void *bytes, size_t len)
{
	struct stat info;
	if (fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode))
		put('m', (uint64_t)info.st_ino, 0, "", bytes, len);
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
	REAL(send);
	put_message(fd, bytes, len);
	return real(fd, bytes, len, flags);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	REAL(write);
	put_message(fd, bytes, len);
	ssize_t n = real(fd, bytes, len);
	off_t end = n > 0 ? lseek(fd, 0, SEEK_CUR) : -1;
	if (end >= n)
		put_of('w', fd, (uint64_t)(end - n), bytes, (size_t)n);
	return n;
}

#define DEFINE_PWRITE(name, offset_type)                                                                     \
	ssize_t name(int fd, const void *bytes, size_t len, offset_type offset)                              \
	{                                                                                                    \
		REAL(name);                                                                                  \
		ssize_t n = real(fd, bytes, len, offset);                                                    \
		if (n > 0)                                                                                   \
			put_of('w', fd, (uint64_t)offset, bytes, (size_t)n);                                 \
		return n;                                                                                    \
	}
DEFINE_PWRITE(pwrite, off_t)
DEFINE_PWRITE(pwrite64, off64_t)

#define DEFINE_TRUNCATE(name, offset_type)                                                                   \
	int name(int fd, offset_type len)                                                                    \
	{                                                                                                    \
		REAL(name);                                                                                  \
		int result = real(fd, len);                                                                  \
		if (result == 0)                                                                             \
			put_of('t', fd, (uint64_t)len, NULL, 0);                                             \
		return result;                                                                               \
	}
DEFINE_TRUNCATE(ftruncate, off_t)
DEFINE_TRUNCATE(ftruncate64, off64_t)

#define DEFINE_SYNC(name)                                                                                    \
	int name(int fd)                                                                                     \
	{                                                                                                    \
		REAL(name);                                                                                  \
		put_of('s', fd, 0, NULL, 0);                                                                 \
		return real(fd);                                                                             \
	}
DEFINE_SYNC(fsync)
DEFINE_SYNC(fdatasync)

int rename(const char *from, const char *to)
{
	REAL(rename);
	int result = real(from, to);
	if (result == 0)
		put_name('r', from, to);
	return result;
}

int unlink(const char *path)
{
	REAL(unlink);
	put_name('u', path, NULL);
	return real(path);
}
