/* With this macro, zlib declares its input as const. */
#define ZLIB_CONST

#include "fetch/decode_internal.h"

#include "base/alloc.h"
#include "base/ascii.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zstd_errors.h>

enum {
	ZSTD_HEADER_MAX = 18,      /* bytes of a frame header (RFC 8878, section 3.1.1) */
	ZSTD_WINDOW_LOG_MAX = 23,  /* RFC 9659 */
	ZSTD_KEPT_MAX = 256 << 10, /* a larger context is freed after a body */
	/* The memory of a stream counts only after this many bytes of output. libzstd allocates the whole
	 * window at once, but the system provides the pages of memory only as the window is filled. */
	ZSTD_UNCOUNTED_OUTPUT = 256 << 10,
	/* The memory in bytes that brotli needs besides its window, mostly for tables of codes. */
	BROTLI_TABLES_MAX = 3 << 20
};

static bool gzip_matches_head(const char *head, size_t len)
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

/* The two bytes are taken for a zlib header if they have the form of one (RFC 1950, section 2.2). In raw
 * deflate data, they would begin a stored block with padding bits other than 0, which no encoder writes. */
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
	z->avail_out = PIECE_SIZE;
	int code = inflate(z, Z_NO_FLUSH);
	slice_advance(in, len - z->avail_in);
	*made = PIECE_SIZE - z->avail_out;
	self->piece_is_full = *made == PIECE_SIZE;
	switch (code) {
	case Z_OK:
	case Z_BUF_ERROR:
		return STEP_CONTINUE;
	case Z_STREAM_END:
		return STEP_ENDED;
	case Z_MEM_ERROR:
		alloc_fail();
	default:
		self->detail = z->msg;
		return STEP_BROKEN;
	}
}

/* brotli does not pass the size of a block when it frees it, so the size is stored in front of the block. */
union brotli_block {
	size_t size;
	max_align_t align;
};

/* Refuses memory beyond DECODER_SMALL, unless it was claimed. brotli allocates the window only when a block
 * of the stream needs it. So only this function learns that the stream needs much memory, and the stream must
 * be restarted when it may use that much. */
static void *brotli_alloc(void *ctx, size_t size)
{
	struct layer *layer = ctx;
	if (!layer->brotli_may_grow && layer->brotli_allocated + size > DECODER_SMALL) {
		layer->brotli_alloc_refused = true;
		return NULL;
	}
	union brotli_block *block = alloc_resize(NULL, sizeof *block + size, 1);
	block->size = size;
	layer->brotli_allocated += size;
	return block + 1;
}

static void brotli_free(void *ctx, void *memory)
{
	struct layer *layer = ctx;
	union brotli_block *block = memory;
	if (!block)
		return;
	layer->brotli_allocated -= block[-1].size;
	free(block - 1);
}

/* Without BROTLI_DECODER_PARAM_LARGE_WINDOW a window has 16 MiB at most (RFC 7932, section 9.1). */
static void brotli_start(struct layer *self)
{
	self->brotli = BrotliDecoderCreateInstance(brotli_alloc, brotli_free, self);
}

static void brotli_reset(struct layer *self)
{
	BrotliDecoderDestroyInstance(self->brotli);
	self->brotli = NULL;
	buf_release(&self->brotli_input);
	self->replay = (struct slice){0};
	self->brotli_alloc_refused = self->brotli_may_grow = false;
	self->brotli_repeated = 0;
}

/* Removes the bytes from the piece that the stream had already made before its restart. Returns how many
 * bytes are left. */
static size_t drop_repeated_output(struct layer *self, size_t made)
{
	size_t repeated = self->brotli_repeated < made ? (size_t)self->brotli_repeated : made;
	self->brotli_repeated -= repeated;
	memmove(self->piece, self->piece + repeated, made - repeated);
	return made - repeated;
}

static enum step brotli_step(struct layer *self, struct slice *in, size_t *made)
{
	const uint8_t *from = (const uint8_t *)in->data;
	uint8_t *to = (uint8_t *)self->piece;
	size_t left = in->len, room = PIECE_SIZE;
	BrotliDecoderResult result =
	    BrotliDecoderDecompressStream(self->brotli, &left, &from, &room, &to, NULL);
	if (!self->brotli_may_grow)
		buf_append(&self->brotli_input, in->data, in->len - left);
	slice_advance(in, in->len - left);
	self->piece_is_full = room == 0;
	*made = drop_repeated_output(self, PIECE_SIZE - room);
	switch (result) {
	case BROTLI_DECODER_RESULT_SUCCESS:
		return STEP_ENDED;
	case BROTLI_DECODER_RESULT_ERROR:
		return layer_needs_memory(self) ? STEP_NEEDS_MEMORY : STEP_BROKEN;
	default:
		/* Blocks without output must not make brotli_input grow without limit. A stream whose input
		 * exceeds DECODER_SMALL is therefore treated as a large one, whose input is not kept. */
		self->brotli_alloc_refused |= self->brotli_input.len > DECODER_SMALL;
		return self->brotli_alloc_refused ? STEP_NEEDS_MEMORY : STEP_CONTINUE;
	}
}

