#include "fetch/decode_internal.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LAYERS_MAX = 5, SURPLUS_MAX = 4 << 20 };

/* More than one coding with the largest window that there is. */
enum { MEMORY_EACH_MAX = 24 << 20 };

struct decoder {
	struct decoder_limits *limits; /* of all decoders together */
	decoder_take_fn take;          /* NULL: no body is under way */
	void *ctx;
	struct buf kept;           /* what was given and could not be worked on yet; */
	size_t kept_at;            /* … all before is done with */
	uint64_t given;            /* bytes to take */
	size_t claimed;            /* of the memory for large decoders */
	bool waits;                /* for more of it */
	struct heap_node progress; /* among the large ones; */
	uint64_t progress_given;   /* … when so much was given to take */
	size_t layer_count;
	struct layer layers[LAYERS_MAX]; /* as they were applied: undone from the last to the first */
	char problem[160];               /* "": none */
};

static bool fail(struct decoder *self, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(self->problem, sizeof self->problem, format, args);
	va_end(args);
	return false;
}

static bool fail_broken(struct decoder *self, const struct layer *layer, const char *detail)
{
	return fail(
	    self, "%s body is broken%s%s", layer->coding->name, detail ? ": " : "", detail ? detail : "");
}

void decoder_limits_release(struct decoder_limits *self)
{
	heap_release(&self->large);
}

int64_t decoder_limits_due(const struct decoder_limits *self, void **ctx)
{
	const struct heap_node *first = heap_first(&self->large);
	if (!self->waiting || !first)
		return CLOCK_NEVER;
	*ctx = ((const struct decoder *)first->thing)->ctx;
	return (int64_t)first->key + DECODER_STILL_MS;
}

static void set_waiting(struct decoder *self, bool waits)
{
	self->limits->waiting += waits;
	self->limits->waiting -= self->waits;
	self->waits = waits;
}

static void note_progress(struct decoder *self)
{
	heap_remove(&self->progress);
	heap_put(&self->limits->large, &self->progress, (uint64_t)clock_now_ms(), self);
	self->progress_given = self->given;
}

static void give_memory_back(struct decoder *self)
{
	heap_remove(&self->progress);
	set_waiting(self, false);
	self->limits->claimed -= self->claimed;
	self->claimed = 0;
	if (self->limits->beyond == self)
		self->limits->beyond = NULL;
}

static void rest(struct decoder *self)
{
	self->take = NULL;
	buf_release(&self->kept);
	self->kept_at = 0;
	give_memory_back(self);
	layer_rest(&self->layers[0]);
	/* More than one coding is so rare that nothing is kept for it. */
	for (size_t i = 1; i < self->layer_count; i++)
		layer_release(&self->layers[i]);
	self->layer_count = 0;
}

struct decoder *decoder_new(struct decoder_limits *limits)
{
	struct decoder *self = alloc_new(sizeof *self);
	self->limits = limits;
	buf_init(&self->kept, SIZE_MAX / 2);
	return self;
}

void decoder_free(struct decoder *self)
{
	if (!self)
		return;
	rest(self);
	layer_release(&self->layers[0]);
	free(self);
}

/* Takes the next element that is not empty off the front of a list; the last has no length. */
static struct slice next_element(const char **list)
{
	const char *start = *list + strspn(*list, ", \t");
	size_t len = strcspn(start, ",");
	*list = start + len;
	while (len > 0 && (start[len - 1] == ' ' || start[len - 1] == '\t'))
		len--;
	return (struct slice){start, len};
}

static bool is_identity(struct slice name)
{
	static const char identity[] = "identity";
	return name.len == sizeof identity - 1 && strncasecmp(name.data, identity, name.len) == 0;
}

