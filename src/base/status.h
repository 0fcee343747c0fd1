/* How a run can fail, and what the shell is told of it. The failure of a page is data, not a status. */
#ifndef AREQ_BASE_STATUS_H
#define AREQ_BASE_STATUS_H

#include <stdbool.h>

/* name, exit status */
#define STATUS_LIST(X)                                                                                       \
	X(STATUS_OK, 0)          /* done */                                                                  \
	X(STATUS_URLS_FAILED, 1) /* at least one URL failed */                                               \
	X(STATUS_CUT_SHORT, 1)   /* the run did not come to its end */                                       \
	X(STATUS_USAGE, 2)       /* the command line cannot be used */                                       \
	X(STATUS_INPUT, 2)       /* the list of URLs cannot be read */                                       \
	X(STATUS_OUTPUT, 3)      /* the output cannot be written */                                          \
	X(STATUS_PIPE_CLOSED, 3) /* the reader of the output is gone */                                      \
	X(STATUS_LIBRARY, 3)     /* a library refused to work */                                             \
	X(STATUS_LOCAL, 3)       /* a URL failed for a reason on this machine */                             \
	X(STATUS_MEMORY, 3)      /* out of memory */

#define STATUS_NAME(name, code) name,
enum status { STATUS_LIST(STATUS_NAME) STATUS_COUNT };
#undef STATUS_NAME

/* The process's exit status for it: 0, 1, 2 or 3, as the man page lists them. */
int status_exit_code(enum status status);

/* The earlier failure counts, but for failed URLs and an early end, which any failure of the run itself
 * outweighs. */
static inline enum status status_first(enum status then, enum status now)
{
	bool settled = then != STATUS_OK && then != STATUS_URLS_FAILED && then != STATUS_CUT_SHORT;
	return settled || now == STATUS_OK ? then : now;
}

#endif
