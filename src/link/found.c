#include "link/found.h"

#include <string.h>

/* What stands before the bytes of a link. */
struct details {
	uint32_t value_len;
	uint32_t tag_len;
	uint32_t rel_len;
	bool has_tag;
	bool has_rel;
	int64_t position;
};

void found_init(struct found *self, size_t max)
{
	buf_init(&self->bytes, max);
	self->detailed = false;
}

void found_release(struct found *self)
{
	buf_release(&self->bytes);
}

bool found_add_detailed(struct found *self, const struct found_link *link)
{
	struct details details = {.value_len = (uint32_t)link->value.len,
	    .tag_len = (uint32_t)link->tag.len,
	    .rel_len = (uint32_t)link->rel.len,
	    .has_tag = link->tag.data,
	    .has_rel = link->rel.data,
	    .position = link->position};
	if (!buf_reserve(&self->bytes, sizeof details + link->value.len + link->tag.len + link->rel.len))
		return false;
	buf_append(&self->bytes, &details, sizeof details);
	buf_append(&self->bytes, link->value.data, link->value.len);
	buf_append(&self->bytes, link->tag.data, link->tag.len);
	buf_append(&self->bytes, link->rel.data, link->rel.len);
	return true;
}

static struct slice take(const struct found *self, size_t *at, size_t len)
{
	struct slice bytes = {self->bytes.data + *at, len};
	*at += len;
	return bytes;
}

void found_next_detailed(const struct found *self, size_t *at, struct found_link *link)
{
	struct details details;
	memcpy(&details, take(self, at, sizeof details).data, sizeof details);
	struct slice value = take(self, at, details.value_len);
	struct slice tag = take(self, at, details.tag_len);
	struct slice rel = take(self, at, details.rel_len);
	*link = (struct found_link){.value = value, .position = details.position};
	if (details.has_tag)
		link->tag = tag;
	if (details.has_rel)
		link->rel = rel;
}
