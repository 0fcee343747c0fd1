#include "output/slowest.h"

#include "base/alloc.h"
#include "base/slice.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b)
{
	const struct slow_host *left = a, *right = b;
	return strcmp(left->name, right->name);
}

static void forget(struct slowest *self, struct slow_host *host)
{
	heap_remove(&host->node);
	tdelete(host, &self->tree, compare_names);
	free(host->name);
	free(host);
}

void slowest_release(struct slowest *self)
{
	while (self->heap.count)
		forget(self, heap_first(&self->heap)->thing);
	heap_release(&self->heap);
}

double slowest_mean_ms(const struct slow_host *host)
{
	return host->total_ms / (double)host->urls;
}

static uint64_t key_of(double ms)
{
	return (uint64_t)(ms * 1000);
}

/* The host of that name, a new one if need be; NULL where it would be too fast to be kept. */
static struct slow_host *find(struct slowest *self, const char *name, double ms)
{
	struct slow_host wanted = {.name = (char *)name};
	struct slow_host **found = tfind(&wanted, &self->tree, compare_names);
	if (found)
		return *found;
	if (self->heap.count == SLOWEST_MAX) {
		struct heap_node *fastest = heap_first(&self->heap);
		if (fastest->key >= key_of(ms))
			return NULL;
		self->others += ((struct slow_host *)fastest->thing)->urls;
		forget(self, fastest->thing);
	}
	struct slow_host *host = alloc_new(sizeof *host);
	host->name = alloc_copy(name, strlen(name));
	if (!tsearch(host, &self->tree, compare_names))
		alloc_fail();
	return host;
}

void slowest_add(struct slowest *self, const struct outcome *outcome)
{
	double ms = outcome->phases.total;
	if (outcome->attempts == 0 || ms < 0)
		return;
	struct slice slice = outcome_host(outcome);
	char *name = alloc_copy(slice.data, slice.len);
	struct slow_host *host = find(self, name, ms);
	free(name);
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
	heap_put(&self->heap, &host->node, key_of(slowest_mean_ms(host)), host);
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
		list[i] = self->heap.nodes[i]->thing;
	qsort(list, *count, sizeof *list, compare_means);
	return list;
}
