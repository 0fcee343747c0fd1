/* zlib takes its input as const. */
#define ZLIB_CONST

#include "fetch/decode.h"

#include "base/alloc.h"
#include "base/slice.h"

#include <assert.h>
#include <brotli/decode.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum {
	LAYERS_MAX = 5,
	PIECE = 16 << 10,
	HEAD_MAX = 4,
	ZSTD_HEADER_MAX = 18,
	ZSTD_WINDOW_LOG_MAX = 23,
	ZSTD_KEPT_MAX = 256 << 10,
	SURPLUS_MAX = 4 << 20
};

enum step { STEP_ON, STEP_ENDED, STEP_BROKEN };

struct layer;

/* A stream is what the coding's format has one beginning and one end of: a gzip member, a zstd frame. */
struct coding {
	const char *name;
	size_t head_len;                            /* the first bytes of a stream, which say what it is */
	bool several;                               /* another stream may follow */
	bool (*fits)(const char *head, size_t len); /* may a stream begin so? NULL: any may */
	void (*start)(struct layer *layer);         /* its head is there */
	/* Takes bytes off the front of in and sets how many were made of them in the layer's piece. */
	enum step (*step)(struct layer *layer, struct slice *in, size_t *made);
};

/* One coding of the chain. */
struct layer {
	const struct coding *coding;
	char head[HEAD_MAX];
	size_t head_len;
	bool within;        /* a stream has started and not ended */
	bool whole;         /* a stream has ended */
	bool over;          /* whatever comes is ignored */
	uint64_t fed;       /* bytes, of an inner coding only */
	const char *detail; /* the library's words for what is broken; may be NULL */

	/* What is kept: */
	char *piece;
	bool has_zlib;
	z_stream zlib;
	BrotliDecoderState *brotli;
	ZSTD_DCtx *zstd;
	size_t zstd_header_left; /* bytes that may still be the frame's header */
};

struct decoder {
	decoder_take_fn take; /* NULL: no body is under way */
	void *ctx;
	uint64_t given; /* bytes to take */
	size_t layer_count;
	struct layer layers[LAYERS_MAX]; /* as they were applied: undone from the last to the first */
	char problem[160];               /* "": none */
};

static void advance(struct slice *in, size_t len)
{
	in->data += len;
	in->len -= len;
}

static bool gzip_fits(const char *head, size_t len)
{
	return memcmp(head, "\x1f\x8b", len) == 0;
}

static void zlib_start(struct layer *self, int window_bits)
{
	int code =
	    self->has_zlib ? inflateReset2(&self->zlib, window_bits) : inflateInit2(&self->zlib, window_bits);
	if (code == Z_MEM_ERROR)
		alloc_fail();
	assert(code == Z_OK);
	self->has_zlib = true;
}

static void gzip_start(struct layer *self)
{
	zlib_start(self, 16 + MAX_WBITS);
}

/* zlib's header (RFC 1950, section 2.2); raw, it would be a stored block with bits set that are to be
 * skipped, which nobody writes. */
static void deflate_start(struct layer *self)
{
	unsigned cmf = (unsigned char)self->head[0], flg = (unsigned char)self->head[1];
	bool zlib = (cmf & 0x0f) == Z_DEFLATED && cmf >> 4 <= 7 && (cmf << 8 | flg) % 31 == 0;
	zlib_start(self, zlib ? MAX_WBITS : -MAX_WBITS);
}

static enum step zlib_step(struct layer *self, struct slice *in, size_t *made)
{
	z_stream *z = &self->zlib;
	uInt len = in->len < UINT_MAX ? (uInt)in->len : UINT_MAX;
	z->next_in = (const unsigned char *)in->data;
	z->avail_in = len;
	z->next_out = (unsigned char *)self->piece;
	z->avail_out = PIECE;
	int code = inflate(z, Z_NO_FLUSH);
	advance(in, len - z->avail_in);
	*made = PIECE - z->avail_out;
	switch (code) {
	case Z_OK:
	case Z_BUF_ERROR:
		return STEP_ON;
	case Z_STREAM_END:
		return STEP_ENDED;
	case Z_MEM_ERROR:
		alloc_fail();
	default:
		self->detail = z->msg;
		return STEP_BROKEN;
	}
}

