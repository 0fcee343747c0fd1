/* The links of a page from finding them to resolving them, in the order of the page. */
#ifndef AREQ_LINK_LINK_LIST_H
#define AREQ_LINK_LINK_LIST_H

#include "base/attribute.h"
#include "base/buf.h"
#include "base/link.h"
#include "base/slice.h"
#include "link/pieces.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A link as it stands in the page. The slices are raw bytes of the page, or UTF-8 if the
 * page was converted. */
struct raw_link {
	struct slice value;
	/* A list that is not detailed does not keep these: link_list_next then leaves them unchanged, or sets
	 * them to the values for "not known". data == NULL means that it is not known or not there. */
	struct slice tag;
	struct slice rel;
	int64_t position; /* offset of the start tag in the page, in bytes; negative if it is not known */
	uint32_t line;    /* of the start tag, and the byte in that line, both from 1; 0 if not known */
	uint32_t column;
	/* Every list keeps these: */
	unsigned kind;            /* an enum link_kind, or a LINK_LIST_… */
	enum attribute attribute; /* that has the link */
};

/* More kinds of entries. The hidden ones are links that the user does not want as rows. LINK_LIST_BASE is no
 * link: its value is the absolute URL that the links after it are resolved against, or "" for the one of the
 * page as a whole. */
enum { LINK_LIST_HIDDEN_PAGE = LINK_KINDS, LINK_LIST_HIDDEN_SITEMAP, LINK_LIST_BASE };

/* The kind of a link that is kept only to be followed. */
static inline unsigned link_list_hidden_kind(unsigned kind)
{
	return kind == LINK_PAGE      ? LINK_LIST_HIDDEN_PAGE
	       : kind == LINK_SITEMAP ? LINK_LIST_HIDDEN_SITEMAP
	                              : kind;
}

static inline bool link_list_is_hidden(unsigned kind)
{
	return kind == LINK_LIST_HIDDEN_PAGE || kind == LINK_LIST_HIDDEN_SITEMAP;
}

/* In the list, the upper bits of the length of a value are its attribute and its kind. */
enum {
	LINK_LIST_LENGTH_BITS = 24,
	LINK_LIST_KIND_BITS = 3,
	LINK_LIST_ATTRIBUTE_SHIFT = LINK_LIST_LENGTH_BITS + LINK_LIST_KIND_BITS,
	LINK_LIST_LENGTH_MAX = (1 << LINK_LIST_LENGTH_BITS) - 1
};
_Static_assert(LINK_LIST_BASE < 1 << LINK_LIST_KIND_BITS, "a kind does not fit");
_Static_assert(ATTRIBUTE_COUNT <= 1 << (32 - LINK_LIST_ATTRIBUTE_SHIFT), "an attribute does not fit");

static inline uint32_t link_list_head(const struct raw_link *link)
{
	return (uint32_t)link->value.len | (uint32_t)link->kind << LINK_LIST_LENGTH_BITS |
	       (uint32_t)link->attribute << LINK_LIST_ATTRIBUTE_SHIFT;
}

/* Sets kind and attribute. Returns the length of the value. */
static inline uint32_t link_list_read_head(uint32_t head, struct raw_link *link)
{
	link->kind = head >> LINK_LIST_LENGTH_BITS & ((1 << LINK_LIST_KIND_BITS) - 1);
	link->attribute = (enum attribute)(head >> LINK_LIST_ATTRIBUTE_SHIFT);
	return head & LINK_LIST_LENGTH_MAX;
}

struct link_list {
	struct pieces pieces;
	uint64_t max;  /* the largest size of the list, in bytes */
	size_t count;  /* number of links */
	bool detailed; /* true if tag, rel, position and line are kept; to be set before the first link */
};

/* Makes an empty list that never takes more than max bytes. Its bytes are kept in store, which is borrowed
 * until link_list_release. link_list_clear empties the list. */
void link_list_init(struct link_list *self, struct piece_store *store, uint64_t max);
void link_list_release(struct link_list *self);
void link_list_clear(struct link_list *self);

/* The general case of link_list_add, which calls it; link_list_add itself is inline because most runs call it
 * for each link. */
bool link_list_add_slow(struct link_list *self, const struct raw_link *link);

/* Copies a link to the end of the list. Returns false, and adds nothing, if the list would pass
 * its largest size. */
static inline bool link_list_add(struct link_list *self, const struct raw_link *link)
{
	struct pieces *pieces = &self->pieces;
	uint32_t head = link_list_head(link);
	size_t need = sizeof head + link->value.len;
	if (need > pieces->left || need > self->max - pieces->size || self->detailed)
		return link_list_add_slow(self, link);
	memcpy(pieces->end, &head, sizeof head);
	memcpy(pieces->end + sizeof head, link->value.data, link->value.len);
	pieces->end += need;
	pieces->left -= need;
	pieces->size += need;
	self->count++;
	return true;
}

/* Reads a list from its beginning. The list must not change meanwhile. */
struct link_list_reader {
	const struct link_list *list;
	struct pieces_reader pieces; /* pieces.failed is true if the list could not be read to its end */
	struct buf *joined;          /* memory for a link that lies in more than one piece; borrowed */
};

/* Starts reading. Both arguments are borrowed until link_list_reader_release. */
struct link_list_reader link_list_read(const struct link_list *self, struct buf *joined);

/* The same at a byte of the list where a link begins, or at its end: pieces.size of the list as it was
 * earlier, or what a reader had read when it stopped between two links. */
struct link_list_reader link_list_read_from(
    const struct link_list *self, uint64_t offset, struct buf *joined);
void link_list_reader_release(struct link_list_reader *self);

/* The general case of link_list_next, which calls it. */
bool link_list_next_slow(struct link_list_reader *self, struct raw_link *link);

/* Sets *link to the next link; its slices are borrowed until the next call. Returns false after the last
 * link, and if the list cannot be read. */
static inline bool link_list_next(struct link_list_reader *self, struct raw_link *link)
{
	struct pieces_reader *pieces = &self->pieces;
	uint32_t head;
	if (pieces->left < sizeof head || self->list->detailed)
		return link_list_next_slow(self, link);
	memcpy(&head, pieces->at, sizeof head);
	uint32_t len = link_list_read_head(head, link);
	if (len > pieces->left - sizeof head)
		return link_list_next_slow(self, link);
	link->value = (struct slice){pieces->at + sizeof head, len};
	pieces->at += sizeof head + len;
	pieces->left -= sizeof head + len;
	pieces->size -= sizeof head + len;
	return true;
}

#endif
