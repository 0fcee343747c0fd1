/* Makes one system call or allocation of the program fail, or all of them from one on. It is loaded by
 * LD_PRELOAD. Only the calls of the program itself count, not those of its libraries.
 *
 *	AREQ_INJECT=KIND:N:once:ERROR    the Nth call of that kind fails
 *	AREQ_INJECT=KIND:N:on:ERROR      the Nth call and all later ones fail
 *	AREQ_INJECT_LOG=FILE             gets a line "struck CALL DESCRIPTOR TARGET" for each call that
 *failed, and at exit "left DESCRIPTOR TARGET" for each descriptor that is still open and "count KIND N" for
 *each kind
 *
 * KIND is one of the kinds below, ERROR a name such as ENOSPC. For write, ERROR may also be SHORT: the call
 * takes half of the bytes; or FULL: it takes half of them the first time and then fails with ENOSPC, as on a
 * disk that fills up. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define KINDS(X)                                                                                             \
	X(alloc)                                                                                             \
	X(open)                                                                                              \
	X(read)                                                                                              \
	X(pread)                                                                                             \
	X(pwrite)                                                                                            \
	X(write)                                                                                             \
	X(fsync)                                                                                             \
	X(rename)                                                                                            \
	X(close)                                                                                             \
	X(ftruncate)                                                                                         \
	X(stat)                                                                                              \
	X(fstat)                                                                                             \
	X(chmod)                                                                                             \
	X(lock)                                                                                              \
	X(poll)                                                                                              \
	X(unlink)                                                                                            \
	X(pipe)                                                                                              \
	X(socket)                                                                                            \
	X(fork)

#define KIND_ENUM(name) KIND_##name,
enum kind { KINDS(KIND_ENUM) KIND_COUNT };
#define KIND_NAME(name) #name,
static const char *const kind_names[] = {KINDS(KIND_NAME)};

/* What write does instead of failing; these are no errors of the system. */
enum { ERROR_SHORT = -1, ERROR_FULL = -2 };

static const struct {
	const char *name;
	int error;
} errors[] = {{"SHORT", ERROR_SHORT}, {"FULL", ERROR_FULL}, {"EACCES", EACCES}, {"EAGAIN", EAGAIN},
    {"EINTR", EINTR}, {"EIO", EIO}, {"EMFILE", EMFILE}, {"ENOLCK", ENOLCK}, {"ENOMEM", ENOMEM},
    {"ENOSPC", ENOSPC}, {"EPERM", EPERM}, {"EPIPE", EPIPE}};

/* Descriptors from here on are not looked at. */
enum { DESCRIPTORS = 64 };

/* A library that stands between the calls of a program has nowhere else to keep this. */
static struct {
	bool begun;
	bool inherited[DESCRIPTORS];
	uintptr_t text, text_end; /* the program's executable segments */
	const char *log;
	unsigned long counts[KIND_COUNT];
	enum kind kind;
	unsigned long at; /* 0: none is to fail */
	bool on;
	int error;
} self;

/* The function that this library stands before. */
#define NEXT(name) ((__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name))
#define CALLER     __builtin_return_address(0)

static int find_program(struct dl_phdr_info *info, size_t size, void *ctx)
{
	(void)size;
	(void)ctx;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
			continue;
		uintptr_t start = info->dlpi_addr + segment->p_vaddr;
		if (self.text == 0 || start < self.text)
			self.text = start;
		if (start + segment->p_memsz > self.text_end)
			self.text_end = start + segment->p_memsz;
	}
	/* The first entry is the program and the others are libraries, so the walk ends here. */
	return 1;
}

static void refuse(const char *setting)
{
	dprintf(STDERR_FILENO, "inject: cannot read AREQ_INJECT=%s\n", setting);
	_exit(125);
}

static void read_setting(const char *setting)
{
	char kind[16], series[8], error[16];
	bool known_kind = false, known_error = false;
	if (sscanf(setting, "%15[a-z]:%lu:%7[a-z]:%15[A-Z]", kind, &self.at, series, error) != 4 ||
	    self.at == 0)
		refuse(setting);
	for (int i = 0; i < KIND_COUNT; i++) {
		if (strcmp(kind, kind_names[i]) == 0) {
			self.kind = (enum kind)i;
			known_kind = true;
		}
	}
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		if (strcmp(error, errors[i].name) == 0) {
			self.error = errors[i].error;
			known_error = true;
		}
	}
	self.on = strcmp(series, "on") == 0;
	if (!known_kind || !known_error || (!self.on && strcmp(series, "once") != 0) ||
	    (self.error < 0 && self.kind != KIND_write))
		refuse(setting);
}

