/* Memory allocation that never returns NULL: a failure ends the process, so that no caller has to check. */
#ifndef AREQ_BASE_ALLOC_H
#define AREQ_BASE_ALLOC_H

#include <stddef.h>

/* Each returns memory that the caller owns and frees with free(3). Where an allocation fails, one line is
 * written to stderr and the process ends at once with the exit status of STATUS_MEMORY. The rows that were
 * written before are complete; what was only buffered is lost. */
void *alloc_new(size_t size);                             /* zeroed */
void *alloc_array(size_t count, size_t size);             /* zeroed; fails if count * size overflows */
void *alloc_resize(void *old, size_t count, size_t size); /* likewise; new bytes are not zeroed */
char *alloc_copy(const char *bytes, size_t len);          /* copies len bytes and adds a NUL */

/* Ends the process in the same way, for an allocation that failed inside a library. */
_Noreturn void alloc_fail(void);

/* Sets a function that is called before that message is written, such as one that clears the line of the
 * terminal on which the message would stand. The function must not allocate. NULL, the default, calls
 * nothing. */
void alloc_set_failure_hook(void (*hook)(void));

#endif
