/* A byte string that is owned by somebody else. */
#ifndef AREQ_BASE_SLICE_H
#define AREQ_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *data; /* not NUL-terminated; NULL means no string, as opposed to an empty one */
	size_t len;
};

static inline struct slice slice_of(const char *text)
{
	return (struct slice){text, strlen(text)};
}

/* Removes the first len bytes. */
static inline void slice_skip(struct slice *self, size_t len)
{
	if (len > 0)
		*self = (struct slice){self->data + len, self->len - len};
}

static inline bool slice_equal(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

#endif
