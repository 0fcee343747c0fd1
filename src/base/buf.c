#include "base/buf.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_SMALLEST = 64 };

void buf_init(struct buf *self, size_t max)
{
	*self = (struct buf){.max = max};
}

void buf_release(struct buf *self)
{
	free(self->data);
	buf_init(self, self->max);
}

char *buf_reserve(struct buf *self, size_t len)
{
	if (len > self->max - self->len)
		return NULL;
	size_t need = self->len + len + 1;
	if (need > self->room) {
		size_t room = self->room ? self->room : BUF_SMALLEST;
		while (room < need)
			room += room / 2;
		if (room > self->max + 1)
			room = self->max + 1;
		self->data = alloc_resize(self->data, room, 1);
		self->room = room;
	}
	return self->data + self->len;
}

bool buf_append(struct buf *self, const void *bytes, size_t len)
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

bool buf_append_byte(struct buf *self, char byte)
{
	return buf_append(self, &byte, 1);
}

bool buf_append_text(struct buf *self, const char *text)
{
	return buf_append(self, text, strlen(text));
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
