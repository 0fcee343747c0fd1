#include "output/dead_links.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/sort.h"
#include "base/url/url.h"

#include <stdlib.h>
#include <string.h>

static void release_groups(struct dead_groups *self)
{
	struct dead_group *group;
	for (size_t at = 0; (group = map_next(&self->by_name, &at));) {
		free(group->name);
		free(group->first);
		free(group);
	}
	map_release(&self->by_name);
}

void dead_links_release(struct dead_links *self)
{
	release_groups(&self->problems);
	release_groups(&self->pages);
}

static struct slice cut(struct slice url)
{
	if (url.len > DEAD_LINKS_URL_MAX)
		url.len = DEAD_LINKS_URL_MAX;
	return url;
}

/* Returns a copy that can be shown: without user name and password, and cut. */
static char *copy_for_people(struct slice url)
{
	char *text = alloc_copy(url.data, url.len);
	struct buf redacted;
	buf_init(&redacted, SIZE_MAX / 2);
	url_append_redacted(&redacted, text);
	free(text);
	struct slice shown = cut((struct slice){redacted.data, redacted.len});
	text = alloc_copy(shown.data, shown.len);
	buf_release(&redacted);
	return text;
}

static void count(struct dead_groups *self, struct slice name, struct slice url)
{
	struct dead_group *group = map_find(&self->by_name, name);
	if (!group && self->by_name.count == DEAD_LINKS_KEPT) {
		self->others++;
		return;
	}
	if (!group) {
		group = alloc_new(sizeof *group);
		group->name = alloc_copy(name.data, name.len);
		group->first = copy_for_people(url);
		map_add(&self->by_name, slice_of(group->name), group);
	}
	group->count++;
}

void dead_links_add(struct dead_links *self, const char *page, const struct link *link)
{
	count(&self->problems, link->verdict->problem, link->url);
	count(&self->pages, cut(slice_of(page)), link->url);
}

static int compare_groups(const void *a, const void *b)
{
	const struct dead_group *left = *(const struct dead_group *const *)a;
	const struct dead_group *right = *(const struct dead_group *const *)b;
	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	return strcmp(left->name, right->name);
}

const struct dead_group **dead_groups_list(const struct dead_groups *self, size_t *count)
{
	const struct dead_group **list = alloc_array(self->by_name.count, sizeof *list);
	const struct dead_group *group;
	*count = 0;
	for (size_t at = 0; (group = map_next(&self->by_name, &at));)
		list[(*count)++] = group;
	sort_array(list, *count, sizeof *list, compare_groups);
	return list;
}
