/* The links of a page between finding and resolving: what was found, in the order of the page. */
#ifndef AREQ_LINK_FOUND_H
#define AREQ_LINK_FOUND_H

#include "base/buf.h"
#include "base/slice.h"

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
	struct buf bytes;
	bool detailed; /* set before the first is added */
};

/* Makes an empty list that never takes more than max bytes. */
void found_init(struct found *self, size_t max);
void found_release(struct found *self);

/* Only for the two below, through which each link of most runs goes. */
bool found_add_detailed(struct found *self, const struct found_link *link);
void found_next_detailed(const struct found *self, size_t *at, struct found_link *link);

/* Copies a link to the end. False, and nothing added, where that would be too much. */
static inline bool found_add(struct found *self, const struct found_link *link)
{
	if (self->detailed)
		return found_add_detailed(self, link);
	uint32_t len = (uint32_t)link->value.len;
	return buf_append(&self->bytes, &len, sizeof len) &&
	       buf_append(&self->bytes, link->value.data, link->value.len);
}

/* Gives the link at *at, which starts as 0 and moves on; borrowed from the list. False behind the last. */
static inline bool found_next(const struct found *self, size_t *at, struct found_link *link)
{
	if (*at >= self->bytes.len)
		return false;
	if (self->detailed) {
		found_next_detailed(self, at, link);
		return true;
	}
	uint32_t len;
	memcpy(&len, self->bytes.data + *at, sizeof len);
	link->value = (struct slice){self->bytes.data + *at + sizeof len, len};
	*at += sizeof len + len;
	return true;
}

#endif
