/* Which targets wait for another one because a redirect leads there. Targets are fingerprints. */
#ifndef AREQ_RUN_REDIRECT_MAP_H
#define AREQ_RUN_REDIRECT_MAP_H

#include "run/place_map.h"

#include <stdbool.h>
#include <stdint.h>

/* {0} is empty. */
struct redirect_map {
	struct place_map by_target;
};

void redirect_map_release(struct redirect_map *self);

/* Lets `from` wait for `to`, and no longer for what it has waited for. */
void redirect_map_add(struct redirect_map *self, uint64_t from, uint64_t to);

/* `from` waits no more. Does nothing if it has not waited. */
void redirect_map_remove(struct redirect_map *self, uint64_t from);

/* True if `to` waits for `from`, directly or over others, or is the same. */
bool redirect_map_is_circle(struct redirect_map *self, uint64_t from, uint64_t to);

#endif
