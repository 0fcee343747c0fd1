#include "graph_spec.h"

#include <stdio.h>

static const struct key {
	const char *name;
	size_t offset;
	unsigned otherwise;
	const char *help;
} keys[] = {
#define GRAPH_SPEC_KEY(name, otherwise, help) {#name, offsetof(struct graph_spec, name), otherwise, help},
    GRAPH_SPEC_LIST(GRAPH_SPEC_KEY)
#undef GRAPH_SPEC_KEY
};

enum { KEY_COUNT = sizeof keys / sizeof *keys };

static unsigned *field_of(struct graph_spec *self, const struct key *key)
{
	return (unsigned *)(void *)((char *)self + key->offset);
}

void graph_spec_init(struct graph_spec *self)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		*field_of(self, &keys[i]) = keys[i].otherwise;
}

bool graph_spec_set(struct graph_spec *self, struct slice name, uint64_t number)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (!slice_equal(name, slice_of(keys[i].name)))
			continue;
		*field_of(self, &keys[i]) = (unsigned)number;
		return number <= UINT32_MAX;
	}
	return false;
}

void graph_spec_query(const struct graph_spec *self, struct buf *out)
{
	struct graph_spec copy = *self;
	for (size_t i = 0; i < KEY_COUNT; i++) {
		buf_append_text(out, i == 0 ? "" : "&");
		buf_append_text(out, keys[i].name);
		buf_append_byte(out, '=');
		buf_append_number(out, *field_of(&copy, &keys[i]));
	}
}

void graph_spec_help(struct buf *out)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		char line[160];
		snprintf(
		    line, sizeof line, "  %-15s %s; %u\n", keys[i].name, keys[i].help, keys[i].otherwise);
		buf_append_text(out, line);
	}
}