bool decoder_begin(struct decoder *self, const char *codings, decoder_take_fn take, void *ctx)
{
	rest(self);
	self->given = 0;
	self->problem[0] = '\0';
	const char *list = codings ? codings : "";
	for (struct slice name = next_element(&list); name.len > 0; name = next_element(&list)) {
		if (is_identity(name))
			continue;
		const struct coding *coding = coding_find(name);
		if (!coding)
			return fail(self, "content encoding \"%.*s\" is not known",
			    name.len < 40 ? (int)name.len : 40, name.data);
		if (self->layer_count == LAYERS_MAX)
			return fail(self, "content encoding is applied more than %d times", LAYERS_MAX);
		layer_begin(&self->layers[self->layer_count++], coding);
	}
	self->take = take;
	self->ctx = ctx;
	return true;
}

/* Starts a stream as soon as its head is there. */
static bool read_head(struct decoder *self, struct layer *layer)
{
	const struct coding *coding = layer->coding;
	struct slice *in = &layer->unread;
	while (layer->head_len < coding->head_len && in->len > 0) {
		layer->head[layer->head_len++] = *in->data;
		slice_advance(in, 1);
		if (coding->fits && !coding->fits(layer->head, layer->head_len)) {
			layer->over = layer->whole;
			return layer->whole || fail_broken(self, layer, "it does not begin as one");
		}
	}
	if (layer->head_len < coding->head_len)
		return true;
	coding->start(layer);
	layer->within = true;
	layer->head_unread = (struct slice){layer->head, layer->head_len};
	return true;
}

/* Hands on what the layer with that number has made. */
static bool hand_on(struct decoder *self, size_t number, size_t len)
{
	struct layer *layer = &self->layers[number];
	struct slice made = {layer->piece, len};
	layer->made += len;
	if (number == 0) {
		self->given += len;
		if (heap_holds(&self->progress) && self->given - self->progress_given >= DECODER_PROGRESS)
			note_progress(self);
		return self->take(self->ctx, made.data, made.len);
	}
	struct layer *inner = layer - 1;
	inner->unread = made;
	inner->fed += len;
	return inner->fed <= self->given + SURPLUS_MAX ||
	       fail_broken(self, inner, "it is far larger than what is in it");
}

static struct slice *input_of(struct layer *layer)
{
	if (layer->head_unread.len > 0)
		return &layer->head_unread;
	return layer->again.len > 0 ? &layer->again : &layer->unread;
}

/* Makes a piece at most. */
static bool step(struct decoder *self, size_t number)
{
	struct layer *layer = &self->layers[number];
	size_t made = 0;
	if (!layer->within)
		return read_head(self, layer);
	enum step step = layer->coding->step(layer, input_of(layer), &made);
	if (step == STEP_ENDED) {
		layer->within = layer->full = false;
		layer->head_len = layer->head_unread.len = 0;
		layer->whole = true;
		layer->over = !layer->coding->several;
	}
	if (made > 0 && !hand_on(self, number, made))
		return false;
	return step != STEP_BROKEN || fail_broken(self, layer, layer->detail);
}

/* The layer nearest to the plain body that has something to do; layer_count: none has. Those behind it wait,
 * so that its piece is used up before it is filled again. */
static size_t next_layer(struct decoder *self)
{
	size_t number = 0;
	for (; number < self->layer_count; number++) {
		struct layer *layer = &self->layers[number];
		if (layer->full || layer_is_refused(layer) || (!layer->over && input_of(layer)->len > 0))
			break;
	}
	return number;
}

static size_t memory_of(const struct decoder *self)
{
	size_t memory = 0;
	for (size_t i = 0; i < self->layer_count; i++) {
		const struct layer *layer = &self->layers[i];
		if (layer->coding->memory && layer->within)
			memory += layer->coding->memory(layer);
	}
	return memory;
}

/* False where it has to wait until others give memory back. One may always go on, whatever it needs, or all
 * could wait for each other. */
