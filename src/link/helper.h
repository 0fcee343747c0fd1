/* Helper processes for work that one call of a library may stretch without end, whatever a page makes it do:
 * XML, XPath, the user's patterns. Each has a limit of processor time for a piece of work and one of memory;
 * what kills it costs that piece of work and nothing else. They are started when there is work, up to
 * HELPERS_MAX of them, and take the next piece when they are done with one.
 *
 *	helpers_add -> job->take, as often as the process has something to tell -> job->end
 *	            -> helpers_remove: nobody wants it any more */
#ifndef AREQ_LINK_HELPER_H
#define AREQ_LINK_HELPER_H

#include "base/slice.h"
#include "base/wait.h"
#include "link/pieces.h"

#include <stddef.h>
#include <stdint.h>

/* So much of each may one piece of work take; more processes at once than processors would not be faster. */
enum { HELPER_SECONDS = 5, HELPER_MEMORY = 512 << 20, HELPERS_MAX = 4 };

enum helper_end {
	HELPER_DONE,
	HELPER_TOO_LONG,  /* it took all of its time */
	HELPER_TOO_LARGE, /* … or of its memory */
	HELPER_BROKEN,    /* the process crashed */
	HELPER_LOST,      /* the input cannot be read from its temporary file (logged) */
	HELPER_MISSING    /* there is no process (logged), or it cannot load a library that it needs */
};

/* A piece of work. The caller embeds it, fills in the first part, and owns all of it; both must live until
 * the end or helpers_remove. Nothing may be done with helpers in take; in end the job may be added again. */
struct helper_job {
	/* What is to be done, for helper_work_fn, as bytes: they are copied to another process, so they may
	 * point to nothing but constants, and to what was there before helpers_new and never changes. */
	struct slice order;
	const struct pieces *input;
	/* A message that the process sent; borrowed for the call. */
	void (*take)(struct helper_job *self, struct slice message);
	void (*end)(struct helper_job *self, enum helper_end end);

	struct helper_job *next; /* waiting for a process */
	struct helper *helper;   /* NULL: waiting */
	struct pieces_reader reader;
};

/* In the process: what work reads from and writes to. */
struct helper_io;

/* Does a piece of work, in a helper process. order is borrowed for the call. */
typedef void (*helper_work_fn)(void *ctx, struct slice order, struct helper_io *io);

/* The next bytes of the input into to[0..len): fewer than that only at its end. Returns how many. */
size_t helper_read(struct helper_io *io, char *to, size_t len);
uint64_t helper_left(const struct helper_io *io);

/* Sends a message of those parts, one behind the other. */
void helper_tell(struct helper_io *io, const struct slice *parts, size_t count);

/* Ends the process: a library cannot be loaded. */
_Noreturn void helper_miss_library(void);

struct helpers;

/* ctx is work's, and must be there unchanged as long as they are. Starts nothing. Free with helpers_free,
 * once no job is left; it ends the processes. */
struct helpers *helpers_new(helper_work_fn work, void *ctx);
void helpers_free(struct helpers *self);

void helpers_add(struct helpers *self, struct helper_job *job);

/* Harmless for a job that was not added or has ended. */
void helpers_remove(struct helpers *self, struct helper_job *job);

/* Sends and takes what goes at once, but not beyond that moment (monotonic us); *wait then waits for what is
 * left. */
void helpers_perform(struct helpers *self, int64_t until_us, struct wait *wait);

#endif
