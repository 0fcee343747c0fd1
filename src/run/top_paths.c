#include "run/top_paths.h"

#include <string.h>

/* Longer hosts and segments are cut off. */
enum { PATH_MAX_BYTES = 400, SEGMENT_MAX = 64 };

void top_paths_release(struct top_paths *self)
{
	for (size_t i = 0; i < TOP_PATHS_MAX; i++)
		buf_release(&self->paths[i]);
	buf_release(&self->path);
}

/* Sets path to the host of the URL, and the first segment of its path. */
static void set_path(struct top_paths *self, const struct url *url)
{
	struct slice path = url_path(url);
	size_t len = path.len > 0 ? 1 : 0;
	while (len < path.len && len < SEGMENT_MAX && path.data[len] != '/')
		len++;
	buf_release(&self->path);
	buf_init(&self->path, PATH_MAX_BYTES);
	url_append_server(url, &self->path);
	buf_append(&self->path, path.data, len);
}

void top_paths_add(struct top_paths *self, const struct url *url)
{
	size_t unused = TOP_PATHS_MAX;
	set_path(self, url);
	for (size_t i = 0; i < TOP_PATHS_MAX; i++) {
		if (self->counts[i] == 0)
			unused = i;
		else if (self->paths[i].len == self->path.len &&
		         memcmp(self->paths[i].data, self->path.data, self->path.len) == 0) {
			self->counts[i]++;
			return;
		}
	}
	if (unused == TOP_PATHS_MAX) {
		for (size_t i = 0; i < TOP_PATHS_MAX; i++)
			self->counts[i]--;
		return;
	}
	buf_release(&self->paths[unused]);
	buf_init(&self->paths[unused], PATH_MAX_BYTES);
	buf_append(&self->paths[unused], self->path.data, self->path.len);
	self->counts[unused] = 1;
}

const char *top_paths_first(const struct top_paths *self)
{
	size_t first = 0;
	for (size_t i = 1; i < TOP_PATHS_MAX; i++) {
		if (self->counts[i] > self->counts[first])
			first = i;
	}
	return self->counts[first] ? self->paths[first].data : NULL;
}