static void *brotli_alloc(void *ctx, size_t size)
{
	(void)ctx;
	return alloc_resize(NULL, size, 1);
}

static void brotli_free(void *ctx, void *memory)
{
	(void)ctx;
	free(memory);
}

static void brotli_start(struct layer *self)
{
	self->brotli = BrotliDecoderCreateInstance(brotli_alloc, brotli_free, NULL);
}

static enum step brotli_step(struct layer *self, struct slice *in, size_t *made)
{
	const uint8_t *from = (const uint8_t *)in->data;
	uint8_t *to = (uint8_t *)self->piece;
	size_t len = in->len, room = PIECE;
	BrotliDecoderResult result =
	    BrotliDecoderDecompressStream(self->brotli, &len, &from, &room, &to, NULL);
	advance(in, in->len - len);
	*made = PIECE - room;
	switch (result) {
	case BROTLI_DECODER_RESULT_SUCCESS:
		return STEP_ENDED;
	case BROTLI_DECODER_RESULT_ERROR:
		return STEP_BROKEN;
	default:
		return STEP_ON;
	}
}

/* RFC 8878, section 3.1: a frame, or one of the 16 kinds of skippable frames. */
static bool zstd_fits(const char *head, size_t len)
{
	return memcmp(head, "\x28\xb5\x2f\xfd", len) == 0 ||
	       ((head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", len - 1) == 0);
}

static void zstd_start(struct layer *self)
{
	self->zstd_header_left = ZSTD_HEADER_MAX;
	if (self->zstd) {
		ZSTD_DCtx_reset(self->zstd, ZSTD_reset_session_only);
		return;
	}
	self->zstd = ZSTD_createDCtx();
	if (!self->zstd)
		alloc_fail();
	ZSTD_DCtx_setParameter(self->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG_MAX);
}

/* A frame's header goes in byte by byte: with more than its last byte libzstd 1.5 would look there for a
 * whole small frame to be decoded at once, whatever its window; and even where the header began in an earlier
 * piece, so that bytes in the middle of the frame could pass for one. */
static enum step zstd_step(struct layer *self, struct slice *in, size_t *made)
{
	bool in_header = self->zstd_header_left > 0 && in->len > 0;
	ZSTD_inBuffer from = {in->data, in_header ? 1 : in->len, 0};
	ZSTD_outBuffer to = {self->piece, PIECE, 0};
	size_t result = ZSTD_decompressStream(self->zstd, &to, &from);
	advance(in, from.pos);
	if (in_header)
		self->zstd_header_left -= from.pos;
	*made = to.pos;
	if (!ZSTD_isError(result))
		return result == 0 ? STEP_ENDED : STEP_ON;
	if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
		alloc_fail();
	self->detail = ZSTD_getErrorName(result);
	return STEP_BROKEN;
}

static const struct coding codings_known[] = {
    {"gzip", 2, true, gzip_fits, gzip_start, zlib_step},
    {"x-gzip", 2, true, gzip_fits, gzip_start, zlib_step},
    {"deflate", 2, false, NULL, deflate_start, zlib_step},
    {"br", 0, false, NULL, brotli_start, brotli_step},
    {"zstd", 4, true, zstd_fits, zstd_start, zstd_step},
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

static void layer_begin(struct layer *self, const struct coding *coding)
{
	self->coding = coding;
	self->head_len = 0;
	self->within = self->whole = self->over = false;
	self->fed = 0;
	self->detail = NULL;
	if (!self->piece)
		self->piece = alloc_resize(NULL, PIECE, 1);
}

static void layer_release(struct layer *self)
{
	free(self->piece);
	if (self->has_zlib)
		inflateEnd(&self->zlib);
	BrotliDecoderDestroyInstance(self->brotli);
	ZSTD_freeDCtx(self->zstd);
	*self = (struct layer){0};
}

/* Keeps what is small and made anew for most bodies. Brotli's cannot begin again. */
static void layer_rest(struct layer *self)
{
	BrotliDecoderDestroyInstance(self->brotli);
	self->brotli = NULL;
	if (ZSTD_sizeof_DCtx(self->zstd) <= ZSTD_KEPT_MAX)
		return;
	ZSTD_freeDCtx(self->zstd);
	self->zstd = NULL;
}

/* More than one coding is so rare that nothing is kept for it. */
static void rest(struct decoder *self)
{
	self->take = NULL;
	layer_rest(&self->layers[0]);
	for (size_t i = 1; i < self->layer_count; i++)
		layer_release(&self->layers[i]);
	self->layer_count = 0;
}

struct decoder *decoder_new(void)
{
	return alloc_new(sizeof(struct decoder));
}

void decoder_free(struct decoder *self)
{
	if (!self)
		return;
	for (size_t i = 0; i < LAYERS_MAX; i++)
		layer_release(&self->layers[i]);
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

static bool is_named(struct slice element, const char *name)
{
	return element.len == strlen(name) && strncasecmp(element.data, name, element.len) == 0;
}

static const struct coding *coding_named(struct slice element)
{
	for (size_t i = 0; i < sizeof codings_known / sizeof *codings_known; i++)
		if (is_named(element, codings_known[i].name))
			return &codings_known[i];
	return NULL;
}

bool decoder_begin(struct decoder *self, const char *codings, decoder_take_fn take, void *ctx)
{
	rest(self);
	self->given = 0;
	self->problem[0] = '\0';
	const char *list = codings ? codings : "";
	for (struct slice name = next_element(&list); name.len > 0; name = next_element(&list)) {
		if (is_named(name, "identity"))
			continue;
		const struct coding *coding = coding_named(name);
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

static bool undo(struct decoder *self, size_t left, struct slice in);

/* Runs a stream until in is used up or the stream has ended. */
static bool run_stream(struct decoder *self, size_t left, struct slice *in)
{
	struct layer *layer = &self->layers[left - 1];
	size_t made;
	do {
		enum step step = layer->coding->step(layer, in, &made);
		if (made > 0 && !undo(self, left - 1, (struct slice){layer->piece, made}))
			return false;
		if (step == STEP_BROKEN)
			return fail_broken(self, layer, layer->detail);
		if (step == STEP_ENDED) {
			layer->within = false;
			layer->head_len = 0;
			layer->whole = true;
			layer->over = !layer->coding->several;
			return true;
		}
	} while (in->len > 0 || made == PIECE);
	return true;
}

/* Starts a stream as soon as its head is there. */
static bool start_stream(struct decoder *self, size_t left, struct slice *in)
{
	struct layer *layer = &self->layers[left - 1];
	const struct coding *coding = layer->coding;
	while (layer->head_len < coding->head_len && in->len > 0) {
		layer->head[layer->head_len++] = *in->data;
		advance(in, 1);
		if (coding->fits && !coding->fits(layer->head, layer->head_len)) {
			layer->over = layer->whole;
			return layer->whole || fail_broken(self, layer, "it does not begin as one");
		}
	}
	if (layer->head_len < coding->head_len)
		return true;
	coding->start(layer);
	layer->within = true;
	struct slice head = {layer->head, layer->head_len};
	return head.len == 0 || run_stream(self, left, &head);
}

/* Gives bytes to the last of so many codings that are left to be undone, or, where none is, out. */
static bool undo(struct decoder *self, size_t left, struct slice in)
{
	if (left == 0) {
		self->given += in.len;
		return self->take(self->ctx, in.data, in.len);
	}
	struct layer *layer = &self->layers[left - 1];
	if (left < self->layer_count) {
		layer->fed += in.len;
		if (layer->fed > self->given + SURPLUS_MAX)
			return fail_broken(self, layer, "it is far larger than what is in it");
	}
	while (in.len > 0 && !layer->over) {
		bool good = layer->within ? run_stream(self, left, &in) : start_stream(self, left, &in);
		if (!good)
			return false;
	}
	return true;
}

bool decoder_feed(struct decoder *self, const char *bytes, size_t len)
{
	assert(self->take);
	if (len == 0 || undo(self, self->layer_count, (struct slice){bytes, len}))
		return true;
	rest(self);
	return false;
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

const char *decoder_problem(const struct decoder *self)
{
	return self->problem[0] != '\0' ? self->problem : NULL;
}
