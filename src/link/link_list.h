/* The links of a page between finding and resolving: what was found, in the order of the page. */
#ifndef AREQ_LINK_LINK_LIST_H
#define AREQ_LINK_LINK_LIST_H

#include "base/buf.h"
#include "base/slice.h"
#include "link/pieces.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* As the page has it: raw bytes, or text where the page was converted. */
struct raw_link {
	struct slice value;
	/* The rest only in a detailed list, else it is left alone; data == NULL: not known, or not there. */
	struct slice tag;
	struct slice rel;
	int64_t position; /* negative: not known */
};

struct link_list {
	struct pieces pieces;
	size_t max;    /* bytes in all */
	size_t count;  /* links */
	bool detailed; /* set before the first is added */
};

/* Makes an empty list in store, which is borrowed, that never takes more than max bytes. */
void link_list_init(struct link_list *self, struct piece_store *store, size_t max);
void link_list_release(struct link_list *self);
void link_list_clear(struct link_list *self);

/* Only for link_list_add, through which each link of most runs goes. */
bool link_list_add_any(struct link_list *self, const struct raw_link *link);

/* Copies a link to the end. False, and nothing added, where that would be too much. */
static inline bool link_list_add(struct link_list *self, const struct raw_link *link)
{
	struct pieces *pieces = &self->pieces;
	uint32_t len = (uint32_t)link->value.len;
	size_t need = sizeof len + link->value.len;
	if (need > pieces->left || need > self->max - pieces->size || self->detailed)
		return link_list_add_any(self, link);
	memcpy(pieces->end, &len, sizeof len);
	memcpy(pieces->end + sizeof len, link->value.data, link->value.len);
	pieces->end += need;
	pieces->left -= need;
	pieces->size += need;
	self->count++;
	return true;
}

/* Goes through a list that does not change meanwhile. */
struct link_list_reader {
	const struct link_list *list;
	struct pieces_reader pieces; /* its failed counts for the whole */
	struct buf *joined;          /* for what begins in one piece and ends in another; borrowed */
};

struct link_list_reader link_list_read(const struct link_list *self, struct buf *joined);
void link_list_reader_release(struct link_list_reader *self);

/* Only for link_list_next, as above. */
bool link_list_next_any(struct link_list_reader *self, struct raw_link *link);

/* Gives the next link, borrowed until the next call. False behind the last, and where it failed. */
static inline bool link_list_next(struct link_list_reader *self, struct raw_link *link)
{
	struct pieces_reader *pieces = &self->pieces;
	uint32_t len;
	if (pieces->left < sizeof len || self->list->detailed)
		return link_list_next_any(self, link);
	memcpy(&len, pieces->at, sizeof len);
	if (len > pieces->left - sizeof len)
		return link_list_next_any(self, link);
	link->value = (struct slice){pieces->at + sizeof len, len};
	pieces->at += sizeof len + len;
	pieces->left -= sizeof len + len;
	pieces->size -= sizeof len + len;
	return true;
}

#endif
