/* A binary heap of things that carry their own place in it, so that any of them can be taken out. */
#ifndef AREQ_BASE_HEAP_H
#define AREQ_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap;

/* Embedded in the thing; {0} is a node in no heap. */
struct heap_node {
	uint64_t key;      /* the smallest comes first */
	struct heap *heap; /* NULL: in none */
	size_t place;
	void *thing; /* what the node is embedded in */
};

struct heap {
	struct heap_node **nodes;
	size_t count;
	size_t room;
};

/* {0} is an empty heap. Frees the heap's own memory, not the things. */
void heap_release(struct heap *self);

/* Puts node, which is in no heap, in with that key. The things are borrowed. */
void heap_put(struct heap *self, struct heap_node *node, uint64_t key, void *thing);

/* Takes node out of the heap that it is in, if any. */
void heap_remove(struct heap_node *node);

/* The node with the smallest key, or NULL; it stays in the heap. */
struct heap_node *heap_first(const struct heap *self);

static inline bool heap_holds(const struct heap_node *node)
{
	return node->heap != NULL;
}

#endif
