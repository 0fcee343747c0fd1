/* Helper processes for work that may take any time or memory within a single call of a library, depending on
 * the page: XML, XPath and the user's patterns. Each process has a limit of processor time for a job and a
 * limit of memory. A job that passes a limit or crashes ends its process; no other job is affected. A process
 * is started when a job needs one, up to HELPERS_MAX at a time, and takes the next waiting job after it has
 * finished one. Background jobs leave at least one process to the other jobs.
 *
 *	helpers_add -> job->on_message, for each message of the process -> job->on_finished
 *	            -> helpers_remove, if the result is not needed any more */
#ifndef AREQ_LINK_HELPER_H
#define AREQ_LINK_HELPER_H

#include "base/slice.h"
#include "base/wait.h"
#include "link/pieces.h"

#include <stddef.h>
#include <stdint.h>

/* The processor time in seconds and the memory in bytes that one job may take. There may be one process for
 * each processor, at least two and at most HELPERS_MAX: more than the processors would not be faster. */
enum { HELPER_SECONDS = 5, HELPER_MEMORY = 512 << 20, HELPERS_MAX = 4 };

enum helper_result {
	HELPER_DONE,
	HELPER_OUT_OF_TIME,   /* the job reached its limit of processor time, or two minutes have passed */
	HELPER_OUT_OF_MEMORY, /* the job reached its limit of memory */
	HELPER_CRASHED,       /* the process crashed */
	HELPER_INPUT_LOST,    /* the input cannot be read from its temporary file (logged) */
	HELPER_UNAVAILABLE    /* no process can be started (logged), or it cannot load a library */
};

/* One job. The caller embeds it, fills in the fields above the blank line, and owns it and all that it points
 * to; all must stay until on_finished was called or helpers_remove has returned. on_message must not call any
 * function of this header. on_finished may add the job again, and may be called by helpers_add itself. */
struct helper_job {
	/* What is to be done, as bytes for helper_work_fn. They are copied to another process, so
	 * pointers in them may only lead to constants, and to data that existed before the first
	 * helpers_add and never changes. */
	struct slice order;
	/* The input is what this holds when the job is started; it may be appended to after that. */
	const struct pieces *input;
	/* The job starts only if no other job waits, and never takes the last process that is free for
	 * others. */
	bool is_background;
	/* Called with each message that the process sent; borrowed for the call. */
	void (*on_message)(struct helper_job *self, struct slice message);
	void (*on_finished)(struct helper_job *self, enum helper_result result);

	struct helper_job *next; /* the next job that waits for a process */
	struct helper *helper;   /* the process that does the job; NULL while the job waits for one */
	struct pieces_reader reader;
};

/* The connection to the program, for the work in the helper process. */
struct helper_io;

/* Does one job, in a helper process. order is borrowed for the call. */
typedef void (*helper_work_fn)(void *ctx, struct slice order, struct helper_io *io);

/* Reads the next bytes of the input into to[0..len). Returns how many: fewer than len only at the end. */
size_t helper_read(struct helper_io *io, char *to, size_t len);

/* Returns how many bytes of the input were not read yet. */
uint64_t helper_remaining(const struct helper_io *io);

/* Sends one message that consists of the parts, in their order. */
void helper_send(struct helper_io *io, const struct slice *parts, size_t count);

/* Ends the helper process because it cannot load a library. The job's result is HELPER_UNAVAILABLE. */
_Noreturn void helper_exit_without_library(void);

struct helpers;

/* Starts no process yet. ctx is passed to work, and must stay and not change until helpers_free. Free with
 * helpers_free, which ends the processes, when no job is left. */
struct helpers *helpers_new(helper_work_fn work, void *ctx);
void helpers_free(struct helpers *self);

/* Adds a job, and starts it at once if a process is free or can be started. */
void helpers_add(struct helpers *self, struct helper_job *job);

/* Removes a job without a call of on_finished. Does nothing if it was not added or has finished. */
void helpers_remove(struct helpers *self, struct helper_job *job);

/* Sends input and receives messages, as much as is possible without waiting, but not beyond until_us
 * (monotonic us). Adds to *wait what must be waited for before the next call. */
void helpers_perform(struct helpers *self, int64_t until_us, struct wait *wait);

#endif
