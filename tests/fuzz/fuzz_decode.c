/* Any bytes are a body. The first byte picks the codings, the second the size of the pieces; the rest is the
 * body. Decoding it in pieces, with a stop whenever something was given out, is as decoding it whole, and by
 * a decoder that has seen other bodies as by a new one; nothing is given out that is not wanted. */
#include "fetch/decode.h"

#include "base/buf.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const codings[] = {"gzip", "deflate", "br", "zstd", "identity", "gzip, br", "br, zstd",
    "zstd, deflate", "deflate, gzip", "gzip, gzip, gzip, gzip, gzip", "br, br, zstd, deflate, x-gzip"};

enum { WANTED = 1 << 20, GIVEN_AT_ONCE = 16 << 10, CODINGS = sizeof codings / sizeof *codings };

static struct decoder_limits limits;

struct taken {
	struct buf out;
	bool in_steps;
	bool stopped;
};

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool take(void *ctx, const char *bytes, size_t len)
{
	struct taken *self = ctx;
	check(len > 0 && len <= GIVEN_AT_ONCE);
	check(!self->stopped);
	check(buf_append(&self->out, bytes, len));
	self->stopped = self->out.len >= WANTED;
	limits.until_us = self->in_steps ? 0 : INT64_MAX;
	return !self->stopped;
}

static bool feed_all(struct decoder *decoder, const char *bytes, size_t len, size_t piece)
{
	enum decoder_result result = DECODER_DONE;
	for (size_t at = 0; at < len && result == DECODER_DONE; at += piece) {
		result = decoder_feed(decoder, bytes + at, len - at < piece ? len - at : piece);
		while (result == DECODER_LATER) {
			limits.until_us = INT64_MAX;
			result = decoder_resume(decoder);
		}
		/* There is no other that it could wait for. */
		check(result != DECODER_NEEDS_MEMORY);
	}
	return result == DECODER_DONE && decoder_end(decoder);
}

/* True where the body is good. */
static bool decode(struct decoder *decoder, const char *with, const char *bytes, size_t len, size_t piece,
    struct taken *taken)
{
	buf_init(&taken->out, WANTED + GIVEN_AT_ONCE);
	taken->stopped = false;
	check(decoder_begin(decoder, with, take, taken));
	bool good = feed_all(decoder, bytes, len, piece);
	check((decoder_problem(decoder) == NULL) == (good || taken->stopped));
	check(!(good && taken->stopped));
	limits.until_us = INT64_MAX;
	return good;
}

/* How much of a broken body is given out depends on the pieces, what it is does not. */
static void check_same(const struct taken *a, bool a_good, const struct taken *b, bool b_good)
{
	size_t shorter = a->out.len < b->out.len ? a->out.len : b->out.len;
	check(shorter == 0 || memcmp(a->out.data, b->out.data, shorter) == 0);
	check(a_good == b_good);
	check(!a_good || a->out.len == b->out.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	const char *with = codings[data[0] % CODINGS], *bytes = (const char *)data + 2;
	size_t len = size - 2, piece = data[1] % 64 + 1;
	struct taken whole = {.in_steps = false}, cut = {.in_steps = true};
	struct decoder *decoder = decoder_new(&limits);
	limits.until_us = INT64_MAX;
	bool whole_good = decode(decoder, with, bytes, len, len ? len : 1, &whole);
	check(len > 0 || whole_good);
	bool cut_good = decode(decoder, with, bytes, len, piece, &cut);
	check_same(&whole, whole_good, &cut, cut_good);
	decoder_free(decoder);
	buf_release(&whole.out);
	buf_release(&cut.out);
	return 0;
}