void layer_allow_memory(struct layer *self)
{
	if (!layer_needs_memory(self))
		return;
	uint64_t repeated = self->output_bytes;
	BrotliDecoderDestroyInstance(self->brotli);
	self->brotli_may_grow = true;
	self->brotli_repeated = repeated;
	self->replay = (struct slice){self->brotli_input.data, self->brotli_input.len};
	brotli_start(self);
}

/* Returns the binary logarithm of the window size of a stream that begins with that byte (RFC 7932,
 * section 9.1). */
static unsigned brotli_window_bits(unsigned char first)
{
	unsigned small = first >> 4 & 7, usual = first >> 1 & 7;
	if (!(first & 1))
		return 16;
	if (usual)
		return 17 + usual;
	return small ? 8 + small : 17;
}

/* Returns the most that the stream may need, so that a stream that has claimed memory never waits again. */
static size_t brotli_memory(const struct layer *self)
{
	size_t memory = ((size_t)1 << brotli_window_bits((unsigned char)self->head[0])) + BROTLI_TABLES_MAX;
	return self->brotli_alloc_refused ? memory : 0;
}

/* A stream begins with the magic number of a Zstandard frame or of one of the 16 kinds of skippable frames
 * (RFC 8878, section 3.1). */
static bool zstd_matches_head(const char *head, size_t len)
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

/* The frame header is given to libzstd byte by byte. If libzstd 1.5 gets more bytes together with the last
 * byte of the header, it tries to decode a whole small frame from there in one step, whatever the size of its
 * window. It does so even if the header began in an earlier piece, so that it could take bytes from the
 * middle of the frame for a frame. */
static enum step zstd_step(struct layer *self, struct slice *in, size_t *made)
{
	bool in_header = self->zstd_header_left > 0 && in->len > 0;
	ZSTD_inBuffer from = {in->data, in_header ? 1 : in->len, 0};
	ZSTD_outBuffer to = {self->piece, PIECE_SIZE, 0};
	size_t result = ZSTD_decompressStream(self->zstd, &to, &from);
	slice_advance(in, from.pos);
	if (in_header)
		self->zstd_header_left -= from.pos;
	*made = to.pos;
	self->piece_is_full = *made == PIECE_SIZE;
	if (!ZSTD_isError(result))
		return result == 0 ? STEP_ENDED : STEP_CONTINUE;
	if (ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation)
		alloc_fail();
	self->detail = ZSTD_getErrorName(result);
	return STEP_BROKEN;
}

static size_t zstd_memory(const struct layer *self)
{
	return self->output_bytes < ZSTD_UNCOUNTED_OUTPUT ? 0 : ZSTD_sizeof_DCtx(self->zstd);
}

static const struct coding codings[] = {
    {"gzip", 2, true, gzip_matches_head, gzip_start, zlib_step, NULL},
    {"x-gzip", 2, true, gzip_matches_head, gzip_start, zlib_step, NULL},
    {"deflate", 2, false, NULL, deflate_start, zlib_step, NULL},
    {"br", 1, false, NULL, brotli_start, brotli_step, brotli_memory},
    {"zstd", 4, true, zstd_matches_head, zstd_start, zstd_step, zstd_memory},
};

const struct coding *coding_find(struct slice name)
{
	for (size_t i = 0; i < sizeof codings / sizeof *codings; i++) {
		if (ascii_equal_nocase(name, slice_of(codings[i].name)))
			return &codings[i];
	}
	return NULL;
}

void layer_begin(struct layer *self, const struct coding *coding)
{
	self->coding = coding;
	self->head_len = 0;
	self->head_unread = self->replay = self->unread = (struct slice){0};
	self->brotli_input.max = SIZE_MAX / 2;
	self->piece_is_full = self->in_stream = self->has_whole_stream = self->ignores_input = false;
	self->input_bytes = self->output_bytes = 0;
	self->detail = NULL;
	if (!self->piece)
		self->piece = alloc_resize(NULL, PIECE_SIZE, 1);
}

void layer_release(struct layer *self)
{
	free(self->piece);
	if (self->has_zlib)
		inflateEnd(&self->zlib);
	brotli_reset(self);
	ZSTD_freeDCtx(self->zstd);
	*self = (struct layer){0};
}

void layer_reset(struct layer *self)
{
	brotli_reset(self);
	if (ZSTD_sizeof_DCtx(self->zstd) <= ZSTD_KEPT_MAX)
		return;
	ZSTD_freeDCtx(self->zstd);
	self->zstd = NULL;
}
