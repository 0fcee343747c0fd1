#include "store/state.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/path.h"
#include "store/state_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The first bytes of a database, see "The Database Header" in SQLite's description of its file format. */
enum { HEADER_SIZE = 100, USER_VERSION_AT = 60, APPLICATION_ID_AT = 68 };

/* How long SQLite waits for another program, such as sqlite3(1), that has locked the file. */
enum { BUSY_MS = 10000, BUSY_PAUSE_MS = 20 };

static uint32_t big_endian(const unsigned char *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* Checks what kind of file it is before SQLite sees it: SQLite would begin to repair any database that was
 * not closed. */
static enum status check_header(struct state *self, int fd)
{
	unsigned char header[HEADER_SIZE] = {0};
	struct stat info;
	if (fstat(fd, &info) != 0)
		return state_fail(self, STATUS_OUTPUT, "cannot be read: %s", strerror(errno));
	if (!S_ISREG(info.st_mode))
		return state_fail(self, STATUS_USAGE, "is no regular file; a state needs one");
	if (info.st_size == 0)
		return STATUS_OK;
	ssize_t n = pread(fd, header, sizeof header, 0);
	if (n < 0)
		return state_fail(self, STATUS_OUTPUT, "cannot be read: %s", strerror(errno));
	if (memcmp(header, "SQLite format 3", 16) != 0)
		return state_fail(self, STATUS_USAGE,
		    "is no state file, but a file of another kind; it was left as it is; give another name");
	if (n < HEADER_SIZE)
		return state_fail_damaged(self);
	if (big_endian(header + APPLICATION_ID_AT) != STATE_APPLICATION_ID)
		return state_fail(self, STATUS_USAGE,
		    "is a SQLite file of another program; it was left as it is; give another name");
	if (big_endian(header + USER_VERSION_AT) > STATE_FORMAT_VERSION)
		return state_fail(self, STATUS_USAGE,
		    "was written by a newer version of areq, which has to be used; or give another name");
	if (big_endian(header + USER_VERSION_AT) != STATE_FORMAT_VERSION)
		return state_fail_damaged(self);
	return STATUS_OK;
}

bool state_is_locked(const struct state *self)
{
	return self->is_locked;
}

/* True if the path still names that file: another process may have removed it. */
static bool is_named(const char *path, int fd)
{
	struct stat named, ours;
	return stat(path, &named) == 0 && fstat(fd, &ours) == 0 && named.st_dev == ours.st_dev &&
	       named.st_ino == ours.st_ino;
}

/* Locks a file beside the state, since SQLite releases all locks on the state itself at the end of each
 * transaction. Whoever has locked it removes it. */
static enum status lock(struct state *self)
{
	struct flock whole_file = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	for (;;) {
		int fd = open(
		    self->lock_path, O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, S_IRUSR | S_IWUSR);
		if (fd < 0)
			return state_fail(self, STATUS_OUTPUT,
			    "areq makes files beside a state file, so its folder must be writable; %s cannot "
			    "be opened: %s",
			    self->lock_path, strerror(errno));
		int error = fcntl(fd, F_SETLK, &whole_file) == 0 ? 0 : errno;
		if (error == 0 && is_named(self->lock_path, fd)) {
			self->lock_fd = fd;
			return STATUS_OK;
		}
		close(fd);
		if (error == EAGAIN || error == EACCES) {
			self->is_locked = true;
			return state_fail(self, STATUS_OUTPUT, "another run uses this state file");
		}
		if (error)
			return state_fail(self, STATUS_OUTPUT, "cannot be locked: %s", strerror(error));
	}
}

static void unlock(struct state *self)
{
	if (self->lock_fd < 0)
		return;
	unlink(self->lock_path);
	close(self->lock_fd);
	self->lock_fd = -1;
}

static enum status check_file(struct state *self)
{
	int flags = self->access == STATE_WRITE ? O_RDWR | O_CREAT : O_RDONLY;
	/* Without O_NONBLOCK, a named pipe would be waited for. */
	int fd = open(self->path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (fd < 0)
		return state_fail(self, STATUS_OUTPUT, "cannot be opened: %s", strerror(errno));
	enum status status = check_header(self, fd);
	close(fd);
	return status;
}

static char *join(const char *first, const char *second)
{
	size_t size = strlen(first) + strlen(second) + 1;
	char *text = alloc_new(size);
	snprintf(text, size, "%s%s", first, second);
	return text;
}

struct state *state_new(const char *path)
{
	struct state *self = alloc_new(sizeof *self);
	struct buf *const buffers[] = {&self->page_text, &self->output_text, &self->robots_text,
	    &self->target_text, &self->target_anchors, &self->checksum_text};
	for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
		buf_init(buffers[i], SIZE_MAX / 2);
	link_packer_init(&self->packer);
	self->path = alloc_copy(path, strlen(path));
	/* For SQLite, ":memory:" is no file. */
	self->sqlite_path = join(*path == '/' ? "" : "./", path);
	/* SQLite, too, has its files beside the one that a symbolic link leads to. */
	char *resolved = path_resolve_links(path);
	self->lock_path = join(resolved, "-lock");
	free(resolved);
	self->lock_fd = -1;
	return self;
}

static void close_database(struct state *self)
{
	for (size_t i = 0; i < STATE_STATEMENTS; i++) {
		if (self->statements[i])
			self->sqlite->sqlite3_finalize(self->statements[i]);
		self->statements[i] = NULL;
	}
	if (self->db) {
		if (self->has_begun && !self->has_failed && self->run.ended > 0 && !self->in_transaction) {
			/* Without a log, the file can be read where nothing can be written. This is not
			 * possible while another program has it open, and it need not be. */
			self->sqlite->sqlite3_busy_handler(self->db, NULL, NULL);
			self->sqlite->sqlite3_exec(self->db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
		} else if (!self->has_begun || self->has_failed) {
			self->sqlite->sqlite3_db_config(
			    self->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
		}
		self->sqlite->sqlite3_close(self->db);
	}
	self->db = NULL;
	unlock(self);
}

void state_free(struct state *self)
{
	if (!self)
		return;
	close_database(self);
	struct buf *const buffers[] = {&self->page_text, &self->output_text, &self->robots_text,
	    &self->target_text, &self->target_anchors, &self->checksum_text};
	for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
		buf_release(buffers[i]);
	link_packer_release(&self->packer);
	free(self->path);
	free(self->sqlite_path);
	free(self->lock_path);
	free(self->run_options);
	free(self);
}

void state_wait_while(struct state *self, bool (*goes_on)(void *ctx), void *ctx)
{
	self->goes_on = goes_on;
	self->goes_on_ctx = ctx;
}

/* Called by SQLite again and again; count is 0 for the first time. It fails if this returns 0. */
static int wait_while_busy(void *ctx, int count)
{
	struct state *self = ctx;
	if (count == 0)
		self->busy_until = clock_now_ms() + BUSY_MS;
	nanosleep(&(struct timespec){.tv_nsec = BUSY_PAUSE_MS * 1000000}, NULL);
	return clock_now_ms() < self->busy_until && (!self->goes_on || self->goes_on(self->goes_on_ctx));
}

static int record_log_size(void *ctx, sqlite3 *db, const char *name, int pages)
{
	struct state *self = ctx;
	(void)db;
	(void)name;
	self->log_pages = pages;
	return SQLITE_OK;
}

static enum status open_database(struct state *self)
{
	int flags = self->access == STATE_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
	if (self->sqlite->sqlite3_open_v2(self->sqlite_path, &self->db, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
	    SQLITE_OK)
		return state_fail_sqlite(self);
	self->sqlite->sqlite3_extended_result_codes(self->db, 1);
	self->sqlite->sqlite3_busy_handler(self->db, wait_while_busy, self);
	self->sqlite->sqlite3_create_function(self->db, "areq_checksum", -1,
	    SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY, &self->checksum_text,
	    state_compute_checksum, NULL, NULL);
	/* The hook takes the place of SQLite's automatic checkpoints, which would be part of a commit. */
	self->sqlite->sqlite3_wal_hook(self->db, record_log_size, self);
	enum status status = state_execute(self, "PRAGMA page_size=8192; PRAGMA trusted_schema=OFF; "
	                                         "PRAGMA cell_size_check=ON; PRAGMA synchronous=FULL; "
	                                         "PRAGMA temp_store=MEMORY");
	return status == STATUS_OK ? state_prepare(self) : status;
}

enum status state_open(struct state *self, enum state_access access)
{
	enum status status = STATUS_OK;
	assert(!self->db);
	self->access = access;
	self->is_locked = self->has_failed = false;
	const char *problem = sqlite_load();
	if (problem)
		return state_fail(
		    self, STATUS_LIBRARY, "the state needs SQLite, which cannot be loaded: %s", problem);
	self->sqlite = sqlite_get();
	if (access == STATE_WRITE)
		status = lock(self);
	if (status == STATUS_OK)
		status = check_file(self);
	if (status == STATUS_OK)
		status = open_database(self);
	if (status == STATUS_OK && state_check_tables(self, &status) == STATE_FOUND)
		status = state_load_run(self);
	return status;
}
