/* Writes bytes to a file or to stdout and checks every write. Only file_open and file_drain wait for a
 * reader. */
#ifndef AREQ_OUTPUT_FILE_H
#define AREQ_OUTPUT_FILE_H

#include "base/buf.h"
#include "base/status.h"
#include "base/wait.h"
#include "output/atomic_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/* With all fields false, the content of the file is replaced, and another run that writes to the file is
 * waited for. */
struct file_options {
	bool append;     /* append to the content of the file */
	bool repair;     /* with append: cut off an incomplete last line, instead of refusing the file */
	bool atomic;     /* keep the content until file_commit replaces it */
	bool lock_fail;  /* fail while another run writes to the file, instead of waiting */
	bool null_ends;  /* rows end with NUL, not with a newline */
	bool is_private; /* a new file can be read by its owner only; not with atomic */
};

/* A callback that is called once, before the first write to a regular file that kill -9 may end in the
 * middle of a row. */
struct file_callback {
	void (*fn)(void *ctx); /* NULL if there is no callback */
	void *ctx;
};

struct file {
	const char *name; /* the path, which is borrowed, or "stdout" */
	int fd;           /* -1 if the file is not open */
	bool is_stdout;
	bool append;
	bool null_ends;
	bool is_begun;    /* file_begin was called, and the file is not an --atomic one */
	bool is_new;      /* there was none of this name when it was opened, and it is not an --atomic one */
	off_t torn_len;   /* bytes of an incomplete last line, which file_begin cuts off */
	struct stat info; /* status of fd when it was opened */
	struct atomic_file atomic;
	struct buf backlog; /* bytes that are not written yet, after sent_len bytes that are */
	size_t sent_len;
	bool is_resumed;            /* file_begin cuts the file to resume_len bytes instead of emptying it */
	uint64_t resume_len;        /* set by the caller before file_begin, like is_resumed */
	bool is_kept;               /* an --atomic file stays where it is if it is not committed */
	uint64_t old_len;           /* bytes of whole rows that a file that is appended to had before */
	uint64_t accepted;          /* bytes that file_write was given, without those undone */
	uint64_t written;           /* bytes of these that the system has taken */
	struct file_callback alarm; /* may be set after file_open */
	enum status failed;         /* status of the first write that failed; nothing is written after it */
};

/* Opens path for writing and locks the file, but does not change its content yet. path is borrowed; NULL or
 * "-" means stdout, for which only null_ends counts. Waits for the reader of a named pipe. STATUS_USAGE if
 * an --atomic output is not a regular file, STATUS_OUTPUT on any other error and for an incomplete last line
 * without `repair` (all logged). STATUS_CUT_SHORT, as with lock_open, if the wait for a lock or a reader was
 * ended. The caller must call file_close in any case. */
enum status file_open(struct file *self, const char *path, const struct file_options *options);

/* True if info is the status of the regular file that is written to, or of the one that file_commit would
 * replace. */
bool file_is_same(const struct file *self, const struct stat *info);

/* True for a regular file, also if stdout is one. */
bool file_is_regular(const struct file *self);

/* Prepares the file for the first write: empties it, or cuts off an incomplete last line if it is appended
 * to. A file behind stdout is not changed. STATUS_OUTPUT on an error (logged). */
enum status file_begin(struct file *self);

/* Writes len bytes. A regular file takes all of them. Anything else takes as many as its reader has room
 * for; the others are appended to the backlog. A write to a pipe has whole rows where they fit into PIPE_BUF
 * bytes, so that they never mix with rows that other processes write there. STATUS_PIPE_CLOSED if the reader
 * is gone (not logged, since the reader wants the run to end), STATUS_OUTPUT on any other error (logged
 * once). If a regular file took only a part of a row, that part is cut off. After a failed write, every call
 * returns the status of that failure. */
enum status file_write(struct file *self, const void *bytes, size_t len);

/* Undoes what was written since self->accepted had the value `accepted`: a regular file is truncated, and
 * from anything else only what is still in the backlog can be removed. STATUS_OUTPUT if the file cannot be
 * truncated (logged). After a failed write, returns the status of that failure. */
enum status file_undo_writes(struct file *self, uint64_t accepted);

/* The number of bytes that are not written yet; 0 after a failed write. */
size_t file_backlog(const struct file *self);

/* Writes as much of the backlog as the reader has room for now. Fails as file_write does. */
enum status file_flush(struct file *self);

/* Does the same for an event loop: adds the number of bytes that are left to *backlog and, if there are any,
 * makes *wait wait until the reader has room again. */
enum status file_flush_or_wait(struct file *self, struct wait *wait, size_t *backlog);

/* Waits until the backlog is written, but not beyond the time `until` (monotonic ms; CLOCK_NEVER for no
 * limit), and for one second at most once a signal has stopped the run. STATUS_OUTPUT if that time is over
 * (logged). Otherwise fails as file_write does. */
enum status file_drain(struct file *self, int64_t until);

/* Lets an --atomic file replace its target; does nothing for any other file. The backlog must be empty.
 * STATUS_OUTPUT on an error (logged). After a failed write, returns the status of that failure. */
enum status file_commit(struct file *self);

/* Sets *end to the position where the last whole row of the file ends. size is the size of the file now, and
 * fd a descriptor from which it can be read. False if reading fails (errno says why). */
bool file_find_end(const struct file *self, int fd, off_t size, off_t *end);

/* Closes the file; what is still in the backlog is lost. STATUS_OUTPUT if closing fails, or if a file that
 * was written to in place was deleted, replaced or truncated by somebody else (both logged). An --atomic
 * file that was not committed leaves its target as it was. Does no harm if the file is not open. */
enum status file_close(struct file *self);

#endif
