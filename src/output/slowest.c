#include "output/slowest.h"

#include "base/alloc.h"
#include "base/slice.h"
#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

static void remove_host(struct slowest *self, struct slow_host *host)
{
	heap_remove(&host->node);
	map_remove(&self->hosts, slice_of(host->name));
	free(host->name);
	free(host);
}

void slowest_release(struct slowest *self)
{
	while (self->heap.count)
		remove_host(self, heap_first(&self->heap)->item);
	heap_release(&self->heap);
	map_release(&self->hosts);
}

double slowest_mean_ms(const struct slow_host *host)
{
	return host->total_ms / (double)host->urls;
}

static uint64_t heap_key(double ms)
{
	return (uint64_t)(ms * 1000);
}

/* Finds the host of that name, or adds it. NULL if there is no room and the new host is not slower than the
 * fastest one. */
static struct slow_host *find_or_add(struct slowest *self, struct slice name, double ms)
{
	struct slow_host *host = map_find(&self->hosts, name);
	if (host)
		return host;
	if (self->heap.count == SLOWEST_MAX) {
		struct heap_node *fastest = heap_first(&self->heap);
		if (fastest->key >= heap_key(ms))
			return NULL;
		self->others += ((struct slow_host *)fastest->item)->urls;
		remove_host(self, fastest->item);
	}
	host = alloc_new(sizeof *host);
	host->name = alloc_copy(name.data, name.len);
	map_add(&self->hosts, slice_of(host->name), host);
	return host;
}

void slowest_add(struct slowest *self, const struct outcome *outcome)
{
	double ms = outcome->phases.total;
	if (outcome->attempts == 0 || ms < 0)
		return;
	struct slow_host *host = find_or_add(self, outcome_host(outcome), ms);
	if (!host) {
		self->others++;
		return;
	}
	host->urls++;
	host->failed += outcome->kind == OUTCOME_FAILED;
	host->total_ms += ms;
	if (ms > host->longest_ms)
		host->longest_ms = ms;
	heap_remove(&host->node);
	heap_add(&self->heap, &host->node, heap_key(slowest_mean_ms(host)), host);
}

static int compare_means(const void *a, const void *b)
{
	const struct slow_host *left = *(const struct slow_host *const *)a;
	const struct slow_host *right = *(const struct slow_host *const *)b;
	if (left->node.key != right->node.key)
		return left->node.key > right->node.key ? -1 : 1;
	return strcmp(left->name, right->name);
}

const struct slow_host **slowest_list(const struct slowest *self, size_t *count)
{
	const struct slow_host **list = alloc_array(self->heap.count, sizeof *list);
	*count = self->heap.count;
	for (size_t i = 0; i < *count; i++)
		list[i] = self->heap.nodes[i]->item;
	sort_array(list, *count, sizeof *list, compare_means);
	return list;
}