static bool claim_memory(struct decoder *self)
{
	struct decoder_limits *limits = self->limits;
	size_t memory = memory_of(self);
	if (memory <= self->claimed)
		return true;
	size_t more = memory - self->claimed;
	bool fits = limits->claimed + more <= DECODERS_LARGE;
	set_waiting(self, !fits && limits->beyond && limits->beyond != self);
	if (self->waits) {
		heap_remove(&self->progress);
		return false;
	}
	if (!fits)
		limits->beyond = self;
	limits->claimed += more;
	self->claimed = memory;
	note_progress(self);
	for (size_t i = 0; i < self->layer_count; i++)
		layer_allow_memory(&self->layers[i]);
	return true;
}

/* Works on what the layers have, until there is no more to do. */
static enum decoder_result run(struct decoder *self)
{
	for (size_t number; (number = next_layer(self)) < self->layer_count;) {
		if (clock_now_us() >= self->limits->until_us)
			return DECODER_LATER;
		if (!claim_memory(self))
			return DECODER_WAITS;
		if (self->claimed > MEMORY_EACH_MAX) {
			fail(self, "content encodings in content encodings need too much memory");
			return DECODER_STOPPED;
		}
		if (!step(self, number))
			return DECODER_STOPPED;
	}
	return DECODER_DONE;
}

/* Without a coding the bytes go straight through. */
static enum decoder_result pass(struct decoder *self, struct slice *in)
{
	while (in->len > 0) {
		struct slice piece = {in->data, in->len < PIECE ? in->len : PIECE};
		if (clock_now_us() >= self->limits->until_us)
			return DECODER_LATER;
		slice_advance(in, piece.len);
		if (!self->take(self->ctx, piece.data, piece.len))
			return DECODER_STOPPED;
	}
	return DECODER_DONE;
}

/* Works on bytes that no layer has touched yet, and takes what is done with off their front. */
static enum decoder_result work(struct decoder *self, struct slice *in)
{
	if (self->layer_count == 0)
		return pass(self, in);
	struct slice *unread = &self->layers[self->layer_count - 1].unread;
	*unread = *in;
	enum decoder_result result = run(self);
	*in = *unread;
	return result;
}

/* Whatever has to wait is kept: the bytes are the caller's. */
static enum decoder_result settle(struct decoder *self, enum decoder_result result, struct slice unread)
{
	if (result == DECODER_STOPPED) {
		rest(self);
	} else if (self->kept.len > 0) {
		self->kept_at = self->kept.len - unread.len;
	} else if (result != DECODER_DONE) {
		buf_append(&self->kept, unread.data, unread.len);
		self->kept_at = 0;
	}
	return result;
}

enum decoder_result decoder_feed(struct decoder *self, const char *bytes, size_t len)
{
	struct slice in = {bytes, len};
	assert(self->take);
	buf_consume(&self->kept, self->kept_at);
	self->kept_at = 0;
	if (self->kept.len > 0) {
		buf_append(&self->kept, bytes, len);
		return decoder_resume(self);
	}
	enum decoder_result result = work(self, &in);
	return settle(self, result, in);
}

enum decoder_result decoder_resume(struct decoder *self)
{
	struct slice in = {"", 0};
	assert(self->take);
	if (self->kept.len > 0)
		in = (struct slice){self->kept.data + self->kept_at, self->kept.len - self->kept_at};
	enum decoder_result result = work(self, &in);
	return settle(self, result, in);
}

bool decoder_end(struct decoder *self)
{
	assert(self->take);
	for (size_t left = self->layer_count; left > 0 && self->problem[0] == '\0'; left--) {
		const struct layer *layer = &self->layers[left - 1];
		if (!layer->over && (layer->within || layer->head_len > 0))
			fail(self, "%s body is cut short", layer->coding->name);
	}
	rest(self);
	return self->problem[0] == '\0';
}

void decoder_drop(struct decoder *self)
{
	rest(self);
}

const char *decoder_problem(const struct decoder *self)
{
	return self->problem[0] != '\0' ? self->problem : NULL;
}
