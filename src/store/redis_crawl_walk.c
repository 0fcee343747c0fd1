/* Reads all answers of a crawl, one after the other. */

#include "base/alloc.h"
#include "base/seen.h"
#include "store/redis_crawl_internal.h"

#include <stdlib.h>
#include <string.h>

/* So many are asked for at once. */
enum { BATCH = 16 };

struct walk_item {
	struct redis_walk *walk;
	char id[REDIS_ID_SIZE];
	struct buf answer, links;
};

struct redis_walk {
	char cursor[REDIS_CURSOR_SIZE];
	bool is_scanned;  /* the last step was taken */
	size_t awaited;   /* answers of Redis */
	struct buf ids;   /* of the last step */
	size_t next_id;   /* in bytes */
	struct seen seen; /* SCAN may give a key twice */
	struct walk_item items[BATCH];
	size_t count, next; /* of the items */
};

static struct redis_walk *new_walk(void)
{
	struct redis_walk *self = alloc_new(sizeof *self);
	strcpy(self->cursor, "0");
	buf_init(&self->ids, SIZE_MAX / 2);
	seen_init(&self->seen);
	for (size_t i = 0; i < BATCH; i++) {
		self->items[i].walk = self;
		buf_init(&self->items[i].answer, SIZE_MAX / 2);
		buf_init(&self->items[i].links, SIZE_MAX / 2);
	}
	return self;
}

void redis_crawl_free_walk(struct redis_crawl *self)
{
	struct redis_walk *walk = self->walk;
	if (!walk)
		return;
	buf_release(&walk->ids);
	seen_release(&walk->seen);
	for (size_t i = 0; i < BATCH; i++) {
		buf_release(&walk->items[i].answer);
		buf_release(&walk->items[i].links);
	}
	free(walk);
	self->walk = NULL;
}

static bool is_there(const struct redis_crawl *self)
{
	return self->walk->awaited == 0;
}

static void on_keys(void *ctx, const redisReply *reply)
{
	struct redis_crawl *self = ctx;
	struct redis_walk *walk = self->walk;
	if (!redis_crawl_take_scan(self, reply, walk->cursor, &walk->ids))
		return;
	walk->is_scanned = strcmp(walk->cursor, "0") == 0;
	walk->next_id = 0;
	walk->awaited--;
}

static void on_stored(void *ctx, struct slice answer, struct slice links)
{
	struct walk_item *item = ctx;
	buf_append(&item->answer, answer.data, answer.len);
	buf_append(&item->links, links.data, links.len);
	item->walk->awaited--;
}

static enum status read_ids(struct redis_crawl *self)
{
	self->walk->awaited = 1;
	redis_crawl_scan_answers(self, self->walk->cursor, 0, on_keys, self);
	return redis_crawl_wait(self, is_there, "the answers cannot be listed");
}

static enum status read_batch(struct redis_crawl *self)
{
	struct redis_walk *walk = self->walk;
	walk->count = walk->next = 0;
	for (; walk->count < BATCH && walk->next_id < walk->ids.len; walk->next_id += REDIS_ID_SIZE) {
		const char *id = walk->ids.data + walk->next_id;
		struct walk_item *item = &walk->items[walk->count];
		if (!seen_add(&walk->seen, id, REDIS_ID_SIZE))
			continue;
		memcpy(item->id, id, REDIS_ID_SIZE);
		buf_clear(&item->answer);
		buf_clear(&item->links);
		walk->awaited++;
		walk->count++;
		redis_crawl_request_answer(self, id, on_stored, item);
	}
	return redis_crawl_wait(self, is_there, "the answers cannot be read");
}

enum status redis_crawl_next_stored(struct redis_crawl *self, struct redis_crawl_stored *stored, bool *found)
{
	enum status status = STATUS_OK;
	if (!self->walk)
		self->walk = new_walk();
	struct redis_walk *walk = self->walk;
	while (status == STATUS_OK && walk->next == walk->count) {
		*found = walk->next_id < walk->ids.len || !walk->is_scanned;
		if (!*found)
			return STATUS_OK;
		status = walk->next_id < walk->ids.len ? read_batch(self) : read_ids(self);
	}
	if (status != STATUS_OK)
		return status;
	const struct walk_item *item = &walk->items[walk->next++];
	*stored = (struct redis_crawl_stored){.number = redis_crawl_number_of(item->id),
	    .answer = {item->answer.data, item->answer.len},
	    .links = {item->links.data, item->links.len}};
	return STATUS_OK;
}
