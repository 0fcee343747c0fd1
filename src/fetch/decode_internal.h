/* What the decoder's parts share: decode.c runs the chain of codings, decode_coding.c knows each of them. */
#ifndef AREQ_FETCH_DECODE_INTERNAL_H
#define AREQ_FETCH_DECODE_INTERNAL_H

#include "base/buf.h"
#include "base/slice.h"
#include "fetch/decode.h"

#include <brotli/decode.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>
#include <zstd.h>

enum { PIECE = 16 << 10, HEAD_MAX = 4 };

enum step { STEP_ON, STEP_ENDED, STEP_BROKEN, STEP_REFUSED /* see layer_is_refused */ };

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
	/* Bytes of memory that the stream takes, or may take at the most where that is much; NULL: never
	 * much.
	 */
	size_t (*memory)(const struct layer *layer);
};

/* One coding of the chain. */
struct layer {
	const struct coding *coding;
	char head[HEAD_MAX];
	size_t head_len;
	struct slice head_unread; /* of the head, once the stream has started */
	struct slice again;       /* of what brotli is given once more */
	struct slice unread; /* of the bytes behind it: borrowed from the layer before, or the decoder's */
	bool full;           /* the last step filled the piece, so that there may be more to come */
	bool within;         /* a stream has started and not ended */
	bool whole;          /* a stream has ended */
	bool over;           /* whatever comes is ignored */
	uint64_t fed;        /* bytes, of an inner coding only */
	uint64_t made;       /* bytes, of all its streams */
	const char *detail;  /* the library's words for what is broken; may be NULL */

	/* What is kept: */
	char *piece;
	bool has_zlib;
	z_stream zlib;
	BrotliDecoderState *brotli;
	size_t brotli_memory;    /* that it has taken */
	bool brotli_refused;     /* it wanted more than DECODER_SMALL */
	bool brotli_large;       /* … which it may have */
	struct buf brotli_input; /* all of its input, as long as it may have to begin again */
	uint64_t brotli_known;   /* bytes that it makes for the second time */
	ZSTD_DCtx *zstd;
	size_t zstd_header_left; /* bytes that may still be the frame's header */
};

/* The coding with that name, in any letter case; NULL: none. */
const struct coding *coding_find(struct slice name);

/* True where its stream can only go on once it is allowed more memory. */
static inline bool layer_is_refused(const struct layer *self)
{
	return self->brotli_refused && !self->brotli_large;
}

/* Its stream, for which memory was claimed, may take as much as it likes, and goes on. */
void layer_allow_memory(struct layer *self);

/* Makes the layer ready for a body; it keeps what is small and made anew for most of them. */
void layer_begin(struct layer *self, const struct coding *coding);
void layer_rest(struct layer *self);

/* Frees all of it; it may begin again. */
void layer_release(struct layer *self);

/* Takes len bytes off the front. */
static inline void slice_advance(struct slice *in, size_t len)
{
	in->data += len;
	in->len -= len;
}

#endif