__attribute__((constructor)) static void begin(void)
{
	const char *setting = getenv("AREQ_INJECT");
	self.log = getenv("AREQ_INJECT_LOG");
	dl_iterate_phdr(find_program, NULL);
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		self.inherited[fd] = fcntl(fd, F_GETFD) >= 0;
	if (setting)
		read_setting(setting);
	self.begun = true;
}

/* The line is written at once, so that it is in the log even if the program crashes next. */
static void append_log(const char *line)
{
	int fd = self.log ? open(self.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
	if (fd < 0)
		return;
	ssize_t ignored = write(fd, line, strlen(line));
	(void)ignored;
	close(fd);
}

static void name_descriptor(char *name, size_t room, int fd)
{
	char link[32];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, name, room - 1);
	name[len > 0 ? len : 0] = '\0';
}

static void log_strike(const char *call, int fd, const char *path)
{
	char name[1024], line[1200];
	if (!path && fd >= 0) {
		name_descriptor(name, sizeof name, fd);
		path = name;
	}
	snprintf(line, sizeof line, "struck %s %d %s\n", call, fd, path ? path : "-");
	append_log(line);
}

/* Counts this call of the program; true where it is to fail, with errno set. What it is about is named by fd,
 * or by path, or not at all. */
static bool fails(enum kind kind, const void *caller, const char *call, int fd, const char *path)
{
	uintptr_t from = (uintptr_t)caller;
	if (!self.begun || from < self.text || from >= self.text_end)
		return false;
	unsigned long number = ++self.counts[kind];
	if (self.at == 0 || kind != self.kind || number < self.at || (number > self.at && !self.on))
		return false;
	log_strike(call, fd, path);
	errno = self.error == ERROR_FULL ? ENOSPC : self.error;
	return true;
}

static void log_end(void)
{
	char line[1200], name[1024];
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		snprintf(line, sizeof line, "count %s %lu\n", kind_names[kind], self.counts[kind]);
		append_log(line);
	}
	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		if (self.inherited[fd] || fcntl(fd, F_GETFD) < 0)
			continue;
		name_descriptor(name, sizeof name, fd);
		snprintf(line, sizeof line, "left %d %s\n", fd, name);
		append_log(line);
	}
}

__attribute__((destructor)) static void end(void)
{
	log_end();
}

_Noreturn void _exit(int status)
{
	log_end();
	NEXT(_exit)(status);
	abort();
}

/* A child process, which guards the output or helps with a page, is not tested. */
pid_t fork(void)
{
	if (fails(KIND_fork, CALLER, "fork", -1, NULL))
		return -1;
	pid_t child = NEXT(fork)();
	if (child == 0) {
		self.begun = false;
		self.log = NULL;
	}
	return child;
}

/* Memory. dlsym() allocates none, so it may be called from here. */

void *malloc(size_t size)
{
	static __typeof__(&malloc) next;
	if (!next)
		next = NEXT(malloc);
	return fails(KIND_alloc, CALLER, "malloc", -1, NULL) ? NULL : next(size);
}

void *calloc(size_t count, size_t size)
{
	static __typeof__(&calloc) next;
	if (!next)
		next = NEXT(calloc);
	return fails(KIND_alloc, CALLER, "calloc", -1, NULL) ? NULL : next(count, size);
}

void *realloc(void *old, size_t size)
{
	static __typeof__(&realloc) next;
	if (!next)
		next = NEXT(realloc);
	return fails(KIND_alloc, CALLER, "realloc", -1, NULL) ? NULL : next(old, size);
}

char *strdup(const char *text)
{
	return fails(KIND_alloc, CALLER, "strdup", -1, NULL) ? NULL : NEXT(strdup)(text);
}

char *strndup(const char *text, size_t len)
{
	return fails(KIND_alloc, CALLER, "strndup", -1, NULL) ? NULL : NEXT(strndup)(text, len);
}

/* Files by name. */

