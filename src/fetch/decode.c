#include "fetch/decode_internal.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/clock.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The codings of a body, the gzip files in each other that are in it, and how many bytes more than the whole
 * chain gives out an inner coding may get. */
enum {
	CODINGS_MAX = 5,
	GZIP_FILES_MAX = 2,
	LAYERS_MAX = GZIP_FILES_MAX + CODINGS_MAX,
	SURPLUS_MAX = 4 << 20
};

/* The most memory that one decoder may claim; more than one coding with the largest possible window needs. */
enum { DECODER_MEMORY_MAX = 24 << 20 };

/* How many bytes of a body with an unknown coding must be text: as many as a browser looks at to tell text
 * from binary data (WHATWG MIME Sniffing, section 5.2). */
enum { TEXT_CHECKED = 1445 };

struct decoder {
	struct decoder_limits *limits;
	decoder_output_fn output; /* NULL if no body was begun */
	void *ctx;
	struct buf pending;        /* input that could not be decoded yet */
	size_t pending_start;      /* the bytes of pending before this index are decoded */
	uint64_t output_bytes;     /* bytes of this body that were given to output */
	size_t claimed;            /* bytes of memory claimed from limits */
	bool is_waiting;           /* the decoder waits until it can claim more memory */
	struct heap_node progress; /* in limits->large, with the time of the last progress */
	uint64_t progress_bytes;   /* output_bytes at the last progress */
	/* The layers from innermost to layer_count - 1 are in use; the last one is decoded first. Those of
	 * the codings begin at GZIP_FILES_MAX, in their order. Those of gzip files are before them. */
	size_t innermost, layer_count;
	struct layer layers[LAYERS_MAX];
	bool is_start_checked;    /* it is known whether there is a gzip file in the innermost layer */
	char unknown[41];         /* the first coding that is not known; "" if all are */
	size_t checked_bytes;     /* so many bytes of a body with an unknown coding are text */
	unsigned char first_byte; /* of a body with an unknown coding */
	char problem[160];        /* "" if there is none */
};

static bool fail(struct decoder *self, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	vsnprintf(self->problem, sizeof self->problem, format, args);
	va_end(args);
	return false;
}

