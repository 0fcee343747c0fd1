#include "run/origins.h"

#include "base/alloc.h"
#include "run/task.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void free_origin(struct origin *self)
{
	assert(!self->first_parked);
	robots_free(self->robots);
	robots_reader_free(self->reader);
	buf_release(&self->received);
	free(self->credentials);
	free(self->refusal.reason);
	free(self);
}

void origins_release(struct origins *self)
{
	struct origin *origin;
	for (size_t at = 0; (origin = map_next(&self->by_name, &at));)
		free_origin(origin);
	map_release(&self->by_name);
	buf_release(&self->name);
}

struct origin *origins_get(struct origins *self, const struct url *url)
{
	struct slice scheme = url_scheme(url);
	if (self->name.max == 0)
		buf_init(&self->name, SIZE_MAX / 2);
	buf_clear(&self->name);
	buf_append(&self->name, scheme.data, scheme.len);
	buf_append_text(&self->name, "://");
	url_append_server(url, &self->name);
	struct slice name = {self->name.data, self->name.len};
	struct origin *origin = map_find(&self->by_name, name);
	if (origin)
		return origin;
	origin = alloc_new(sizeof *origin + name.len + 1);
	origin->name_len = name.len;
	memcpy(origin->name, name.data, name.len);
	map_add(&self->by_name, (struct slice){origin->name, name.len}, origin);
	return origin;
}

void origin_robots_url(const struct origin *self, struct url *url)
{
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	buf_append(&text, self->name, self->name_len);
	buf_append_text(&text, "/robots.txt");
	url_parse(url, text.data, text.len, NULL, NULL);
	buf_release(&text);
}

static void forget_robots(struct origins *self)
{
	struct origin *origin;
	for (size_t at = 0; (origin = map_next(&self->by_name, &at));) {
		if (!origin->robots || origin->first_parked || origin->is_released)
			continue;
		self->robots_bytes -= origin->robots_bytes;
		robots_free(origin->robots);
		origin->robots = NULL;
		robots_reader_free(origin->reader);
		origin->reader = NULL;
		origin->robots_state = ROBOTS_UNKNOWN;
	}
}

void origins_set_robots(
    struct origins *self, struct origin *origin, struct robots *robots, size_t robots_bytes_max)
{
	assert(!origin->robots);
	origin->robots_bytes = robots_memory(robots);
	if (origin->reader)
		origin->robots_bytes += robots_reader_memory(origin->reader);
	if (self->robots_bytes + origin->robots_bytes > robots_bytes_max)
		forget_robots(self);
	self->robots_bytes += origin->robots_bytes;
	origin->robots = robots;
	origin->robots_state = ROBOTS_KNOWN;
}

void origin_park(struct origin *self, struct task *task)
{
	task->next_parked = NULL;
	*(self->last_parked ? &self->last_parked->next_parked : &self->first_parked) = task;
	self->last_parked = task;
}

struct task *origin_unpark(struct origin *self)
{
	struct task *task = self->first_parked;
	if (!task)
		return NULL;
	self->first_parked = task->next_parked;
	if (!self->first_parked)
		self->last_parked = NULL;
	return task;
}
