#include "base/heap.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdlib.h>

void heap_release(struct heap *self)
{
	free(self->nodes);
	*self = (struct heap){0};
}

static void set_node(struct heap *self, size_t index, struct heap_node *node)
{
	self->nodes[index] = node;
	node->index = index;
}

static void sift_up(struct heap *self, size_t index, struct heap_node *node)
{
	while (index > 0) {
		size_t parent = (index - 1) / 2;
		if (self->nodes[parent]->key <= node->key)
			break;
		set_node(self, index, self->nodes[parent]);
		index = parent;
	}
	set_node(self, index, node);
}

static void sift_down(struct heap *self, size_t index, struct heap_node *node)
{
	for (;;) {
		size_t child = 2 * index + 1;
		if (child >= self->count)
			break;
		if (child + 1 < self->count && self->nodes[child + 1]->key < self->nodes[child]->key)
			child++;
		if (node->key <= self->nodes[child]->key)
			break;
		set_node(self, index, self->nodes[child]);
		index = child;
	}
	set_node(self, index, node);
}

void heap_add(struct heap *self, struct heap_node *node, uint64_t key, void *item)
{
	assert(!heap_holds(node));
	if (self->count == self->room) {
		self->room = self->room ? self->room * 2 : 16;
		self->nodes = alloc_resize(self->nodes, self->room, sizeof(struct heap_node *));
	}
	node->key = key;
	node->item = item;
	node->heap = self;
	sift_up(self, self->count++, node);
}

void heap_remove(struct heap_node *node)
{
	struct heap *self = node->heap;
	if (!self)
		return;
	size_t index = node->index;
	assert(index < self->count && self->nodes[index] == node);
	node->heap = NULL;
	struct heap_node *last = self->nodes[--self->count];
	if (last == node)
		return;
	if (index > 0 && last->key < self->nodes[(index - 1) / 2]->key)
		sift_up(self, index, last);
	else
		sift_down(self, index, last);
}

struct heap_node *heap_first(const struct heap *self)
{
	return self->count ? self->nodes[0] : NULL;
}
