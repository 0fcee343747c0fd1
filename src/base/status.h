/* How a run can fail, and its exit status. The failure of a page is data (struct outcome), not a status. */
#ifndef AREQ_BASE_STATUS_H
#define AREQ_BASE_STATUS_H

#include <stdbool.h>

/* name, exit status */
#define STATUS_LIST(X)                                                                                       \
	X(STATUS_OK, 0)          /* done */                                                                  \
	X(STATUS_DEAD_LINKS, 1)  /* at least one link is dead, and no more URLs failed than may */           \
	X(STATUS_URLS_FAILED, 1) /* at least one URL failed */                                               \
	X(STATUS_CUT_SHORT, 1)   /* the deadline or a signal stopped the run before its end */               \
	X(STATUS_USAGE, 2)       /* the command line cannot be used */                                       \
	X(STATUS_INPUT, 2)       /* the list of URLs cannot be read */                                       \
	X(STATUS_EMPTY, 2)       /* the list has no URL, and needs one */                                    \
	X(STATUS_OUTPUT, 3)      /* the output cannot be written */                                          \
	X(STATUS_PIPE_CLOSED, 3) /* the reader closed the output pipe */                                     \
	X(STATUS_LIBRARY, 3)     /* a library refused to work */                                             \
	X(STATUS_LOCAL, 3)       /* a URL failed for a reason on this machine */                             \
	X(STATUS_MEMORY, 3)      /* out of memory */

#define STATUS_NAME(name, code) name,
enum status { STATUS_LIST(STATUS_NAME) STATUS_COUNT };
#undef STATUS_NAME

/* Returns the exit status of the process: 0, 1, 2 or 3, as the man page lists them. */
int status_exit_code(enum status status);

/* Combines two statuses, given in the order in which they occurred, and returns the first failure. Only
 * STATUS_DEAD_LINKS, STATUS_URLS_FAILED and STATUS_CUT_SHORT give way to any later failure. */
static inline enum status status_first(enum status earlier, enum status later)
{
	bool is_final = earlier != STATUS_OK && earlier != STATUS_DEAD_LINKS &&
	                earlier != STATUS_URLS_FAILED && earlier != STATUS_CUT_SHORT;
	return is_final || later == STATUS_OK ? earlier : later;
}

#endif
