/* Memory that is there: out of memory ends the run with a message, so no caller checks. */
#ifndef AREQ_BASE_ALLOC_H
#define AREQ_BASE_ALLOC_H

#include <stddef.h>

/* Each returns memory that the caller frees with free(3). On failure one line goes to stderr and the
 * process ends with the exit status of a local failure; what was written before is whole. */
void *alloc_new(size_t size);                             /* zeroed */
void *alloc_array(size_t count, size_t size);             /* zeroed; checks the product */
void *alloc_resize(void *old, size_t count, size_t size); /* checks the product; new bytes are not zeroed */
char *alloc_copy(const char *bytes, size_t len);          /* copies len bytes and adds a NUL */

/* For a library's own failed allocation: the same end. */
_Noreturn void alloc_fail(void);

/* Has prepare called before that message is written, so that it stands on a line of its own. prepare must not
 * allocate. NULL, as at the start: nothing is called. */
void alloc_before_failure(void (*prepare)(void));

#endif
