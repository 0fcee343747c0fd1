#include "base/alloc.h"

#include "base/status.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void (*failure_hook)(void);

void alloc_set_failure_hook(void (*hook)(void))
{
	failure_hook = hook;
}

void alloc_fail(void)
{
	static const char message[] = "areq: out of memory\n";
	if (failure_hook)
		failure_hook();
	ssize_t ignored = write(STDERR_FILENO, message, sizeof message - 1);
	(void)ignored;
	_exit(status_exit_code(STATUS_MEMORY));
}

void *alloc_new(size_t size)
{
	return alloc_array(1, size);
}

void *alloc_array(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size ? size : 1);
	if (!p)
		alloc_fail();
	return p;
}

void *alloc_resize(void *old, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / size)
		alloc_fail();
	size_t bytes = count * size;
	void *p = realloc(old, bytes ? bytes : 1);
	if (!p)
		alloc_fail();
	return p;
}

char *alloc_copy(const char *bytes, size_t len)
{
	char *copy = alloc_resize(NULL, len + 1, 1);
	if (len)
		memcpy(copy, bytes, len);
	copy[len] = '\0';
	return copy;
}
