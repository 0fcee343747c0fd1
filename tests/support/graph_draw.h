/* The random numbers from which a generated site is made: the same on every machine. */
#ifndef SUPPORT_GRAPH_DRAW_H
#define SUPPORT_GRAPH_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns 0 to n - 1. state starts as the seed. */
unsigned graph_draw(uint64_t *state, size_t n);

/* True in so many of 100 cases. */
bool graph_draw_share(uint64_t *state, unsigned percent);

#endif
