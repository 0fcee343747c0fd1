#include "run/shared_outputs.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "output/number_text.h"
#include "store/output_end.h"
#include "store/redis_store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The outputs that are cut back if their process has died. */
static const enum output kept_outputs[] = {OUTPUT_ROWS, OUTPUT_CHANGES, OUTPUT_REPORT, OUTPUT_FAILED};
_Static_assert(sizeof kept_outputs / sizeof *kept_outputs == SHARED_OUTPUTS, "each has a place");

enum { ROWS_AT, CHANGES_AT };

/* How often outputs are brought to the disk. */
enum { SYNC_EVERY_MS = 100 };

/* The most bytes of answers and links that wait for the disk. */
enum { HELD_MAX = 32 << 20 };

struct settled_claim {
	struct store_claim *claim;
	struct redis_crawl_settled result;
	char *bytes; /* of its answer and links; NULL if none are kept */
};

/* What is left in it is not settled. */
static void free_batch(struct shared_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		free(batch->items[i].bytes);
	free(batch->items);
}

void shared_outputs_init(struct shared_outputs *self, struct outputs *outputs)
{
	*self = (struct shared_outputs){.outputs = outputs, .sync = output_sync_new()};
}

void shared_outputs_release(struct shared_outputs *self)
{
	output_sync_free(self->sync);
	free_batch(&self->written);
	free_batch(&self->syncing);
}

/* An output is the same if it is the same path on the same machine. */
static void append_key(const struct shared_outputs *self, const struct file *file, struct buf *key)
{
	char folder[4096];
	buf_append_text(key, self->machine);
	buf_append_byte(key, ':');
	if (*file->name != '/' && getcwd(folder, sizeof folder)) {
		buf_append_text(key, folder);
		buf_append_byte(key, '/');
	}
	buf_append_text(key, file->name);
}

/* Finds out whether a process that wrote to the file has died, and where the file is to be cut then. */
static enum status find_end(struct shared_outputs *self, struct file *file)
{
	struct buf key;
	struct redis_crawl_output output;
	bool found = false;
	buf_init(&key, SIZE_MAX / 2);
	append_key(self, file, &key);
	enum status status =
	    redis_crawl_find_output(self->crawl, (struct slice){key.data, key.len}, &output, &found);
	buf_release(&key);
	bool is_same = found && output.device == (uint64_t)file->info.st_dev &&
	               output.inode == (uint64_t)file->info.st_ino;
	if (status != STATUS_OK || !is_same || output.length == 0)
		return status;
	bool is_shorter = (uint64_t)file->info.st_size < output.length;
	uint64_t end_hash = is_shorter ? 0 : output_end_hash(file->name, output.length);
	if (is_shorter || (end_hash && output.end_hash && end_hash != output.end_hash)) {
		log_error(
		    "%s: %s what was written for this crawl; give another name, or begin anew (--restart)",
		    file->name, is_shorter ? "is shorter than" : "has other content than");
		return STATUS_OUTPUT;
	}
	log_warning("%s: going on with the %" PRIu64 " byte%s that a process of this crawl has left",
	    file->name, output.length, number_text_plural(output.length));
	file->is_resumed = true;
	file->resume_len = output.length;
	return STATUS_OK;
}

enum status shared_outputs_find(
    struct shared_outputs *self, struct redis_crawl *crawl, const char *machine, bool keeps_answers)
{
	self->crawl = crawl;
	self->machine = machine;
	self->keeps_answers = keeps_answers;
	enum status status = STATUS_OK;
	for (size_t i = 0; i < SHARED_OUTPUTS && status == STATUS_OK; i++) {
		struct file *file = &self->outputs->files[kept_outputs[i]];
		bool is_kept = file->fd >= 0 && !file->is_stdout && file_is_regular(file);
		self->files[i] = is_kept ? file : NULL;
		if (!is_kept)
			continue;
		status = find_end(self, file);
		output_sync_add(self->sync, file->fd, file->name);
	}
	return status == STATUS_OK ? output_sync_start(self->sync) : status;
}

/* Settling. */

