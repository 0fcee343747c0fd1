/* zlib takes its input as const. */
#define ZLIB_CONST

#include "fetch/decode_internal.h"

#include "base/alloc.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zstd_errors.h>

enum {
	ZSTD_HEADER_MAX = 18,
	ZSTD_WINDOW_LOG_MAX = 23, /* RFC 9659 */
	ZSTD_KEPT_MAX = 256 << 10,
	/* libzstd takes memory for the whole window at once, but the system gives it as it is filled. */
	ZSTD_UNNOTICED = 256 << 10,
	/* Brotli's tables of codes, at most, beside its window. */
	BROTLI_BESIDE = 3 << 20
};

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
	slice_advance(in, len - z->avail_in);
	*made = PIECE - z->avail_out;
	self->full = *made == PIECE;
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

/* brotli does not say how large a block is that it gives back, so that stands before it. */
union brotli_block {
	size_t size;
	max_align_t align;
};

/* Its window is allocated when a block of the stream needs it, and filled before any of it is given out: so a
 * stream learns only here that it is a large one, and has to begin again when it may be. */
static void *brotli_alloc(void *ctx, size_t size)
{
	struct layer *layer = ctx;
	if (!layer->brotli_large && layer->brotli_memory + size > DECODER_SMALL) {
		layer->brotli_refused = true;
		return NULL;
	}
	union brotli_block *block = alloc_resize(NULL, sizeof *block + size, 1);
	block->size = size;
	layer->brotli_memory += size;
	return block + 1;
}

static void brotli_free(void *ctx, void *memory)
{
	struct layer *layer = ctx;
	union brotli_block *block = memory;
	if (!block)
		return;
	layer->brotli_memory -= block[-1].size;
	free(block - 1);
}

/* Without BROTLI_DECODER_PARAM_LARGE_WINDOW a window has 16 MiB at most (RFC 7932, section 9.1). */
static void brotli_start(struct layer *self)
{
	self->brotli = BrotliDecoderCreateInstance(brotli_alloc, brotli_free, self);
}

static void brotli_stop(struct layer *self)
{
	BrotliDecoderDestroyInstance(self->brotli);
	self->brotli = NULL;
	buf_release(&self->brotli_input);
	self->again = (struct slice){0};
	self->brotli_refused = self->brotli_large = false;
	self->brotli_known = 0;
}

/* Of what was made, leaves out what was made before. */
static size_t brotli_news(struct layer *self, size_t made)
{
	size_t known = self->brotli_known < made ? (size_t)self->brotli_known : made;
	self->brotli_known -= known;
	memmove(self->piece, self->piece + known, made - known);
	return made - known;
}

static enum step brotli_step(struct layer *self, struct slice *in, size_t *made)
{
	const uint8_t *from = (const uint8_t *)in->data;
	uint8_t *to = (uint8_t *)self->piece;
	size_t left = in->len, room = PIECE;
	BrotliDecoderResult result =
	    BrotliDecoderDecompressStream(self->brotli, &left, &from, &room, &to, NULL);
	if (!self->brotli_large)
		buf_append(&self->brotli_input, in->data, in->len - left);
	slice_advance(in, in->len - left);
	self->full = room == 0;
	*made = brotli_news(self, PIECE - room);
	switch (result) {
	case BROTLI_DECODER_RESULT_SUCCESS:
		return STEP_ENDED;
	case BROTLI_DECODER_RESULT_ERROR:
		return self->brotli_refused ? STEP_REFUSED : STEP_BROKEN;
	default:
		/* Blocks that come to nothing must not make it keep more than a large one takes. */
		self->brotli_refused |= self->brotli_input.len > DECODER_SMALL;
		return self->brotli_refused ? STEP_REFUSED : STEP_ON;
	}
}

void layer_allow_memory(struct layer *self)
{
	if (!layer_is_refused(self))
		return;
	uint64_t known = self->made;
	BrotliDecoderDestroyInstance(self->brotli);
	self->brotli_large = true;
	self->brotli_known = known;
	self->again = (struct slice){self->brotli_input.data, self->brotli_input.len};
	brotli_start(self);
}

/* The window of a stream that begins with that byte, as bits (RFC 7932, section 9.1). */
static unsigned brotli_window_bits(unsigned char first)
{
	unsigned small = first >> 4 & 7, usual = first >> 1 & 7;
	if (!(first & 1))
		return 16;
	if (usual)
		return 17 + usual;
	return small ? 8 + small : 17;
}

/* Whoever was let in is not stopped again. */
static size_t brotli_memory(const struct layer *self)
{
	size_t most = ((size_t)1 << brotli_window_bits((unsigned char)self->head[0])) + BROTLI_BESIDE;
	return self->brotli_refused ? most : 0;
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
	slice_advance(in, from.pos);
	if (in_header)
		self->zstd_header_left -= from.pos;
	*made = to.pos;
	self->full = *made == PIECE;
	if (!ZSTD_isError(result))
		return result == 0 ? STEP_ENDED : STEP_ON;
	if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
		alloc_fail();
	self->detail = ZSTD_getErrorName(result);
	return STEP_BROKEN;
}

static size_t zstd_memory(const struct layer *self)
{
	return self->made < ZSTD_UNNOTICED ? 0 : ZSTD_sizeof_DCtx(self->zstd);
}

static const struct coding codings[] = {
    {"gzip", 2, true, gzip_fits, gzip_start, zlib_step, NULL},
    {"x-gzip", 2, true, gzip_fits, gzip_start, zlib_step, NULL},
    {"deflate", 2, false, NULL, deflate_start, zlib_step, NULL},
    {"br", 1, false, NULL, brotli_start, brotli_step, brotli_memory},
    {"zstd", 4, true, zstd_fits, zstd_start, zstd_step, zstd_memory},
};

const struct coding *coding_find(struct slice name)
{
	for (size_t i = 0; i < sizeof codings / sizeof *codings; i++) {
		if (name.len == strlen(codings[i].name) &&
		    strncasecmp(name.data, codings[i].name, name.len) == 0)
			return &codings[i];
	}
	return NULL;
}

void layer_begin(struct layer *self, const struct coding *coding)
{
	self->coding = coding;
	self->head_len = 0;
	self->head_unread = self->again = self->unread = (struct slice){0};
	self->brotli_input.max = SIZE_MAX / 2;
	self->full = self->within = self->whole = self->over = false;
	self->fed = self->made = 0;
	self->detail = NULL;
	if (!self->piece)
		self->piece = alloc_resize(NULL, PIECE, 1);
}

void layer_release(struct layer *self)
{
	free(self->piece);
	if (self->has_zlib)
		inflateEnd(&self->zlib);
	brotli_stop(self);
	ZSTD_freeDCtx(self->zstd);
	*self = (struct layer){0};
}

void layer_rest(struct layer *self)
{
	brotli_stop(self);
	if (ZSTD_sizeof_DCtx(self->zstd) <= ZSTD_KEPT_MAX)
		return;
	ZSTD_freeDCtx(self->zstd);
	self->zstd = NULL;
}
