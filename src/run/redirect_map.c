#include "run/redirect_map.h"

void redirect_map_release(struct redirect_map *self)
{
	place_map_release(&self->by_target);
}

void redirect_map_add(struct redirect_map *self, uint64_t from, uint64_t to)
{
	place_map_add(&self->by_target, from)->place = to;
}

void redirect_map_remove(struct redirect_map *self, uint64_t from)
{
	struct place_entry *entry = place_map_find(&self->by_target, from);
	if (entry)
		place_map_remove(&self->by_target, entry);
}

/* Halves the way that it goes, so that a long chain of redirects does not cost much time again and again. */
bool redirect_map_is_circle(struct redirect_map *self, uint64_t from, uint64_t to)
{
	struct place_entry *next;
	while (to != from && (next = place_map_find(&self->by_target, to))) {
		const struct place_entry *after = place_map_find(&self->by_target, next->place);
		if (next->place != from && after)
			next->place = after->place;
		to = next->place;
	}
	return to == from;
}