static struct settled_claim copy_settled(struct store_claim *claim, const struct shared_settled *settled)
{
	struct settled_claim copy = {.claim = claim,
	    .result = {.kind = settled->kind,
	        .counts = !settled->is_gone,
	        .is_listed = settled->is_listed,
	        .how = settled->how,
	        .answer = settled->answer,
	        .links = settled->links}};
	struct slice *const parts[] = {&copy.result.answer, &copy.result.links};
	size_t len = settled->answer.len + settled->links.len;
	if (len == 0)
		return copy;
	char *end = copy.bytes = alloc_array(len, 1);
	for (size_t i = 0; i < 2; i++) {
		if (parts[i]->len)
			memcpy(end, parts[i]->data, parts[i]->len);
		parts[i]->data = end;
		end += parts[i]->len;
	}
	return copy;
}

void shared_outputs_settle(
    struct shared_outputs *self, struct store_claim *claim, const struct shared_settled *settled)
{
	struct shared_batch *batch = &self->written;
	if (batch->count == batch->room) {
		batch->room = batch->room ? 2 * batch->room : 64;
		batch->items = alloc_resize(batch->items, batch->room, sizeof *batch->items);
	}
	batch->items[batch->count++] = copy_settled(claim, settled);
	self->held += settled->answer.len + settled->links.len;
	for (size_t i = 0; i < SHARED_OUTPUTS; i++) {
		const struct file *file = self->files[i];
		if (file)
			batch->lengths[i] = file->old_len + (i == ROWS_AT         ? settled->rows_end
			                                        : i == CHANGES_AT ? settled->changes_end
			                                                          : file->written);
	}
}

bool shared_outputs_are_full(const struct shared_outputs *self)
{
	return self->held > HELD_MAX;
}

bool shared_outputs_are_settled(const struct shared_outputs *self)
{
	return self->written.count == 0 && self->syncing.count == 0;
}

uint64_t shared_outputs_changes_written(const struct shared_outputs *self)
{
	return self->files[CHANGES_AT] ? self->files[CHANGES_AT]->written : 0;
}

static void settle_one(struct shared_outputs *self, struct settled_claim *settled)
{
	if (self->keeps_answers)
		redis_crawl_settle_answer(self->crawl, redis_store_claim(settled->claim), &settled->result);
	else
		redis_crawl_settle(self->crawl, redis_store_claim(settled->claim), settled->result.kind);
	self->held -= settled->result.answer.len + settled->result.links.len;
	free(settled->bytes);
}

/* The rows of the batch are on the disk. */
static void settle_batch(struct shared_outputs *self, struct shared_batch *batch)
{
	struct buf key;
	buf_init(&key, SIZE_MAX / 2);
	for (size_t i = 0; i < SHARED_OUTPUTS; i++) {
		const struct file *file = self->files[i];
		if (!file)
			continue;
		buf_clear(&key);
		append_key(self, file, &key);
		redis_crawl_set_output(self->crawl, (struct slice){key.data, key.len},
		    &(struct redis_crawl_output){.device = (uint64_t)file->info.st_dev,
		        .inode = (uint64_t)file->info.st_ino,
		        .length = batch->lengths[i],
		        .end_hash = output_end_hash(file->name, batch->lengths[i])});
	}
	for (size_t i = 0; i < batch->count; i++)
		settle_one(self, &batch->items[i]);
	batch->count = 0;
	buf_release(&key);
}

static void request_sync(struct shared_outputs *self)
{
	struct shared_batch next = self->syncing;
	self->syncing = self->written;
	self->written = next;
	self->sync_due = clock_now_ms() + SYNC_EVERY_MS;
	output_sync_request(self->sync);
}

enum status shared_outputs_turn(struct shared_outputs *self, struct wait *wait)
{
	for (;;) {
		bool is_done = false;
		enum status status = output_sync_turn(self->sync, wait, &is_done);
		if (status != STATUS_OK)
			return status;
		if (is_done)
			settle_batch(self, &self->syncing);
		if (output_sync_is_busy(self->sync)) {
			if (wait)
				return STATUS_OK;
			continue;
		}
		if (self->written.count == 0)
			return STATUS_OK;
		if (wait && clock_now_ms() < self->sync_due) {
			wait_until(wait, self->sync_due);
			return STATUS_OK;
		}
		request_sync(self);
	}
}
