/* The content codings of HTTP undone (RFC 9110, section 8.4), and whether the body was whole: a body that is
 * cut short, though as long as its Content-Length says, is a failure. */
#ifndef AREQ_FETCH_DECODE_H
#define AREQ_FETCH_DECODE_H

#include <stdbool.h>
#include <stddef.h>

/* What decoder_begin knows, as a value for the Accept-Encoding header. */
#define DECODER_ACCEPTS "gzip, deflate, br, zstd"

/* Takes the next bytes of the plain body: at least one, borrowed for the call, in which the decoder must be
 * left alone. False: no more is wanted. */
typedef bool (*decoder_take_fn)(void *ctx, const char *bytes, size_t len);

/* One body after the other. Memory is kept from one to the next where it is small; how far a body unpacks
 * never matters for it, how large its window is does while it lasts: at most 8 MiB for zstd (RFC 9659) and
 * 16 MiB for brotli, per coding. Free with decoder_free; NULL is allowed there. */
struct decoder;

struct decoder *decoder_new(void);
void decoder_free(struct decoder *self);

/* Begins with a body. codings are the values of its Content-Encoding lines joined by commas, borrowed for the
 * call; NULL or "": none, the bytes then go straight through. Names are in any letter case, "x-gzip" is gzip;
 * "identity" and empty elements count for nothing. A body that was not ended is forgotten. False where a
 * coding is not known or more than 5 of them were applied. */
bool decoder_begin(struct decoder *self, const char *codings, decoder_take_fn take, void *ctx);

/* The next bytes as they came. False: take wanted no more (decoder_problem is NULL), or the bytes are broken
 * (it is not NULL); a part of what came before the break was given out. Where a good body is cut into pieces
 * changes nothing.
 *
 * Where the RFC is silent, it is as in browsers: "deflate" is the zlib format (RFC 1950) or raw (RFC 1951);
 * gzip members and zstd frames may follow one another; other bytes behind the end of a stream are ignored.
 * gzip's, zlib's and zstd's check sums must be right. An inner coding must not take in some 4 MiB more than
 * the whole chain gives out: codings in codings could otherwise be kept busy without end and without output.
 */
bool decoder_feed(struct decoder *self, const char *bytes, size_t len);

/* The body has ended. False: it is cut short. No bytes at all are a whole body under any coding. Nothing was
 * held back until now. */
bool decoder_end(struct decoder *self);

/* Why the last call failed, in words for a person that name the coding; NULL where it did not, or where take
 * wanted no more. Borrowed until the next begin. After a failure, and after the end, the only calls are this,
 * begin and free. */
const char *decoder_problem(const struct decoder *self);

#endif
