/* A growing run of bytes that must name its cap. */
#ifndef AREQ_BASE_BUF_H
#define AREQ_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* data is NUL-terminated as soon as something was appended (the NUL is not counted in len), and NULL
 * before. data moves when the buffer grows: borrowed pointers into it end with the next append. */
struct buf {
	char *data;
	size_t len;
	size_t room; /* bytes allocated */
	size_t max;  /* len never exceeds this */
};

/* Makes an empty buffer that never holds more than max bytes. It allocates nothing. */
void buf_init(struct buf *self, size_t max);

/* Frees the memory; the buffer is empty and may be used again. */
void buf_release(struct buf *self);

/* Empties the buffer and keeps the memory. */
static inline void buf_clear(struct buf *self)
{
	self->len = 0;
}

/* For buf_reserve, where there is not room enough yet. */
char *buf_grow(struct buf *self, size_t len);

/* Makes room for len more bytes and returns where they go; the caller then adds what it wrote to
 * self->len. NULL, and nothing changed, where the cap would be passed. */
static inline char *buf_reserve(struct buf *self, size_t len)
{
	return len < self->room - self->len ? self->data + self->len : buf_grow(self, len);
}

/* Appends len bytes. False, and nothing appended, where the cap would be passed. */
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

/* Appends the decimal digits of the number. False, and nothing appended, where the cap would be passed. */
bool buf_append_number(struct buf *self, uint64_t number);

/* Removes the first len bytes; the rest moves to the front. */
void buf_consume(struct buf *self, size_t len);

#endif
