/* The content codings of HTTP undone (RFC 9110, section 8.4), and whether the body was whole: a body that is
 * cut short, though as long as its Content-Length says, is a failure.
 *
 * A few bytes may unpack to very many, and to much memory. So decoding stops where its time is up and goes on
 * later, and of the decoders that need much memory only some work at once:
 *
 *	decoder_begin -> decoder_feed -> DONE: feed more, or decoder_end
 *	                              -> LATER, WAITS: decoder_resume, until it is DONE
 *	                              -> STOPPED: begin another body */
#ifndef AREQ_FETCH_DECODE_H
#define AREQ_FETCH_DECODE_H

#include "base/heap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What decoder_begin knows, as a value for the Accept-Encoding header. */
#define DECODER_ACCEPTS "gzip, deflate, br, zstd"

/* A decoder that takes no more memory than this never waits for others. */
enum { DECODER_SMALL = 5 << 18 };

/* All others together take so much more, and one of them, in its turn, up to 24 MiB beyond it. */
enum { DECODERS_LARGE = 64 << 20 };

struct decoder;

/* A large decoder that makes less than DECODER_PROGRESS bytes in DECODER_STILL_MS stands still. */
enum { DECODER_PROGRESS = 64 << 10, DECODER_STILL_MS = 1000 };

/* What all decoders of a loop share. {0} is a good start but for until_us; free with decoder_limits_release.
 */
struct decoder_limits {
	int64_t until_us;             /* monotonic: no work is begun any more */
	size_t claimed;               /* bytes, by large decoders */
	const struct decoder *beyond; /* the one that may take more than there is; NULL: none does */
	size_t waiting;               /* decoders that wait for memory */
	struct heap large;            /* those that have it, by when they last made progress (monotonic ms) */
};

void decoder_limits_release(struct decoder_limits *self);

/* When the memory of one that stands still is due to one that waits (monotonic ms); CLOCK_NEVER: at no
 * moment. Then *ctx is that of its decoder_begin. */
int64_t decoder_limits_due(const struct decoder_limits *self, void **ctx);

/* Takes the next bytes of the plain body: from 1 to 16 KiB of them, borrowed for the call, in which the
 * decoder must be left alone. False: no more is wanted. */
typedef bool (*decoder_take_fn)(void *ctx, const char *bytes, size_t len);

/* One body after the other. Memory is kept from one to the next where it is small; how far a body unpacks
 * never matters for it, how large its window is does while it lasts: at most 8 MiB for zstd (RFC 9659) and
 * 16 MiB for brotli (RFC 7932). limits is borrowed and outlives it. Free with decoder_free; NULL is allowed
 * there. */
struct decoder *decoder_new(struct decoder_limits *limits);
void decoder_free(struct decoder *self);

/* Begins with a body. codings are the values of its Content-Encoding lines joined by commas, borrowed for the
 * call; NULL or "": none, the bytes then go straight through. Names are in any letter case, "x-gzip" is gzip;
 * "identity" and empty elements count for nothing. A body that was not ended is forgotten. False where a
 * coding is not known or more than 5 of them were applied. */
bool decoder_begin(struct decoder *self, const char *codings, decoder_take_fn take, void *ctx);

enum decoder_result {
	DECODER_DONE,   /* all that was given is worked on */
	DECODER_LATER,  /* until_us has come: resume it when there is time again */
	DECODER_WAITS,  /* resume it when others have given memory back, which each does at its end */
	DECODER_STOPPED /* take wanted no more (decoder_problem is NULL), or the bytes are broken (it is not)
	                 */
};

/* The next bytes as they came; what cannot be worked on yet is copied. Of a body that is broken a part of
 * what came before the break was given out. Where a good body is cut into pieces changes nothing.
 *
 * Where the RFC is silent, it is as in browsers: "deflate" is the zlib format (RFC 1950) or raw (RFC 1951);
 * gzip members and zstd frames may follow one another; other bytes behind the end of a stream are ignored.
 * gzip's, zlib's and zstd's check sums must be right. An inner coding must not take in some 4 MiB more than
 * the whole chain gives out: codings in codings could otherwise be kept busy without end and without output.
 */
enum decoder_result decoder_feed(struct decoder *self, const char *bytes, size_t len);

/* Goes on with what was given before. */
enum decoder_result decoder_resume(struct decoder *self);

/* The body has ended, and all of it was worked on. False: it is cut short. No bytes at all are a whole body
 * under any coding. Nothing was held back until now. */
bool decoder_end(struct decoder *self);

/* Forgets a body that is not ended, if there is one, and gives its memory back. */
void decoder_drop(struct decoder *self);

/* Why the last call failed, in words for a person that name the coding; NULL where it did not, or where take
 * wanted no more. Borrowed until the next begin. After a failure, and after the end, the only calls are this,
 * begin, drop and free. */
const char *decoder_problem(const struct decoder *self);

#endif
