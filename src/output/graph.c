#include "output/graph.h"

#include "base/alloc.h"
#include "base/random.h"
#include "base/sort.h"
#include "base/url/url.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

/* The longest path that is kept, in bytes. Labels are shorter than that. */
enum { PATH_MAX_BYTES = 160 };

struct graph_link {
	uint32_t page;   /* index of its page, set when the page ends */
	uint32_t host;   /* number of the host that it leads to */
	uint64_t target; /* fingerprint of the link's URL */
};

struct graph_key {
	uint64_t url; /* fingerprint of a URL of the page: the listed one, or where redirects led */
	uint32_t page;
};

/* Makes room for one more element in an array that grows by doubling. */
static void *grow_array(void *array, size_t count, size_t size)
{
	bool is_power = (count & (count - 1)) == 0;
	return is_power ? alloc_resize(array, count ? 2 * count : 1, size) : array;
}

static struct graph_host *add_host(struct graph *self, char *name)
{
	struct graph_host *host = alloc_new(sizeof *host);
	host->name = name;
	host->number = (uint32_t)self->host_count;
	self->hosts = grow_array(self->hosts, self->host_count, sizeof *self->hosts);
	self->hosts[self->host_count++] = host;
	return host;
}

void graph_init(struct graph *self)
{
	*self = (struct graph){.seed = random_bits()};
	add_host(self, NULL);
}

void graph_release(struct graph *self)
{
	map_release(&self->names);
	for (size_t i = 0; i < self->host_count; i++) {
		free(self->hosts[i]->name);
		free(self->hosts[i]);
	}
	for (size_t i = 0; i < self->page_count; i++)
		free(self->pages[i].path);
	free(self->hosts);
	free(self->pages);
	free(self->links);
	free(self->keys);
	*self = (struct graph){0};
}

static struct graph_host *find_or_add_host(struct graph *self, struct slice name)
{
	struct graph_host *host = map_find(&self->names, name);
	if (host)
		return host;
	if (self->host_count == GRAPH_HOSTS_MAX)
		return self->hosts[0];
	host = add_host(self, alloc_copy(name.data, name.len));
	map_add(&self->names, slice_of(host->name), host);
	return host;
}

/* The fingerprint of a URL without its fragment, which only names a position in the same page. */
static uint64_t fingerprint(const struct graph *self, struct slice url)
{
	const char *hash = memchr(url.data, '#', url.len);
	return XXH3_64bits_withSeed(url.data, hash ? (size_t)(hash - url.data) : url.len, self->seed);
}

void graph_add_link(struct graph *self, uint64_t number, struct slice url)
{
	struct url_parts parts;
	if (number != self->open_page) {
		self->open_page = number;
		self->open_start = self->link_count;
	}
	if (!url_split(url, &parts))
		return;
	if (self->link_count == GRAPH_LINKS_MAX || self->page_count == GRAPH_PAGES_MAX) {
		self->links_dropped++;
		return;
	}
	self->links = grow_array(self->links, self->link_count, sizeof *self->links);
	self->links[self->link_count++] =
	    (struct graph_link){0, find_or_add_host(self, parts.server)->number, fingerprint(self, url)};
}

static void add_key(struct graph *self, struct slice url)
{
	self->keys = grow_array(self->keys, self->key_count, sizeof *self->keys);
	self->keys[self->key_count++] =
	    (struct graph_key){fingerprint(self, url), (uint32_t)self->page_count};
}

static char *path_text(struct slice path)
{
	struct buf text;
	buf_init(&text, SIZE_MAX / 4);
	utf8_append_repaired(&text, path.data, path.len < PATH_MAX_BYTES ? path.len : PATH_MAX_BYTES);
	buf_append_text(&text, text.len ? "" : "/");
	return text.data;
}

/* Ends the page whose links were added last: they become links of the page that is added next, or are
 * dropped. */
static void end_links(struct graph *self, bool keep)
{
	self->open_page = 0;
	if (!keep)
		self->link_count = self->open_start;
	for (size_t i = self->open_start; i < self->link_count; i++)
		self->links[i].page = (uint32_t)self->page_count;
}

void graph_add_page(struct graph *self, const struct graph_source *page)
{
	struct slice source = slice_of(page->source_url), final = slice_of(page->final_url);
	struct url_parts parts;
	bool is_added = self->page_count < GRAPH_PAGES_MAX && url_split(final, &parts);
	if (page->number == self->open_page)
		end_links(self, is_added && page->has_links);
	if (!is_added) {
		self->pages_dropped++;
		return;
	}
	struct graph_host *host = find_or_add_host(self, parts.server);
	host->pages++;
	add_key(self, final);
	if (!slice_equal(source, final))
		add_key(self, source);
	self->pages = grow_array(self->pages, self->page_count, sizeof *self->pages);
	self->pages[self->page_count] = (struct graph_page){.number = page->number,
	    .path = path_text(parts.path),
	    .index = (uint32_t)self->page_count,
	    .host = host->number,
	    .failed = page->failed};
	self->page_count++;
}