static bool fail_unknown(struct decoder *self)
{
	return fail(self, "content encoding \"%s\" is not known", self->unknown);
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

int64_t decoder_limits_eviction_ms(const struct decoder_limits *self, void **ctx)
{
	const struct heap_node *first = heap_first(&self->large);
	if (!self->waiting || !first)
		return CLOCK_NEVER;
	*ctx = ((const struct decoder *)first->item)->ctx;
	return (int64_t)first->key + DECODER_STALL_MS;
}

static void set_waiting(struct decoder *self, bool waits)
{
	self->limits->waiting += waits;
	self->limits->waiting -= self->is_waiting;
	self->is_waiting = waits;
}

static void record_progress(struct decoder *self)
{
	heap_remove(&self->progress);
	heap_add(&self->limits->large, &self->progress, (uint64_t)clock_now_ms(), self);
	self->progress_bytes = self->output_bytes;
}

static void release_memory(struct decoder *self)
{
	heap_remove(&self->progress);
	set_waiting(self, false);
	self->limits->claimed -= self->claimed;
	self->claimed = 0;
	if (self->limits->beyond == self)
		self->limits->beyond = NULL;
}

static void end_body(struct decoder *self)
{
	self->output = NULL;
	buf_release(&self->pending);
	self->pending_start = 0;
	release_memory(self);
	layer_reset(&self->layers[GZIP_FILES_MAX]);
	/* Bodies with more than one layer are so rare that no memory is kept for the others. */
	for (size_t i = self->innermost; i < self->layer_count; i++) {
		if (i != GZIP_FILES_MAX)
			layer_release(&self->layers[i]);
	}
	self->innermost = self->layer_count = GZIP_FILES_MAX;
}

struct decoder *decoder_new(struct decoder_limits *limits)
{
	struct decoder *self = alloc_new(sizeof *self);
	self->limits = limits;
	self->innermost = self->layer_count = GZIP_FILES_MAX;
	buf_init(&self->pending, SIZE_MAX / 2);
	return self;
}

void decoder_free(struct decoder *self)
{
	if (!self)
		return;
	end_body(self);
	layer_release(&self->layers[GZIP_FILES_MAX]);
	free(self);
}

static bool is_identity(struct slice name)
{
	return ascii_equal_nocase(name, slice_of("identity"));
}

bool decoder_begin(struct decoder *self, const char *codings, decoder_output_fn output, void *ctx)
{
	end_body(self);
	self->output_bytes = 0;
	self->problem[0] = self->unknown[0] = '\0';
	self->checked_bytes = 0;
	struct slice list = slice_of(codings ? codings : "");
	for (struct slice name; (name = ascii_next_element(&list)).len > 0;) {
		if (is_identity(name))
			continue;
		const struct coding *coding = coding_find(name);
		if (!coding) {
			if (!self->unknown[0])
				snprintf(
				    self->unknown, sizeof self->unknown, "%.*s", (int)name.len, name.data);
			continue;
		}
		if (self->layer_count == LAYERS_MAX)
			return fail(self, "content encoding is applied more than %d times", CODINGS_MAX);
		layer_begin(&self->layers[self->layer_count++], coding);
	}
	if (self->unknown[0] && self->layer_count > GZIP_FILES_MAX)
		return fail_unknown(self);
	self->is_start_checked = self->unknown[0] != '\0';
	self->output = output;
	self->ctx = ctx;
	return true;
}

/* Adds an innermost layer for a gzip file if the bytes, which are the first that the layers give out, may be
 * its start. The layer then has to read them. Returns false if they are to be given to output. */
static bool begin_gzip_file(struct decoder *self, struct slice bytes)
{
	if (self->is_start_checked || bytes.len == 0)
		return false;
	const struct coding *gzip = coding_find(slice_of("gzip"));
	self->is_start_checked = self->innermost == 0 || !gzip->matches_head(bytes.data, 1);
	if (self->is_start_checked)
		return false;
	layer_begin(&self->layers[--self->innermost], gzip);
	return true;
}

/* Removes the layer of a gzip file, because its second byte shows that it is none. Gives to output what the
 * layer has read. */
static bool drop_gzip_file(struct decoder *self)
{
	struct layer *layer = &self->layers[self->innermost++];
	struct slice unread = layer->unread;
	self->is_start_checked = true;
	self->output_bytes += layer->head_len + unread.len;
	bool goes_on = self->output(self->ctx, layer->head, layer->head_len);
	layer_release(layer);
	while (goes_on && unread.len > 0) {
		size_t len = unread.len < PIECE_SIZE ? unread.len : PIECE_SIZE;
		goes_on = self->output(self->ctx, unread.data, len);
		slice_advance(&unread, len);
	}
	return goes_on;
}

/* Reads the head of a stream, and starts the stream when the head is complete. Returns false if the body is
 * invalid. */
static bool read_head(struct decoder *self, struct layer *layer)
{
	const struct coding *coding = layer->coding;
	struct slice *in = &layer->unread;
	while (layer->head_len < coding->head_len && in->len > 0) {
		layer->head[layer->head_len++] = *in->data;
		slice_advance(in, 1);
		if (coding->matches_head && !coding->matches_head(layer->head, layer->head_len)) {
			if (layer < &self->layers[GZIP_FILES_MAX] && !layer->has_whole_stream)
				return drop_gzip_file(self);
			layer->ignores_input = layer->has_whole_stream;
			return layer->has_whole_stream ||
			       fail_broken(self, layer, "it does not begin as one");
		}
	}
	if (layer->head_len < coding->head_len)
		return true;
	coding->start(layer);
	layer->in_stream = true;
	layer->head_unread = (struct slice){layer->head, layer->head_len};
	return true;
}

/* Passes len bytes of output of the layer with that number to the next inner layer, or to output if it is the
 * innermost one. Returns false if decoding must stop. */
static bool pass_output(struct decoder *self, size_t number, size_t len)
{
	struct layer *layer = &self->layers[number];
	struct slice made = {layer->piece, len};
	layer->output_bytes += len;
	if (number == self->innermost) {
		if (begin_gzip_file(self, made)) {
			self->layers[self->innermost].unread = made;
			return true;
		}
		self->output_bytes += len;
		if (heap_holds(&self->progress) &&
		    self->output_bytes - self->progress_bytes >= DECODER_PROGRESS_MIN)
			record_progress(self);
		return self->output(self->ctx, made.data, made.len);
	}
	struct layer *inner = layer - 1;
	inner->unread = made;
	inner->input_bytes += len;
	return inner->input_bytes <= self->output_bytes + SURPLUS_MAX ||
	       fail_broken(self, inner, "it is far larger than what is in it");
}

static struct slice *next_input(struct layer *layer)
{
	if (layer->head_unread.len > 0)
		return &layer->head_unread;
	return layer->replay.len > 0 ? &layer->replay : &layer->unread;
}

/* Lets the layer with that number decode at most one piece. Returns false if decoding must stop. */
static bool step_layer(struct decoder *self, size_t number)
{
	struct layer *layer = &self->layers[number];
	size_t made = 0;
	if (!layer->in_stream)
		return read_head(self, layer);
	enum step step = layer->coding->step(layer, next_input(layer), &made);
	if (step == STEP_ENDED) {
		layer->in_stream = layer->piece_is_full = false;
		layer->head_len = layer->head_unread.len = 0;
		layer->has_whole_stream = true;
		layer->ignores_input = !layer->coding->may_repeat;
	}
	if (made > 0 && !pass_output(self, number, made))
		return false;
	return step != STEP_BROKEN || fail_broken(self, layer, layer->detail);
}

/* Returns the number of the innermost layer that has something to do; layer_count if none has. The outer
 * layers wait for it, because a layer may only fill its piece again when the next inner layer has read all of
 * it. */
static size_t next_layer(struct decoder *self)
{
	size_t number = self->innermost;
	for (; number < self->layer_count; number++) {
		struct layer *layer = &self->layers[number];
		if (layer->piece_is_full || layer_needs_memory(layer) ||
		    (!layer->ignores_input && next_input(layer)->len > 0))
			break;
	}
	return number;
}

static size_t memory_needed(const struct decoder *self)
{
	size_t memory = 0;
	for (size_t i = self->innermost; i < self->layer_count; i++) {
		const struct layer *layer = &self->layers[i];
		if (layer->coding->memory && layer->in_stream)
			memory += layer->coding->memory(layer);
	}
	return memory;
}

/* Claims the memory that the decoder needs now. Returns false if it must wait until other decoders free
 * memory. One decoder at a time may exceed DECODERS_LARGE_MAX; otherwise all could wait for each other. */
static bool claim_memory(struct decoder *self)
{
	struct decoder_limits *limits = self->limits;
	size_t memory = memory_needed(self);
	if (memory <= self->claimed)
		return true;
	size_t more = memory - self->claimed;
	bool fits = limits->claimed + more <= DECODERS_LARGE_MAX;
	set_waiting(self, !fits && limits->beyond && limits->beyond != self);
	if (self->is_waiting) {
		heap_remove(&self->progress);
		return false;
	}
	if (!fits)
		limits->beyond = self;
	limits->claimed += more;
	self->claimed = memory;
	record_progress(self);
	for (size_t i = self->innermost; i < self->layer_count; i++)
		layer_allow_memory(&self->layers[i]);
	return true;
}

/* Lets the layers decode their input until none of them has anything to do. */
static enum decoder_result run_layers(struct decoder *self)
{
	for (size_t number; (number = next_layer(self)) < self->layer_count;) {
		if (clock_now_us() >= self->limits->until_us)
			return DECODER_LATER;
		if (!claim_memory(self))
			return DECODER_NEEDS_MEMORY;
		if (self->claimed > DECODER_MEMORY_MAX) {
			fail(self, "content encodings in content encodings need too much memory");
			return DECODER_STOPPED;
		}
		if (!step_layer(self, number))
			return DECODER_STOPPED;
	}
	return DECODER_DONE;
}

/* Checks the beginning of a body with an unknown coding. A text in UTF-16 has binary bytes, but also a byte
 * order mark. Returns false if the body does not begin as text. */
static bool check_text(struct decoder *self, struct slice piece)
{
	for (size_t i = 0; i < piece.len && self->checked_bytes < TEXT_CHECKED; i++) {
		unsigned char byte = (unsigned char)piece.data[i];
		if (ascii_is_binary(piece.data[i]))
			return fail_unknown(self);
		if (self->checked_bytes++ == 0)
			self->first_byte = byte;
		else if (self->checked_bytes == 2 && self->first_byte + byte == 0xff + 0xfe)
			self->checked_bytes = TEXT_CHECKED;
	}
	return true;
}

/* Passes the bytes of a body without a known coding to output. */
static enum decoder_result pass_through(struct decoder *self, struct slice *in)
{
	while (in->len > 0) {
		struct slice piece = {in->data, in->len < PIECE_SIZE ? in->len : PIECE_SIZE};
		if (clock_now_us() >= self->limits->until_us)
			return DECODER_LATER;
		slice_advance(in, piece.len);
		if (self->unknown[0] && !check_text(self, piece))
			return DECODER_STOPPED;
		if (!self->output(self->ctx, piece.data, piece.len))
			return DECODER_STOPPED;
	}
	return DECODER_DONE;
}

/* Decodes bytes that no layer has read yet, and advances in behind those that were read. */
static enum decoder_result decode_input(struct decoder *self, struct slice *in)
{
	if (self->layer_count == self->innermost && !begin_gzip_file(self, *in))
		return pass_through(self, in);
	struct slice *unread = &self->layers[self->layer_count - 1].unread;
	*unread = *in;
	enum decoder_result result = run_layers(self);
	*in = *unread;
	return result;
}

/* Copies the bytes that were not decoded yet, because they belong to the caller. Ends the body if decoding
 * stopped. */
static enum decoder_result save_unread(struct decoder *self, enum decoder_result result, struct slice unread)
{
	if (result == DECODER_STOPPED) {
		end_body(self);
	} else if (self->pending.len > 0) {
		self->pending_start = self->pending.len - unread.len;
	} else if (result != DECODER_DONE) {
		buf_append(&self->pending, unread.data, unread.len);
		self->pending_start = 0;
	}
	return result;
}

enum decoder_result decoder_feed(struct decoder *self, const char *bytes, size_t len)
{
	struct slice in = {bytes, len};
	assert(self->output);
	buf_consume(&self->pending, self->pending_start);
	self->pending_start = 0;
	if (self->pending.len > 0) {
		buf_append(&self->pending, bytes, len);
		return decoder_resume(self);
	}
	enum decoder_result result = decode_input(self, &in);
	return save_unread(self, result, in);
}

bool decoder_is_gzip_file(const struct decoder *self)
{
	return self->innermost < GZIP_FILES_MAX;
}

enum decoder_result decoder_resume(struct decoder *self)
{
	struct slice in = {"", 0};
	assert(self->output);
	if (self->pending.len > 0) {
		assert(self->pending.data);
		in = (struct slice){
		    self->pending.data + self->pending_start, self->pending.len - self->pending_start};
	}
	enum decoder_result result = decode_input(self, &in);
	return save_unread(self, result, in);
}

bool decoder_end(struct decoder *self)
{
	assert(self->output);
	for (size_t left = self->layer_count; left > self->innermost && self->problem[0] == '\0'; left--) {
		const struct layer *layer = &self->layers[left - 1];
		if (!layer->ignores_input && (layer->in_stream || layer->head_len > 0))
			fail(self, "%s body is cut short", layer->coding->name);
	}
	end_body(self);
	return self->problem[0] == '\0';
}

void decoder_drop(struct decoder *self)
{
	end_body(self);
}

const char *decoder_problem(const struct decoder *self)
{
	return self->problem[0] != '\0' ? self->problem : NULL;
}
