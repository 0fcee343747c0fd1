/* A growing byte buffer with a maximum length that its user has to choose. */
#ifndef AREQ_BASE_BUF_H
#define AREQ_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* data is NULL until the first append or buf_reserve. After each buf_append* and buf_consume it is terminated
 * by a NUL, which is not counted in len; buf_clear and a caller of buf_reserve do not write one. data moves
 * when the buffer grows, so pointers into it are valid only until the next append. */
struct buf {
	char *data;
	size_t len;
	size_t room; /* bytes allocated, with the NUL */
	size_t max;  /* limit of len */
};

/* Returns a limit for a buffer: bytes * factor, or the largest that a buffer can have. On a 32-bit system the
 * product may be more. */
static inline size_t buf_limit(uint64_t bytes, uint64_t factor)
{
	return bytes < SIZE_MAX / 2 / factor ? (size_t)(bytes * factor) : SIZE_MAX / 2;
}

/* Initialises an empty buffer that never holds more than max bytes. Allocates nothing. */
void buf_init(struct buf *self, size_t max);

/* Frees the memory. The buffer is then empty, keeps its limit, and may be used again. */
void buf_release(struct buf *self);

/* Empties the buffer and keeps the memory. */
static inline void buf_clear(struct buf *self)
{
	self->len = 0;
}

/* Enlarges the memory for buf_reserve, which calls it where len more bytes do not fit. */
char *buf_grow(struct buf *self, size_t len);

/* Makes room for len more bytes and a NUL, and returns the address behind the last byte. The caller writes
 * there and then adds the number of bytes to self->len. Returns NULL and changes nothing where the limit
 * would be exceeded. */
static inline char *buf_reserve(struct buf *self, size_t len)
{
	return len < self->room - self->len ? self->data + self->len : buf_grow(self, len);
}

/* Appends len bytes. Returns false and appends nothing where the limit would be exceeded. */
static inline bool buf_append(struct buf *self, const void *bytes, size_t len)
{
	char *to = buf_reserve(self, len);
	if (!to)
		return false;
	if (len)
		memcpy(to, bytes, len);
	self->len += len;
	self->data[self->len] = '\0';
	return true;
}

static inline bool buf_append_byte(struct buf *self, char byte)
{
	return buf_append(self, &byte, 1);
}

static inline bool buf_append_text(struct buf *self, const char *text)
{
	return buf_append(self, text, strlen(text));
}

/* Appends the number in decimal. Returns false and appends nothing where the limit would be exceeded. */
bool buf_append_number(struct buf *self, uint64_t number);

/* Removes the first len bytes and moves the rest to the front. */
void buf_consume(struct buf *self, size_t len);

#endif