int open(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	return fails(KIND_open, CALLER, "open", -1, path) ? -1 : NEXT(open)(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	return fails(KIND_open, CALLER, "openat", -1, path) ? -1 : NEXT(openat)(folder, path, flags, mode);
}

int mkstemp(char *path)
{
	return fails(KIND_open, CALLER, "mkstemp", -1, path) ? -1 : NEXT(mkstemp)(path);
}

int rename(const char *from, const char *to)
{
	return fails(KIND_rename, CALLER, "rename", -1, to) ? -1 : NEXT(rename)(from, to);
}

int unlink(const char *path)
{
	return fails(KIND_unlink, CALLER, "unlink", -1, path) ? -1 : NEXT(unlink)(path);
}

int stat(const char *path, struct stat *info)
{
	return fails(KIND_stat, CALLER, "stat", -1, path) ? -1 : NEXT(stat)(path, info);
}

int lstat(const char *path, struct stat *info)
{
	return fails(KIND_stat, CALLER, "lstat", -1, path) ? -1 : NEXT(lstat)(path, info);
}

/* Open files. */

ssize_t read(int fd, void *bytes, size_t len)
{
	return fails(KIND_read, CALLER, "read", fd, NULL) ? -1 : NEXT(read)(fd, bytes, len);
}

ssize_t pread(int fd, void *bytes, size_t len, off_t at)
{
	return fails(KIND_pread, CALLER, "pread", fd, NULL) ? -1 : NEXT(pread)(fd, bytes, len, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at)
{
	return fails(KIND_pwrite, CALLER, "pwrite", fd, NULL) ? -1 : NEXT(pwrite)(fd, bytes, len, at);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	if (!fails(KIND_write, CALLER, "write", fd, NULL))
		return NEXT(write)(fd, bytes, len);
	bool takes_half =
	    self.error == ERROR_SHORT || (self.error == ERROR_FULL && self.counts[KIND_write] == self.at);
	return takes_half ? NEXT(write)(fd, bytes, len - len / 2) : -1;
}

int fsync(int fd)
{
	return fails(KIND_fsync, CALLER, "fsync", fd, NULL) ? -1 : NEXT(fsync)(fd);
}

int fdatasync(int fd)
{
	return fails(KIND_fsync, CALLER, "fdatasync", fd, NULL) ? -1 : NEXT(fdatasync)(fd);
}

/* The descriptor is gone even where the system reports an error. */
int close(int fd)
{
	bool failed = fails(KIND_close, CALLER, "close", fd, NULL);
	int error = errno;
	int result = NEXT(close)(fd);
	if (!failed)
		return result;
	errno = error;
	return -1;
}

int ftruncate(int fd, off_t len)
{
	return fails(KIND_ftruncate, CALLER, "ftruncate", fd, NULL) ? -1 : NEXT(ftruncate)(fd, len);
}

int fstat(int fd, struct stat *info)
{
	return fails(KIND_fstat, CALLER, "fstat", fd, NULL) ? -1 : NEXT(fstat)(fd, info);
}

int socket(int domain, int type, int protocol)
{
	return fails(KIND_socket, CALLER, "socket", -1, NULL) ? -1 : NEXT(socket)(domain, type, protocol);
}

int socketpair(int domain, int type, int protocol, int ends[2])
{
	return fails(KIND_socket, CALLER, "socketpair", -1, NULL)
	           ? -1
	           : NEXT(socketpair)(domain, type, protocol, ends);
}

int fchmod(int fd, mode_t mode)
{
	return fails(KIND_chmod, CALLER, "fchmod", fd, NULL) ? -1 : NEXT(fchmod)(fd, mode);
}

int fchown(int fd, uid_t owner, gid_t group)
{
	return fails(KIND_chmod, CALLER, "fchown", fd, NULL) ? -1 : NEXT(fchown)(fd, owner, group);
}

int fcntl(int fd, int command, ...)
{
	va_list args;
	va_start(args, command);
	void *argument = va_arg(args, void *);
	va_end(args);
	bool locks = command == F_SETLK || command == F_SETLKW;
	return locks && fails(KIND_lock, CALLER, "fcntl", fd, NULL) ? -1 : NEXT(fcntl)(fd, command, argument);
}

int poll(struct pollfd *list, nfds_t count, int timeout_ms)
{
	return fails(KIND_poll, CALLER, "poll", -1, NULL) ? -1 : NEXT(poll)(list, count, timeout_ms);
}

int pipe(int ends[2])
{
	return fails(KIND_pipe, CALLER, "pipe", -1, NULL) ? -1 : NEXT(pipe)(ends);
}
