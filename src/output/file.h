/* Bytes to a file or to stdout, whole and checked. Only file_drain waits for a reader. */
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

/* All false: what is in the file is replaced, and another run that writes to it is waited for. */
struct file_options {
	bool append;    /* add to what is in it */
	bool repair;    /* … and cut off what is not a whole line at its end, instead of refusing it */
	bool atomic;    /* what is in it stays until file_commit, and for good without */
	bool lock_fail; /* fail where another run writes to it */
	bool null_ends; /* rows end with NUL, not with a newline */
};

/* Called once, before the first write to a file of the disk that kill -9 may end in the middle of a row. */
struct file_alarm {
	void (*fn)(void *ctx); /* NULL: nobody wants to know */
	void *ctx;
};

struct file {
	const char *name; /* for messages */
	int fd;           /* -1: not open */
	bool is_stdout;
	bool append;
	bool null_ends;
	bool begun;       /* it may be written to, and is no --atomic file */
	off_t torn;       /* bytes of a last line that is not whole */
	struct stat info; /* of what fd is */
	struct atomic_file atomic;
	struct buf backlog; /* what the reader has not taken yet, behind its first sent bytes */
	size_t sent;
	uint64_t before;         /* bytes in it that are appended to, as whole rows */
	uint64_t accepted;       /* bytes that file_write was given */
	uint64_t written;        /* … and the system has taken */
	struct file_alarm alarm; /* the opener may set it */
	enum status failed; /* the first failure of a write, which was the last one: nothing is tried again */
};

/* Opens path for writing (NULL or "-": stdout, which takes no options), locks it and changes nothing in it
 * yet. The name is borrowed. STATUS_USAGE where it cannot be replaced, STATUS_OUTPUT for anything else; both
 * were logged. file_close is due in any case. */
enum status file_open(struct file *self, const char *path, const struct file_options *how);

/* True where that is the file that is written to, or the one that file_commit would replace. */
bool file_is(const struct file *self, const struct stat *info);

/* True for a regular file, also where it is stdout. */
bool file_is_on_disk(const struct file *self);

/* Before the first write: empties a file that is not appended to, cuts a torn line off one that is. */
enum status file_begin(struct file *self);

/* A file of the disk takes all of it. Anything else takes what its reader has room for, in writes of whole
 * rows (so that one of up to PIPE_BUF bytes never mixes with what others write there), and the rest is kept
 * in the backlog, in its order. STATUS_PIPE_CLOSED where the reader is gone (not logged: ending is what it
 * wants), STATUS_OUTPUT for anything else (logged, once); a part of a row is then taken back from a file. */
enum status file_write(struct file *self, const void *bytes, size_t len);

/* Takes back what was written since accepted was so much, as far as that can be done: nobody has it of a file
 * of the disk but that, and of anything else what is in the backlog. STATUS_OUTPUT where it fails (logged).
 */
enum status file_take_back(struct file *self, uint64_t accepted);

/* How many bytes were not written yet; 0 once a write failed. */
size_t file_backlog(const struct file *self);

/* Writes as much of the backlog as is taken now. Fails as file_write does. */
enum status file_flush(struct file *self);

/* The same for a loop: what is left is added to *backlog, and *wait waits until more of it is taken. */
enum status file_hand_on(struct file *self, struct wait *wait, size_t *backlog);

/* Waits until the backlog is empty, but not beyond that moment (monotonic ms, CLOCK_NEVER: none), nor longer
 * than a second once a signal has stopped the run: then STATUS_OUTPUT (logged). Fails as file_write does. */
enum status file_drain(struct file *self, int64_t until);

/* With nothing in the backlog: what was written replaces an atomic file; any other has it already.
 * STATUS_OUTPUT where that fails (logged). */
enum status file_commit(struct file *self);

/* Where the last whole row of the file ends, which has that size now and can be read from fd; false where it
 * cannot (errno says why). */
bool file_find_end(const struct file *self, int fd, off_t size, off_t *end);

/* Closes and checks, also that a file that was written to is still what its name says; an atomic file that
 * was not committed is left as it was, and what is still in the backlog is lost. Harmless on a file that is
 * not open. */
enum status file_close(struct file *self);

#endif
