#include "base/buf.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_ROOM_MIN = 64 };

void buf_init(struct buf *self, size_t max)
{
	*self = (struct buf){.max = max};
}

void buf_release(struct buf *self)
{
	free(self->data);
	buf_init(self, self->max);
}

char *buf_grow(struct buf *self, size_t len)
{
	if (len > self->max - self->len)
		return NULL;
	size_t need = self->len + len + 1;
	size_t room = self->room ? self->room : BUF_ROOM_MIN;
	while (room < need)
		room += room / 2;
	if (room > self->max + 1)
		room = self->max + 1;
	self->data = alloc_resize(self->data, room, 1);
	self->room = room;
	return self->data + self->len;
}

bool buf_append_number(struct buf *self, uint64_t number)
{
	char digits[20]; /* UINT64_MAX has 20 digits */
	size_t len = 0;
	do {
		digits[sizeof digits - ++len] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	return buf_append(self, digits + sizeof digits - len, len);
}

void buf_consume(struct buf *self, size_t len)
{
	assert(len <= self->len);
	if (len == 0)
		return;
	self->len -= len;
	memmove(self->data, self->data + len, self->len);
	self->data[self->len] = '\0';
}
