/* The links of a page between finding and resolving: what was found, in the order of the page. */
#ifndef AREQ_LINK_FOUND_H
#define AREQ_LINK_FOUND_H

#include "base/buf.h"
#include "base/slice.h"
#include "link/found_store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* As the page has it: raw bytes, or text where the page was converted. */
struct found_link {
	struct slice value;
	/* The rest only in a detailed list, else it is left alone; data == NULL: not known, or not there. */
	struct slice tag;
	struct slice rel;
	int64_t position; /* negative: not known */
};

struct found {
	struct found_store *store;
	size_t max;                 /* bytes in all; */
	size_t size;                /* … so many are there */
	struct found_piece *pieces; /* all but the last are full */
	size_t piece_count;
	size_t piece_room;
	char *end;     /* of what is in the last one */
	size_t left;   /* room there, in bytes */
	bool detailed; /* set before the first is added */
};

/* Makes an empty list in store, which is borrowed, that never takes more than max bytes. */
void found_init(struct found *self, struct found_store *store, size_t max);
void found_release(struct found *self);
void found_clear(struct found *self);

/* Only for found_add, through which each link of most runs goes. */
bool found_add_any(struct found *self, const struct found_link *link);

/* Copies a link to the end. False, and nothing added, where that would be too much. */
static inline bool found_add(struct found *self, const struct found_link *link)
{
	uint32_t len = (uint32_t)link->value.len;
	size_t need = sizeof len + link->value.len;
	if (need > self->left || need > self->max - self->size || self->detailed)
		return found_add_any(self, link);
	memcpy(self->end, &len, sizeof len);
	memcpy(self->end + sizeof len, link->value.data, link->value.len);
	self->end += need;
	self->left -= need;
	self->size += need;
	return true;
}

/* Goes through a list that does not change meanwhile; only one at a time goes through those of a store. */
struct found_reader {
	const struct found *found;
	struct buf *joined; /* for what begins in one piece and ends in another; borrowed */
	size_t size;        /* bytes that are still to come */
	size_t next;        /* piece */
	const char *at;     /* in the one before it, where: */
	size_t left;        /* … so many bytes are still to come */
	bool failed;        /* what is in the temporary file cannot be read; that was logged */
};

struct found_reader found_read(const struct found *self, struct buf *joined);

/* Only for found_next, as above. */
bool found_next_any(struct found_reader *self, struct found_link *link);

/* Gives the next link, borrowed until the next call. False behind the last, and where it failed. */
static inline bool found_next(struct found_reader *self, struct found_link *link)
{
	uint32_t len;
	if (self->left < sizeof len || self->found->detailed)
		return found_next_any(self, link);
	memcpy(&len, self->at, sizeof len);
	if (len > self->left - sizeof len)
		return found_next_any(self, link);
	link->value = (struct slice){self->at + sizeof len, len};
	self->at += sizeof len + len;
	self->left -= sizeof len + len;
	self->size -= sizeof len + len;
	return true;
}

#endif
