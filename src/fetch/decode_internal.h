/* What the parts of the decoder share: decode.c runs the chain of codings, and decode_coding.c implements
 * each coding. */
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

enum { PIECE_SIZE = 16 << 10, STREAM_HEAD_MAX = 4 };

enum step {
	STEP_CONTINUE,    /* the stream goes on */
	STEP_ENDED,       /* the stream has ended */
	STEP_BROKEN,      /* the stream is invalid */
	STEP_NEEDS_MEMORY /* the stream can only go on after layer_allow_memory */
};

struct layer;

/* A content coding. Its streams are what its format calls a gzip member or a zstd frame. */
struct coding {
	const char *name;
	size_t head_len; /* how many of the first bytes of a stream are needed to recognise and start it */
	bool may_repeat; /* another stream may follow the end of a stream */
	/* Returns whether a stream may begin with the first len bytes of its head. NULL if it may begin with
	 * any. */
	bool (*matches_head)(const char *head, size_t len);
	void (*start)(struct layer *layer); /* starts a stream; layer->head is complete */
	/* Decodes bytes from the front of in, which it advances, into the layer's piece. Sets *made to the
	 * number of bytes in the piece. */
	enum step (*step)(struct layer *layer, struct slice *in, size_t *made);
	/* Returns the bytes of memory that the stream needs, or may need at most, if that counts as much,
	 * else 0. NULL if the coding never needs much. */
	size_t (*memory)(const struct layer *layer);
};

/* One coding of the chain. */
struct layer {
	const struct coding *coding;
	char head[STREAM_HEAD_MAX];
	size_t head_len;
	struct slice head_unread; /* the part of the head that the started stream has not read yet */
	struct slice replay;      /* the input that a restarted brotli stream has not read again yet */
	struct slice unread;   /* the input after these two; borrowed from the outer layer or the decoder */
	bool piece_is_full;    /* the last step filled the piece, so there may be more output */
	bool in_stream;        /* a stream has started and not ended */
	bool has_whole_stream; /* a stream has ended */
	bool ignores_input;    /* all further input is ignored */
	uint64_t input_bytes;  /* the bytes that this layer got; counted for inner codings only */
	uint64_t output_bytes; /* the bytes that all streams of this layer have made */
	const char *detail;    /* the library's message for an invalid stream; may be NULL */

	/* layer_reset frees the brotli fields, and the rest only if it is large. */
	char *piece;
	bool has_zlib;
	z_stream zlib;
	BrotliDecoderState *brotli;
	size_t brotli_allocated;   /* bytes of memory that the brotli decoder uses */
	bool brotli_alloc_refused; /* the brotli decoder wanted more than DECODER_SMALL */
	bool brotli_may_grow;      /* the brotli decoder may use more than DECODER_SMALL */
	struct buf brotli_input;   /* all input of the stream, while it may have to be restarted */
	uint64_t brotli_repeated;  /* bytes made before the restart that the stream will make again */
	ZSTD_DCtx *zstd;
	size_t zstd_header_left; /* how many of the next bytes may belong to the frame header */
};

/* Returns the coding with that name, in any letter case; NULL if there is none. */
const struct coding *coding_find(struct slice name);

/* Returns true if the layer's stream can only go on after layer_allow_memory. */
static inline bool layer_needs_memory(const struct layer *self)
{
	return self->brotli_alloc_refused && !self->brotli_may_grow;
}

/* Lets the stream use as much memory as it needs, which the caller has claimed. Restarts the stream if it was
 * refused memory before; does nothing else. */
void layer_allow_memory(struct layer *self);

/* Prepares the layer for a body. */
void layer_begin(struct layer *self, const struct coding *coding);

/* Ends a body. What is small and expensive to make is kept for the next one. */
void layer_reset(struct layer *self);

/* Frees all memory of the layer. layer_begin may be called again. */
void layer_release(struct layer *self);

/* Removes len bytes from the front of in. */
static inline void slice_advance(struct slice *in, size_t len)
{
	in->data += len;
	in->len -= len;
}

#endif