static int compare_pages(const void *a, const void *b)
{
	const struct graph_page *left = a, *right = b;
	return left->number < right->number ? -1 : left->number > right->number;
}

static int compare_hosts(const void *a, const void *b)
{
	const struct graph_host *const *left = a, *const *right = b;
	return strcmp((*left)->name, (*right)->name);
}

static void sort_pages(struct graph *self)
{
	uint32_t *indexes = alloc_array(self->page_count + 1, sizeof *indexes);
	sort_array(self->pages, self->page_count, sizeof *self->pages, compare_pages);
	for (uint32_t i = 0; i < self->page_count; i++) {
		indexes[self->pages[i].index] = i;
		self->pages[i].index = i;
	}
	for (size_t i = 0; i < self->link_count; i++)
		self->links[i].page = indexes[self->links[i].page];
	for (size_t i = 0; i < self->key_count; i++)
		self->keys[i].page = indexes[self->keys[i].page];
	free(indexes);
}

/* Host 0 has no name and stays the first. */
static void sort_hosts(struct graph *self)
{
	uint32_t *numbers = alloc_array(self->host_count, sizeof *numbers);
	sort_array(self->hosts + 1, self->host_count - 1, sizeof *self->hosts, compare_hosts);
	for (uint32_t i = 0; i < self->host_count; i++) {
		numbers[self->hosts[i]->number] = i;
		self->hosts[i]->number = i;
	}
	for (size_t i = 0; i < self->page_count; i++)
		self->pages[i].host = numbers[self->pages[i].host];
	for (size_t i = 0; i < self->link_count; i++)
		self->links[i].host = numbers[self->links[i].host];
	free(numbers);
}

static int compare_keys(const void *a, const void *b)
{
	const struct graph_key *left = a, *right = b;
	if (left->url != right->url)
		return left->url < right->url ? -1 : 1;
	return left->page < right->page ? -1 : left->page > right->page;
}

static int compare_urls(const void *a, const void *b)
{
	const struct graph_key *left = a, *right = b;
	return left->url < right->url ? -1 : left->url > right->url;
}

/* Sorts the keys for bsearch. Several pages may have been redirected to one URL, of which the first stays. */
static void sort_keys(struct graph *self)
{
	size_t kept = 0;
	sort_array(self->keys, self->key_count, sizeof *self->keys, compare_keys);
	for (size_t i = 0; i < self->key_count; i++) {
		if (kept == 0 || self->keys[kept - 1].url != self->keys[i].url)
			self->keys[kept++] = self->keys[i];
	}
	self->key_count = kept;
}

struct graph_edge *graph_edges(struct graph *self, size_t *count)
{
	struct graph_edge *edges = alloc_array(self->link_count + 1, sizeof *edges);
	*count = 0;
	sort_pages(self);
	sort_hosts(self);
	sort_keys(self);
	for (size_t i = 0; i < self->link_count; i++) {
		const struct graph_link *link = &self->links[i];
		const struct graph_key wanted = {.url = link->target};
		const struct graph_key *found =
		    sort_find(&wanted, self->keys, self->key_count, sizeof *self->keys, compare_urls);
		if (!found && link->host == self->pages[link->page].host)
			continue;
		uint32_t to = found ? found->page : (uint32_t)self->page_count + link->host;
		edges[(*count)++] = (struct graph_edge){link->page, to, 1};
	}
	*count = graph_merge(edges, *count);
	return edges;
}

static int compare_ends(const void *a, const void *b)
{
	const struct graph_edge *left = a, *right = b;
	if (left->from != right->from)
		return left->from < right->from ? -1 : 1;
	return left->to < right->to ? -1 : left->to > right->to;
}

size_t graph_merge(struct graph_edge *edges, size_t count)
{
	size_t merged = 0;
	sort_array(edges, count, sizeof *edges, compare_ends);
	for (size_t i = 0; i < count; i++) {
		if (edges[i].from == edges[i].to)
			continue;
		if (merged && compare_ends(&edges[merged - 1], &edges[i]) == 0)
			edges[merged - 1].count += edges[i].count;
		else
			edges[merged++] = edges[i];
	}
	return merged;
}
