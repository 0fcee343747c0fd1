/* Removes the content codings of a response body (RFC 9110, section 8.4), and finds out whether the body
 * is complete: a compressed body that ends early is a failure, even if it is as long as its Content-Length
 * says.
 *
 * A few bytes may decompress to very many, and need much memory. A decoder therefore stops when the time
 * of this turn of the loop is used up and continues later, and of the decoders that need much memory only
 * some work at once:
 *
 *	decoder_begin -> decoder_feed -> DONE: decoder_feed again, or decoder_end
 *	                              -> LATER or WAITS: decoder_resume, until it is DONE
 *	                              -> STOPPED: decoder_begin for the next body */
#ifndef AREQ_FETCH_DECODE_H
#define AREQ_FETCH_DECODE_H

#include "base/heap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The codings that decoder_begin supports, as a value for the Accept-Encoding header field. */
#define DECODER_ACCEPTS "gzip, deflate, br, zstd"

/* A decoder that uses at most this much memory in bytes is small, and never waits for other decoders. */
enum { DECODER_SMALL = 5 << 18 };

/* All large decoders together may use this much memory in bytes. One of them may use up to 24 MiB more. */
enum { DECODERS_LARGE_MAX = 64 << 20 };

struct decoder;

/* A large decoder is stalled if it gives out less than DECODER_PROGRESS_MIN bytes in DECODER_STALL_MS. */
enum { DECODER_PROGRESS_MIN = 64 << 10, DECODER_STALL_MS = 1000 };

/* What all decoders of a loop share. {0} is its initial state, but for until_us. */
struct decoder_limits {
	int64_t until_us; /* the time at which decoders stop in this turn of the loop (monotonic us) */
	size_t claimed;   /* bytes of memory that large decoders have claimed */
	const struct decoder *beyond; /* the decoder that may exceed DECODERS_LARGE_MAX; NULL if none does */
	size_t waiting;               /* decoders that wait for memory */
	struct heap large; /* decoders that claimed memory, by their last progress (monotonic ms) */
};

void decoder_limits_release(struct decoder_limits *self);

/* Returns the time at which a stalled decoder must give its memory to one that waits (monotonic ms), and sets
 * *ctx to the ctx of its decoder_begin. Returns CLOCK_NEVER, without setting *ctx, if no decoder waits or
 * none has claimed memory. */
int64_t decoder_limits_eviction_ms(const struct decoder_limits *self, void **ctx);

/* Receives the next 1 to 16384 bytes of the decoded body, borrowed for the call. It must not call functions
 * of the decoder. Returns false if no more bytes are wanted. */
typedef bool (*decoder_output_fn)(void *ctx, const char *bytes, size_t len);

/* Makes a decoder, which decodes one body after the other. It keeps its memory from one body to the next only
 * if it is small. The memory for a body does not depend on the body's size but on its window: at most 8 MiB
 * for zstd (RFC 9659) and 16 MiB for brotli (RFC 7932). limits is borrowed and must outlive the decoder. Free
 * with decoder_free; NULL is allowed there. */
struct decoder *decoder_new(struct decoder_limits *limits);
void decoder_free(struct decoder *self);

/* Begins a body, and drops the previous one if it has not ended. codings are the values of its
 * Content-Encoding fields, separated by commas and borrowed for the call; if it is NULL or "", the bytes are
 * passed through unchanged, unless they are a gzip file (see decoder_is_gzip_file). The case of the names
 * does not matter, "x-gzip" means gzip, and "identity" and empty elements are ignored. Returns false if more
 * than 5 codings were applied, or if the list has both known and unknown codings.
 *
 * If all codings are unknown, the body is passed through as long as it begins as text, because many servers
 * write words such as "none" or "utf-8" there, and browsers read their pages. If the beginning is binary
 * data, the body does have a coding, and is invalid. */
bool decoder_begin(struct decoder *self, const char *codings, decoder_output_fn output, void *ctx);

enum decoder_result {
	DECODER_DONE,         /* all bytes that were given are decoded */
	DECODER_LATER,        /* until_us has come; call decoder_resume in a later turn of the loop */
	DECODER_NEEDS_MEMORY, /* not enough memory is free; call decoder_resume after another decoder has
	                         ended */
	DECODER_STOPPED /* output returned false (decoder_problem returns NULL), or the body is invalid */
};

/* Decodes the next bytes of the body as they were received. Bytes that cannot be decoded yet are copied. Of
 * an invalid body, a part of what precedes the error was given to output. Into which pieces the body is
 * divided makes no difference to the result.
 *
 * Where the RFCs leave it open, this does what browsers do: "deflate" means the zlib format (RFC 1950) or raw
 * deflate data (RFC 1951); several gzip members and zstd frames may follow each other; other bytes after the
 * end of a stream are ignored. The check sums of gzip, zlib and zstd must be right. An inner coding may
 * get at most about 4 MiB more than the whole chain gives out; otherwise nested codings could use processor
 * time without end and without output. */
enum decoder_result decoder_feed(struct decoder *self, const char *bytes, size_t len);

/* Returns true, from the first call of output to the end of the body, if what is left without its codings is
 * a gzip file by its first two bytes (RFC 1952, section 2.3.1). Such a file is decompressed, and so is one in
 * it, as if the body had one or two codings more. A body whose codings are all unknown is not examined. */
bool decoder_is_gzip_file(const struct decoder *self);

/* Continues with the bytes that were given before. */
enum decoder_result decoder_resume(struct decoder *self);

/* Ends the body. All bytes that were given must be decoded; all output was given out before this call.
 * Returns false if the body was cut short. A body without any bytes is complete under any coding. */
bool decoder_end(struct decoder *self);

/* Drops a body that has not ended, if there is one, and frees the memory that it has claimed. */
void decoder_drop(struct decoder *self);

/* Returns why the last call failed, in words for a person that name the coding; NULL if it did not fail, or
 * output wanted no more bytes. The text is borrowed until the next decoder_begin. After a failure and after
 * the end of a body, only this function, decoder_begin, decoder_drop and decoder_free may be called. */
const char *decoder_problem(const struct decoder *self);

#endif
