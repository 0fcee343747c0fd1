/* A binary min-heap. Each item knows its index, so that any item can be removed, not only the first one. */
#ifndef AREQ_BASE_HEAP_H
#define AREQ_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap;

/* Embedded in the item. {0} is a node that is in no heap. */
struct heap_node {
	uint64_t key;      /* the node with the smallest key comes first */
	struct heap *heap; /* the heap that it is in; NULL if it is in none */
	size_t index;      /* position in heap->nodes */
	void *item;        /* the item that the node is embedded in */
};

struct heap {
	struct heap_node **nodes;
	size_t count;
	size_t room; /* nodes allocated */
};

/* Frees the heap's own memory, not the items. {0} is an empty heap that needs no other set-up. */
void heap_release(struct heap *self);

/* Adds node, which must be in no heap, with that key. item is the item that the node is embedded in. Both
 * are borrowed until the node is removed. */
void heap_add(struct heap *self, struct heap_node *node, uint64_t key, void *item);

/* Removes node from the heap that it is in. Does nothing if it is in none. */
void heap_remove(struct heap_node *node);

/* Returns the node with the smallest key, which stays in the heap; NULL if the heap is empty. */
struct heap_node *heap_first(const struct heap *self);

/* True while the node is in a heap. */
static inline bool heap_holds(const struct heap_node *node)
{
	return node->heap != NULL;
}

#endif
