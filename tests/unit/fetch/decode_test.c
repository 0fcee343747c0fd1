#include "fetch/decode.h"

#include "base/buf.h"
#include "base/slice.h"

#include <brotli/encode.h>
#include <criterion/criterion.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#define COUNT(all) (sizeof(all) / sizeof *(all))

/* A string literal with its length, NULs counted. */
/* The versions of clang-format differ. */
/* clang-format off */
#define BYTES(literal) {(literal), sizeof(literal) - 1}
/* clang-format on */

enum { MIB = 1 << 20, GZIP_WINDOW = 15 + 16, ZLIB_WINDOW = 15, RAW_WINDOW = -15 };

/* Encoding */

static char *room_for(struct buf *out, size_t len)
{
	char *room = buf_reserve(out, len);
	cr_assert(room);
	return room;
}

static void deflate_header(struct buf *out, struct slice plain, int window, gz_header *header)
{
	z_stream z = {0};
	cr_assert(deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	if (header)
		cr_assert(deflateSetHeader(&z, header) == Z_OK);
	size_t room = deflateBound(&z, plain.len) + 256;
	z.next_in = (unsigned char *)plain.data;
	z.avail_in = (unsigned)plain.len;
	z.next_out = (unsigned char *)room_for(out, room);
	z.avail_out = (unsigned)room;
	cr_assert(deflate(&z, Z_FINISH) == Z_STREAM_END);
	out->len += room - z.avail_out;
	deflateEnd(&z);
}

static void brotli_all(struct buf *out, struct slice plain, uint32_t window, bool large_window)
{
	BrotliEncoderState *state = BrotliEncoderCreateInstance(NULL, NULL, NULL);
	cr_assert(state);
	BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, 4);
	BrotliEncoderSetParameter(state, BROTLI_PARAM_LARGE_WINDOW, large_window);
	BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, window);
	size_t room = plain.len + plain.len / 8 + 1024, left = room, len = plain.len;
	const uint8_t *from = (const uint8_t *)plain.data;
	uint8_t *to = (uint8_t *)room_for(out, room);
	cr_assert(BrotliEncoderCompressStream(state, BROTLI_OPERATION_FINISH, &len, &from, &left, &to, NULL));
	cr_assert(BrotliEncoderIsFinished(state));
	out->len += room - left;
	BrotliEncoderDestroyInstance(state);
}

/* The flush keeps the encoder from knowing the size, and so from a window that is smaller than asked for. */
static void zstd_all(struct buf *out, struct slice plain, int window, bool checksum)
{
	ZSTD_CCtx *context = ZSTD_createCCtx();
	cr_assert(context);
	ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window);
	ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum);
	ZSTD_inBuffer from = {plain.data, plain.len, 0};
	ZSTD_outBuffer to = {NULL, ZSTD_compressBound(plain.len) + 64, 0};
	to.dst = room_for(out, to.size);
	if (window > 0)
		cr_assert(ZSTD_compressStream2(context, &to, &from, ZSTD_e_flush) == 0);
	cr_assert(ZSTD_compressStream2(context, &to, &from, ZSTD_e_end) == 0);
	out->len += to.pos;
	ZSTD_freeCCtx(context);
}

static void encode(struct buf *out, struct slice plain, const char *coding)
{
	if (strcmp(coding, "gzip") == 0 || strcmp(coding, "x-gzip") == 0)
		deflate_header(out, plain, GZIP_WINDOW, NULL);
	else if (strcmp(coding, "deflate") == 0)
		deflate_header(out, plain, ZLIB_WINDOW, NULL);
	else if (strcmp(coding, "raw") == 0)
		deflate_header(out, plain, RAW_WINDOW, NULL);
	else if (strcmp(coding, "br") == 0)
		brotli_all(out, plain, 18, false);
	else if (strcmp(coding, "zstd") == 0)
		zstd_all(out, plain, 0, false);
	else
		cr_assert_fail("%s", coding);
}

/* What the encoders above call a raw body is "deflate" in HTTP. */
static const char *const formats[][2] = {
    {"gzip", "gzip"}, {"deflate", "deflate"}, {"raw", "deflate"}, {"br", "br"}, {"zstd", "zstd"}};

/* Decoding */

static struct decoder_limits limits = {.until_us = INT64_MAX};

struct taken {
	struct buf out;
	size_t calls;
	size_t len; /* counts on where stop_at lies below what comes */
	size_t stop_at;
};

static void taken_init(struct taken *self, size_t stop_at)
{
	buf_init(&self->out, SIZE_MAX / 4);
	self->calls = self->len = 0;
	self->stop_at = stop_at;
}

static bool take(void *ctx, const char *bytes, size_t len)
{
	struct taken *self = ctx;
	cr_expect(len > 0);
	self->calls++;
	self->len += len;
	buf_append(&self->out, bytes, len);
	return self->len < self->stop_at;
}

/* The piece lies flush against the end of its memory, so that a sanitizer sees one read behind it. */
static bool feed(struct decoder *decoder, const char *bytes, size_t len)
{
	char *flush = malloc(len ? len : 1);
	memcpy(flush, bytes, len);
	enum decoder_result result = decoder_feed(decoder, flush, len);
	free(flush);
	cr_expect(result == DECODER_DONE || result == DECODER_STOPPED);
	return result == DECODER_DONE;
}

/* Fresh output in out. True where the body is good to its end. */
static bool decode(
    struct decoder *decoder, const char *codings, struct slice body, size_t piece, struct taken *taken)
{
	buf_clear(&taken->out);
	taken->calls = taken->len = 0;
	cr_assert(decoder_begin(decoder, codings, take, taken), "%s", codings);
	cr_expect(!decoder_problem(decoder));
	for (size_t at = 0; at < body.len; at += piece)
		if (!feed(decoder, body.data + at, body.len - at < piece ? body.len - at : piece))
			return false;
	return decoder_end(decoder);
}

static const size_t pieces[] = {SIZE_MAX / 2, 1, 2, 3, 7, 1000};

static void expect_good(struct decoder *decoder, const char *codings, struct slice body, struct slice plain)
{
	struct taken taken;
	taken_init(&taken, SIZE_MAX);
	for (size_t i = 0; i < COUNT(pieces); i++) {
		bool good = decode(decoder, codings, body, pieces[i], &taken);
		const char *problem = decoder_problem(decoder);
		cr_expect(good && !problem, "%s by %zu: %s", codings, pieces[i], problem ? problem : "");
		cr_expect(slice_equal((struct slice){taken.out.data, taken.out.len}, plain),
		    "%s by %zu: %zu bytes, not %zu", codings, pieces[i], taken.out.len, plain.len);
	}
	buf_release(&taken.out);
}

/* What is given out first is a part of the body, and the words name the coding and what it is. */
static void expect_bad(struct decoder *decoder, const char *codings, struct slice body, struct slice plain,
    const char *coding, const char *what)
{
	struct taken taken;
	taken_init(&taken, SIZE_MAX);
	for (size_t i = 0; i < COUNT(pieces); i++) {
		bool good = decode(decoder, codings, body, pieces[i], &taken);
		cr_expect(!good, "%s, %zu bytes by %zu", codings, body.len, pieces[i]);
		const char *problem = decoder_problem(decoder);
		cr_expect(problem && strstr(problem, coding) && strstr(problem, what),
		    "%s, %zu bytes by %zu: \"%s\" does not say \"%s\"", codings, body.len, pieces[i],
		    problem ? problem : "", what);
		cr_expect(taken.out.len <= plain.len &&
		          (taken.out.len == 0 || memcmp(taken.out.data, plain.data, taken.out.len) == 0));
	}
	buf_release(&taken.out);
}

static struct slice slice_of_buf(const struct buf *buf)
{
	return (struct slice){buf->data, buf->len};
}

/* Bytes that do not compress. */
static void append_noise(struct buf *out, size_t len)
{
	uint32_t state = 1;
	char *to = room_for(out, len);
	for (size_t i = 0; i < len; i++) {
		state = state * UINT32_C(1664525) + UINT32_C(1013904223);
		to[i] = (char)(state >> 24);
	}
	out->len += len;
}

/* Larger than any piece of the decoder, with runs, near and far repeats, and noise. */
static void append_mixture(struct buf *out)
{
	for (int i = 0; i < 2000; i++) {
		char line[64];
		int len = snprintf(line, sizeof line, "<a href=\"/page/%d?q=%x\">link</a>\n", i, i * 7919);
		buf_append(out, line, (size_t)len);
	}
	append_noise(out, 70000);
	memset(room_for(out, 100000), ' ', 100000);
	out->len += 100000;
	append_noise(out, 70000);
}

static const struct slice small = BYTES("<a href=\"/one\">one</a> <a href=\"/two\">two</a> <a "
                                        "href=\"/three\">three</a> <a href=\"/one\">one</a>");

/* Written by hand from the RFCs: the text "a". */
Test(decode, smallest_bodies)
{
	static const struct {
		const char *codings;
		struct slice body;
	} cases[] = {
	    {NULL, BYTES("a")},
	    {"", BYTES("a")},
	    {"gzip", BYTES("\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x04\0\x43\xbe\xb7\xe8\x01\0\0\0")},
	    {"deflate", BYTES("\x78\x9c\x4b\x04\0\0\x62\0\x62")},
	    {"deflate", BYTES("\x4b\x04\0")},
	    {"deflate", BYTES("\x01\x01\0\xfe\xff\x61")},
	    {"br", BYTES("\x0b\0\x80\x61\x03")},
	    {"zstd", BYTES("\x28\xb5\x2f\xfd\x20\x01\x09\0\0\x61")},
	};
	struct decoder *decoder = decoder_new(&limits);
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_good(decoder, cases[i].codings, cases[i].body, slice_of("a"));
	decoder_free(decoder);
}

Test(decode, bodies_of_nothing)
{
	static const struct {
		const char *coding;
		struct slice body;
	} cases[] = {
	    {"gzip", BYTES("\x1f\x8b\x08\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0")},
	    {"deflate", BYTES("\x78\x9c\x03\0\0\0\0\x01")},
	    {"deflate", BYTES("\x03\0")},
	    {"br", BYTES("\x06")},
	    {"zstd", BYTES("\x28\xb5\x2f\xfd\x20\0\x01\0\0")},
	};
	struct decoder *decoder = decoder_new(&limits);
	for (size_t i = 0; i < COUNT(cases); i++) {
		expect_good(decoder, cases[i].coding, cases[i].body, slice_of(""));
		expect_good(decoder, cases[i].coding, slice_of(""), slice_of(""));
	}
	expect_good(decoder, "gzip, br, zstd", slice_of(""), slice_of(""));
	decoder_free(decoder);
}

Test(decode, each_coding_in_pieces)
{
	struct buf plain, body;
	buf_init(&plain, SIZE_MAX / 4);
	buf_init(&body, SIZE_MAX / 4);
	append_mixture(&plain);
	struct decoder *decoder = decoder_new(&limits);
	for (size_t i = 0; i < COUNT(formats); i++) {
		buf_clear(&body);
		encode(&body, slice_of_buf(&plain), formats[i][0]);
		cr_expect(body.len < plain.len);
		expect_good(decoder, formats[i][1], slice_of_buf(&body), slice_of_buf(&plain));
	}
	expect_good(decoder, "identity", slice_of_buf(&plain), slice_of_buf(&plain));
	decoder_free(decoder);
	buf_release(&plain);
	buf_release(&body);
}

/* Stored blocks (RFC 1951, section 3.2.4) that have some of zlib's header (RFC 1950, section 2.2), not all.
 */
Test(decode, raw_deflate_that_is_nearly_zlib)
{
	static const struct {
		struct slice body;
		const char *plain;
	} cases[] = {
	    {BYTES("\x01\x17\0\xe8\xff"
	           "another method than 8!!"),
	        "another method than 8!!"},
	    {BYTES("\x88\x1c\0\xe3\xff"
	           "a window larger than 32 KiB!\x03\0"),
	        "a window larger than 32 KiB!"},
	    {BYTES("\x78\x09\0\xf6\xff"
	           "no check!\x03\0"),
	        "no check!"},
	};
	struct decoder *decoder = decoder_new(&limits);
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_good(decoder, "deflate", cases[i].body, slice_of(cases[i].plain));
	decoder_free(decoder);
}

/* RFC 9110, section 8.4: the codings are listed in the order in which they were applied. */
Test(decode, stacks_are_undone_from_the_last)
{
	static const char *const stacks[][6] = {
	    {"gzip", "br"},
	    {"br", "gzip"},
	    {"gzip", "gzip"},
	    {"deflate", "zstd", "br"},
	    {"zstd", "zstd", "gzip", "gzip"},
	    {"gzip", "deflate", "br", "zstd", "x-gzip"},
	};
	struct buf plain, from, to, codings;
	struct decoder *decoder = decoder_new(&limits);
	buf_init(&plain, SIZE_MAX / 4);
	buf_init(&from, SIZE_MAX / 4);
	buf_init(&to, SIZE_MAX / 4);
	buf_init(&codings, 1000);
	append_mixture(&plain);
	for (size_t i = 0; i < COUNT(stacks); i++) {
		buf_clear(&from);
		buf_append(&from, plain.data, plain.len);
		buf_clear(&codings);
		for (const char *const *coding = stacks[i]; *coding; coding++) {
			buf_clear(&to);
			encode(&to, slice_of_buf(&from), *coding);
			buf_clear(&from);
			buf_append(&from, to.data, to.len);
			buf_append_text(&codings, coding == stacks[i] ? "" : ", ");
			buf_append_text(&codings, *coding);
		}
		expect_good(decoder, codings.data, slice_of_buf(&from), slice_of_buf(&plain));
	}
	decoder_free(decoder);
	buf_release(&plain);
	buf_release(&from);
	buf_release(&to);
	buf_release(&codings);
}

Test(decode, names)
{
	static const char *const known[] = {"GZip", "X-GZIP", " gzip ", ",gzip,", "identity, gzip",
	    "\tgzip\t,, ,", "Identity,gzip,identity,identity,identity,identity,identity", "gzip,"};
	static const char *const unknown[] = {"compress", "x-compress", "gzip;q=1", "gzi", "gzipp", "gzip br",
	    "x-br", "none", "utf-8", "text/html", "0", "aws-chunked", "identity, none", "none, utf-8",
	    ",null,,"};
	static const struct slice utf16 = BYTES("\xff\xfe<\0a\0>\0\x1f\x04");
	static const struct slice no_mark = BYTES("<\0a\0>\0\x1f\x04");
	static const char *const mixed[][2] = {
	    {"gzip, sdch", "\"sdch\""},
	    {"sdch, gzip", "\"sdch\""},
	    {"identity, none, gzip", "\"none\""},
	    {"br,utf-8,none", "\"utf-8\""},
	};
	struct buf body;
	struct decoder *decoder = decoder_new(&limits);
	buf_init(&body, SIZE_MAX / 4);
	encode(&body, small, "gzip");
	for (size_t i = 0; i < COUNT(known); i++)
		expect_good(decoder, known[i], slice_of_buf(&body), small);
	for (size_t i = 0; i < COUNT(unknown); i++) {
		expect_good(decoder, unknown[i], small, small);
		expect_bad(decoder, unknown[i], slice_of_buf(&body), small, "encoding", "is not known");
	}
	expect_good(decoder, "utf-16", utf16, utf16);
	expect_bad(decoder, "utf-16", no_mark, no_mark, "\"utf-16\"", "is not known");
	for (size_t i = 0; i < COUNT(mixed); i++) {
		cr_expect(!decoder_begin(decoder, mixed[i][0], take, NULL), "%s", mixed[i][0]);
		const char *problem = decoder_problem(decoder);
		cr_expect(
		    problem && strstr(problem, mixed[i][1]), "%s: %s", mixed[i][0], problem ? problem : "");
	}
	expect_good(decoder, "gzip", slice_of_buf(&body), small);
	decoder_free(decoder);
	buf_release(&body);
}

Test(decode, no_more_than_five_codings)
{
	struct decoder *decoder = decoder_new(&limits);
	cr_expect(decoder_begin(decoder, "gzip, br, gzip, br, gzip", take, NULL));
	cr_expect(!decoder_begin(decoder, "gzip, br, gzip, br, gzip, br", take, NULL));
	cr_expect(decoder_problem(decoder) && strchr(decoder_problem(decoder), '5'));
	cr_expect(!decoder_begin(decoder, "gzip, br, identity, gzip,, br, gzip, zstd", take, NULL));
	cr_expect(decoder_begin(decoder, "gzip, br, identity, gzip,, br, gzip", take, NULL));
	cr_expect(!decoder_problem(decoder));
	decoder_free(decoder);
}

/* A body that lacks any number of its last bytes. */
static void expect_cut_short(
    struct decoder *decoder, const char *coding, struct slice body, struct slice plain)
{
	for (size_t len = 1; len < body.len; len++)
		expect_bad(
		    decoder, coding, (struct slice){body.data, len}, plain, coding, "body is cut short");
}

Test(decode, every_cut_is_seen)
{
	struct decoder *decoder = decoder_new(&limits);
	for (size_t i = 0; i < COUNT(formats); i++) {
		struct buf body;
		buf_init(&body, SIZE_MAX / 4);
		encode(&body, small, formats[i][0]);
		expect_good(decoder, formats[i][1], slice_of_buf(&body), small);
		expect_cut_short(decoder, formats[i][1], slice_of_buf(&body), small);
		buf_release(&body);
	}
	decoder_free(decoder);
}

Test(decode, every_cut_is_seen_behind_much)
{
	struct buf plain;
	struct taken taken;
	struct decoder *decoder = decoder_new(&limits);
	buf_init(&plain, SIZE_MAX / 4);
	taken_init(&taken, SIZE_MAX);
	append_mixture(&plain);
	for (size_t i = 0; i < COUNT(formats); i++) {
		struct buf body;
		buf_init(&body, SIZE_MAX / 4);
		encode(&body, slice_of_buf(&plain), formats[i][0]);
		for (size_t lack = 1; lack < 100; lack++) {
			struct slice cut = {body.data, body.len - lack};
			cr_expect(!decode(decoder, formats[i][1], cut, cut.len, &taken), "%s without %zu",
			    formats[i][0], lack);
			const char *problem = decoder_problem(decoder);
			cr_expect(problem && strstr(problem, "cut short"));
		}
		buf_release(&body);
	}
	decoder_free(decoder);
	buf_release(&plain);
	buf_release(&taken.out);
}

Test(decode, cut_in_the_middle_of_a_stack)
{
	struct buf inner, outer;
	struct decoder *decoder = decoder_new(&limits);
	for (size_t i = 0; i < COUNT(formats); i++) {
		buf_init(&inner, SIZE_MAX / 4);
		buf_init(&outer, SIZE_MAX / 4);
		encode(&inner, small, formats[i][0]);
		encode(&outer, (struct slice){inner.data, inner.len - 1}, "x-gzip");
		char codings[32];
		snprintf(codings, sizeof codings, "%s, x-gzip", formats[i][1]);
		expect_bad(decoder, codings, slice_of_buf(&outer), small, formats[i][1], "cut short");
		expect_bad(decoder, codings, (struct slice){outer.data, outer.len - 1}, small, "x-gzip",
		    "cut short");
		buf_release(&inner);
		buf_release(&outer);
	}
	decoder_free(decoder);
}

static void append_zstd_checked(struct buf *out)
{
	zstd_all(out, small, 0, true);
}

static void append_gzip(struct buf *out)
{
	encode(out, small, "gzip");
}

static void append_zlib(struct buf *out)
{
	encode(out, small, "deflate");
}

Test(decode, check_sums_must_be_right)
{
	static const struct {
		const char *coding;
		void (*append)(struct buf *out);
		size_t from_end; /* of the byte that is changed */
	} cases[] = {
	    {.coding = "gzip", .append = append_gzip, .from_end = 1},
	    {.coding = "gzip", .append = append_gzip, .from_end = 4},
	    {.coding = "gzip", .append = append_gzip, .from_end = 5},
	    {.coding = "gzip", .append = append_gzip, .from_end = 8},
	    {.coding = "deflate", .append = append_zlib, .from_end = 1},
	    {.coding = "deflate", .append = append_zlib, .from_end = 4},
	    {.coding = "zstd", .append = append_zstd_checked, .from_end = 1},
	    {.coding = "zstd", .append = append_zstd_checked, .from_end = 4},
	};
	struct decoder *decoder = decoder_new(&limits);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf body;
		buf_init(&body, SIZE_MAX / 4);
		cases[i].append(&body);
		expect_good(decoder, cases[i].coding, slice_of_buf(&body), small);
		expect_cut_short(decoder, cases[i].coding, slice_of_buf(&body), small);
		body.data[body.len - cases[i].from_end] ^= 1;
		expect_bad(decoder, cases[i].coding, slice_of_buf(&body), small, cases[i].coding, "broken");
		buf_release(&body);
	}
	decoder_free(decoder);
}

Test(decode, broken_bodies)
{
	static const struct {
		const char *coding;
		struct slice body;
	} cases[] = {
	    {"gzip", BYTES("<!DOCTYPE html>")}, {"gzip", BYTES("\x1f<a href>")},
	    {"gzip", BYTES("\x1f\x8b\x07\0\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0")},   /* another method */
	    {"gzip", BYTES("\x1f\x8b\x08\x20\0\0\0\0\0\x03\x03\0\0\0\0\0\0\0\0\0")}, /* a reserved flag */
	    {"gzip", BYTES("\x78\x9c\x03\0\0\0\0\x01")}, {"deflate", BYTES("<!DOCTYPE html>")},
	    {"deflate", BYTES("\x78\x20\0\0\0\x01\x03\0\0\0\0\x01")}, /* asks for a dictionary */
	    {"deflate", BYTES("\x07\0")},                             /* the reserved block type */
	    {"br", BYTES("\x1c\0")},                                  /* a reserved bit */
	    {"br", BYTES("\x11\0")}, /* a window that the RFC does not have */
	    {"zstd", BYTES("<!DOCTYPE html>")}, {"zstd", BYTES("\x28\xb5\x2f\xfe\x20\0\x01\0\0")},
	    {"zstd", BYTES("\x27\xb5\x2f\xfd\x20\0\x01\0\0")},     /* an old version's */
	    {"zstd", BYTES("\x28\xb5\x2f\xfd\x28\0\x01\0\0")},     /* a reserved bit */
	    {"zstd", BYTES("\x28\xb5\x2f\xfd\x21\x07\0\x01\0\0")}, /* asks for a dictionary */
	    {"zstd", BYTES("\x28\xb5\x2f\xfd\x20\0\x07\0\0")},     /* the reserved block type */
	};
	struct decoder *decoder = decoder_new(&limits);
	for (size_t i = 0; i < COUNT(cases); i++)
		expect_bad(
		    decoder, cases[i].coding, cases[i].body, slice_of(""), cases[i].coding, "body is broken");
	decoder_free(decoder);
}

Test(decode, garbage_behind_the_end_is_ignored)
{
	static const struct slice garbage[] = {BYTES("\n"), BYTES("\0\0\0\0\0\0\0\0"), BYTES("garbage"),
	    BYTES("\x1f\x1f\x8b\x08"), BYTES("\x28\xb5\x2f\xfe"), BYTES("\x60\x2a\x4d\x18"),
	    BYTES("\x70\x2a\x4d\x18"), BYTES("\x51\x2a\x4d\x19")};
	struct decoder *decoder = decoder_new(&limits);
	for (size_t i = 0; i < COUNT(formats); i++)
		for (size_t j = 0; j < COUNT(garbage); j++) {
			struct buf body;
			buf_init(&body, SIZE_MAX / 4);
			encode(&body, small, formats[i][0]);
			buf_append(&body, garbage[j].data, garbage[j].len);
			expect_good(decoder, formats[i][1], slice_of_buf(&body), small);
			/* Garbage is not looked for behind garbage. */
			encode(&body, small, formats[i][0]);
			expect_good(decoder, formats[i][1], slice_of_buf(&body), small);
			buf_release(&body);
		}
	decoder_free(decoder);
}

/* RFC 1952, section 2.2, and RFC 8878, section 3.1: the outputs follow one another. */
Test(decode, several_members_and_frames)
{
	static const char *const codings[] = {"gzip", "zstd"};
	struct decoder *decoder = decoder_new(&limits);
	for (size_t i = 0; i < COUNT(codings); i++) {
		struct buf body, plain;
		buf_init(&body, SIZE_MAX / 4);
		buf_init(&plain, SIZE_MAX / 4);
		encode(&body, small, codings[i]);
		encode(&body, slice_of(""), codings[i]);
		encode(&body, slice_of("more"), codings[i]);
		buf_append(&plain, small.data, small.len);
		buf_append_text(&plain, "more");
		expect_good(decoder, codings[i], slice_of_buf(&body), slice_of_buf(&plain));

		/* The last of them is cut anywhere, or is followed by garbage. */
		size_t all = body.len;
		encode(&body, small, codings[i]);
		buf_append(&plain, small.data, small.len);
		for (size_t len = all + 1; len < body.len; len++)
			expect_bad(decoder, codings[i], (struct slice){body.data, len}, slice_of_buf(&plain),
			    codings[i], "cut short");
		buf_append_text(&body, "garbage");
		expect_good(decoder, codings[i], slice_of_buf(&body), slice_of_buf(&plain));
		buf_release(&body);
		buf_release(&plain);
	}
	decoder_free(decoder);
}

Test(decode, skippable_frames)
{
	struct buf body;
	struct decoder *decoder = decoder_new(&limits);
	buf_init(&body, SIZE_MAX / 4);
	buf_append(&body, "\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
	expect_good(decoder, "zstd", slice_of_buf(&body), slice_of(""));
	expect_cut_short(decoder, "zstd", slice_of_buf(&body), slice_of(""));
	encode(&body, small, "zstd");
	buf_append(&body, "\x5f\x2a\x4d\x18\0\0\0\0", 8);
	expect_good(decoder, "zstd", slice_of_buf(&body), small);
	for (size_t lack = 1; lack < 8; lack++)
		expect_bad(
		    decoder, "zstd", (struct slice){body.data, body.len - lack}, small, "zstd", "cut short");
	decoder_free(decoder);
	buf_release(&body);
}

/* RFC 1952, section 2.3: all that a member's header can have. */
Test(decode, gzip_headers)
{
	gz_header header = {.text = 1, .time = 1, .extra = (unsigned char *)"ab\2\0xy", .extra_len = 6};
	header.name = (unsigned char *)"page.html";
	header.comment = (unsigned char *)"a comment";
	header.hcrc = 1;
	struct buf body;
	struct decoder *decoder = decoder_new(&limits);
	buf_init(&body, SIZE_MAX / 4);
	deflate_header(&body, small, GZIP_WINDOW, &header);
	cr_expect(body.data[3] == 0x1f);
	expect_good(decoder, "gzip", slice_of_buf(&body), small);
	expect_cut_short(decoder, "gzip", slice_of_buf(&body), small);
	body.data[20] ^= 1;
	expect_bad(decoder, "gzip", slice_of_buf(&body), slice_of(""), "gzip", "broken");
	decoder_free(decoder);
	buf_release(&body);
}

/* A frame of 256 times "a" that says its size, with a window of 8 MiB, and of 16 MiB, which it does not need.
 * And one whose header and first block look like a skippable frame from its fifth byte on. */
Test(decode, zstd_headers)
{
	static const struct slice fits = BYTES("\x28\xb5\x2f\xfd\x40\x68\0\0\x03\x08\0\x61");
	static const struct slice too_large = BYTES("\x28\xb5\x2f\xfd\x40\x70\0\0\x03\x08\0\x61");
	static const struct slice double_faced =
	    BYTES("\x28\xb5\x2f\xfd\x50\x2a\x4d\x18\x08\0\0\0\x0a\0\0\x61\x5b\xca\0\x61");
	char plain[6477];
	struct decoder *decoder = decoder_new(&limits);
	memset(plain, 'a', sizeof plain);
	expect_good(decoder, "zstd", fits, (struct slice){plain, 256});
	expect_bad(decoder, "zstd", too_large, slice_of(""), "zstd", "broken");
	plain[0] = '\0';
	expect_good(decoder, "zstd", double_faced, (struct slice){plain, sizeof plain});
	decoder_free(decoder);
}

/* RFC 9659, section 3: no window above 8 MiB in HTTP. RFC 7932, section 9.1: none above 16 MiB in brotli. */
Test(decode, windows)
{
	struct buf body;
	struct decoder *decoder = decoder_new(&limits);
	buf_init(&body, SIZE_MAX / 4);
	zstd_all(&body, small, 23, false);
	expect_good(decoder, "zstd", slice_of_buf(&body), small);
	buf_clear(&body);
	zstd_all(&body, small, 24, false);
	expect_bad(decoder, "zstd", slice_of_buf(&body), slice_of(""), "zstd", "broken");
	buf_clear(&body);
	brotli_all(&body, small, 24, false);
	expect_good(decoder, "br", slice_of_buf(&body), small);
	buf_clear(&body);
	brotli_all(&body, small, 26, true);
	expect_bad(decoder, "br", slice_of_buf(&body), slice_of(""), "br", "broken");
	decoder_free(decoder);
	buf_release(&body);
}

/* Whatever became of a body, the next is not touched by it. */
Test(decode, one_body_after_the_other)
{
	struct buf bodies[COUNT(formats)];
	struct taken taken;
	struct decoder *decoder = decoder_new(&limits);
	taken_init(&taken, SIZE_MAX);
	for (size_t i = 0; i < COUNT(formats); i++) {
		buf_init(&bodies[i], SIZE_MAX / 4);
		encode(&bodies[i], small, formats[i][0]);
	}
	for (size_t i = 0; i < COUNT(formats); i++)
		for (size_t j = 0; j < COUNT(formats); j++) {
			struct slice body = slice_of_buf(&bodies[i]), next = slice_of_buf(&bodies[j]);
			cr_assert(decoder_begin(decoder, formats[i][1], take, &taken));
			cr_assert(feed(decoder, body.data, body.len / 2)); /* and no end */
			expect_good(decoder, formats[j][1], next, small);
			decode(decoder, formats[i][1], (struct slice){body.data, body.len / 2}, 5, &taken);
			expect_good(decoder, formats[j][1], next, small);
			decode(decoder, "gzip, zstd", body, 5, &taken);
			expect_good(decoder, formats[j][1], next, small);
			expect_bad(decoder, "gzip", slice_of("<html>"), slice_of(""), "gzip", "broken");
			expect_good(decoder, formats[j][1], next, small);
			expect_bad(decoder, "zstd", slice_of("<html>"), slice_of(""), "zstd", "broken");
		}
	for (size_t i = 0; i < COUNT(formats); i++)
		buf_release(&bodies[i]);
	decoder_free(decoder);
	buf_release(&taken.out);
}

/* Where take wants no more, it is not asked again, and nothing is wrong. */
static void expect_stopped(struct decoder *decoder, const char *codings, struct slice body, size_t stop_at)
{
	enum { PIECE_AT_MOST = 64 << 10 };
	struct taken taken;
	taken_init(&taken, stop_at);
	cr_expect(!decode(decoder, codings, body, body.len, &taken), "%s at %zu", codings, stop_at);
	cr_expect(!decoder_problem(decoder));
	cr_expect(
	    taken.len >= stop_at && taken.len < stop_at + PIECE_AT_MOST, "%s: %zu bytes", codings, taken.len);
	cr_expect(stop_at > 0 || taken.calls == 1);
	buf_release(&taken.out);
}

Test(decode, bombs_stop_with_take)
{
	struct buf zeros, bomb, twice;
	struct decoder *decoder = decoder_new(&limits);
	buf_init(&zeros, SIZE_MAX / 4);
	memset(room_for(&zeros, 64 * MIB), 0, 64 * MIB);
	zeros.len = 64 * MIB;
	for (size_t i = 0; i < COUNT(formats); i++) {
		buf_init(&bomb, SIZE_MAX / 4);
		buf_init(&twice, SIZE_MAX / 4);
		encode(&bomb, slice_of_buf(&zeros), formats[i][0]);
		cr_expect(bomb.len < MIB / 8);
		expect_stopped(decoder, formats[i][1], slice_of_buf(&bomb), 0);
		expect_stopped(decoder, formats[i][1], slice_of_buf(&bomb), MIB);
		encode(&twice, slice_of_buf(&bomb), "br");
		char codings[32];
		snprintf(codings, sizeof codings, "%s, br", formats[i][1]);
		expect_stopped(decoder, codings, slice_of_buf(&twice), MIB);
		buf_release(&bomb);
		buf_release(&twice);
	}
	decoder_free(decoder);
	buf_release(&zeros);
}

/* What comes to nothing never reaches take, so it must stop by itself; a little of it is garbage like any. */
Test(decode, bombs_of_nothing_stop)
{
	static const size_t sizes[] = {MIB, 64 * MIB, 32 * MIB};
	struct taken taken;
	struct decoder *decoder = decoder_new(&limits);
	taken_init(&taken, SIZE_MAX);
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct buf inner, outer;
		buf_init(&inner, SIZE_MAX / 4);
		buf_init(&outer, SIZE_MAX / 4);
		encode(&inner, small, "br");
		memset(room_for(&inner, sizes[i]), 0, sizes[i]);
		inner.len += sizes[i];
		encode(&outer, slice_of_buf(&inner), "gzip");
		if (i == 0)
			expect_good(decoder, "br, gzip", slice_of_buf(&outer), small);
		else
			expect_bad(decoder, "br, gzip", slice_of_buf(&outer), small, "br", "broken");
		/* What an earlier body gave out does not count for the next. */
		cr_expect(decode(decoder, "", slice_of_buf(&inner), inner.len, &taken));
		buf_release(&inner);
		buf_release(&outer);
	}
	decoder_free(decoder);
	buf_release(&taken.out);
}

/* An inner body may be as large as what is in it. */
Test(decode, large_stacks_that_do_not_compress)
{
	struct buf plain, inner, outer;
	struct taken taken;
	struct decoder *decoder = decoder_new(&limits);
	buf_init(&plain, SIZE_MAX / 4);
	buf_init(&inner, SIZE_MAX / 4);
	buf_init(&outer, SIZE_MAX / 4);
	taken_init(&taken, SIZE_MAX);
	append_noise(&plain, 16 * MIB);
	encode(&inner, slice_of_buf(&plain), "gzip");
	encode(&outer, slice_of_buf(&inner), "zstd");
	cr_expect(decode(decoder, "gzip, zstd", slice_of_buf(&outer), outer.len, &taken), "%s",
	    decoder_problem(decoder) ? decoder_problem(decoder) : "");
	cr_expect(slice_equal(slice_of_buf(&taken.out), slice_of_buf(&plain)));
	decoder_free(decoder);
	buf_release(&plain);
	buf_release(&inner);
	buf_release(&outer);
	buf_release(&taken.out);
}

Test(decode, no_coding_is_no_copy)
{
	static const char text[] = "as it is";
	struct taken taken;
	struct decoder *decoder = decoder_new(&limits);
	taken_init(&taken, 4);
	cr_expect(decoder_begin(decoder, NULL, take, &taken));
	cr_expect(feed(decoder, text, 3) && feed(decoder, "", 0));
	cr_expect(decoder_feed(decoder, text + 3, 5) == DECODER_STOPPED && taken.calls == 2);
	cr_expect(!decoder_problem(decoder));
	expect_good(decoder, "", slice_of(text), slice_of(text));
	decoder_free(decoder);
	decoder_free(NULL);
	buf_release(&taken.out);
}

/* A stream with a large window is restarted when it may use much memory. What a broken stream gives out
 * before its error may be wrong: brotli has no check sum. */
Test(decode, a_large_stream_breaks_after_its_restart)
{
	struct buf plain, body;
	struct decoder *decoder = decoder_new(&limits);
	buf_init(&plain, SIZE_MAX / 4);
	buf_init(&body, SIZE_MAX / 4);
	append_noise(&plain, 4 << 20);
	append_mixture(&plain);
	brotli_all(&body, slice_of_buf(&plain), 24, false);
	memset(body.data + body.len - 1000, 0xff, 500);
	for (size_t i = 0; i < COUNT(pieces); i++) {
		struct taken taken;
		taken_init(&taken, SIZE_MAX);
		cr_expect_not(decode(decoder, "br", slice_of_buf(&body), pieces[i], &taken));
		cr_expect(strstr(decoder_problem(decoder), "br body is broken"));
		buf_release(&taken.out);
	}
	decoder_free(decoder);
	buf_release(&plain);
	buf_release(&body);
}

/* RFC 1952, section 2.3.1: ID1 and ID2. What is in two files in each other is taken out, what is in more is
 * not. */
Test(decode, a_gzip_file_is_known_by_its_first_bytes)
{
	static const struct slice others[] = {BYTES("\x1f"
	                                            "a"),
	    BYTES("\x1f\x9d\x90"), BYTES("\x1f\x1f\x8b\x08"), BYTES("a\x1f\x8b\x08"), BYTES("\x8b\x1f")};
	struct buf plain, large, files[4];
	struct decoder *decoder = decoder_new(&limits);
	buf_init(&plain, SIZE_MAX / 4);
	append_mixture(&plain);
	buf_append(&plain, "\x1f\x8b", 2);
	buf_init(&large, SIZE_MAX / 4);
	encode(&large, slice_of_buf(&plain), "gzip");
	for (size_t i = 0; i < COUNT(files); i++) {
		buf_init(&files[i], SIZE_MAX / 4);
		encode(&files[i], i ? slice_of_buf(&files[i - 1]) : small, "gzip");
	}
	expect_good(decoder, "", slice_of_buf(&files[0]), small);
	cr_expect_not(decoder_is_gzip_file(decoder), "it is only known while the body lasts");
	expect_good(decoder, "", slice_of_buf(&files[1]), small);
	expect_good(decoder, "", slice_of_buf(&files[2]), slice_of_buf(&files[0]));
	expect_good(decoder, "identity", slice_of_buf(&files[0]), small);
	expect_good(decoder, "gzip", slice_of_buf(&files[1]), small);
	expect_good(decoder, "gzip", slice_of_buf(&files[2]), small);
	expect_good(decoder, "gzip", slice_of_buf(&files[3]), slice_of_buf(&files[0]));
	expect_good(decoder, "", slice_of_buf(&large), slice_of_buf(&plain));
	expect_bad(decoder, "", (struct slice){"\x1f", 1}, small, "gzip", "cut short");
	expect_cut_short(decoder, "", slice_of_buf(&files[0]), small);
	for (size_t i = 0; i < COUNT(others); i++) {
		struct buf body;
		buf_init(&body, SIZE_MAX / 4);
		encode(&body, others[i], "br");
		expect_good(decoder, "", others[i], others[i]);
		expect_good(decoder, "br", slice_of_buf(&body), others[i]);
		buf_release(&body);
	}
	for (size_t i = 0; i < COUNT(files); i++)
		buf_release(&files[i]);
	buf_release(&plain);
	buf_release(&large);
	decoder_free(decoder);
}

/* Takes a piece, and then its time is up. */
static bool take_in_time(void *ctx, const char *bytes, size_t len)
{
	limits.until_us = 0;
	return take(ctx, bytes, len);
}

/* Decodes with time for one piece, again and again; returns how often it had to be resumed. */
static size_t decode_in_steps(
    struct decoder *decoder, const char *codings, struct slice body, size_t piece, struct taken *taken)
{
	size_t resumed = 0;
	cr_assert(decoder_begin(decoder, codings, take_in_time, taken));
	for (size_t at = 0; at < body.len; at += piece) {
		size_t len = body.len - at < piece ? body.len - at : piece, calls = taken->calls;
		char *flush = malloc(len);
		memcpy(flush, body.data + at, len);
		limits.until_us = at / piece % 2 ? INT64_MAX : 0;
		enum decoder_result result = decoder_feed(decoder, flush, len);
		free(flush);
		cr_expect(at / piece % 2 || taken->calls == calls, "%s: there was no time", codings);
		for (; result == DECODER_LATER; resumed++) {
			calls = taken->calls;
			limits.until_us = INT64_MAX;
			result = decoder_resume(decoder);
			cr_expect(taken->calls <= calls + 1, "%s: %zu pieces", codings, taken->calls - calls);
		}
		cr_expect_eq(result, DECODER_DONE, "%s", codings);
	}
	limits.until_us = INT64_MAX;
	cr_expect(decoder_end(decoder), "%s", codings);
	return resumed;
}

Test(decode, stops_when_its_time_is_up_and_goes_on_where_it_was)
{
	static const size_t cuts[] = {SIZE_MAX / 2, 1, 5, 1000, 70000};
	struct buf plain, body, twice;
	struct taken taken;
	struct decoder *decoder = decoder_new(&limits);
	buf_init(&plain, SIZE_MAX / 4);
	taken_init(&taken, SIZE_MAX);
	append_noise(&plain, 100 << 10);
	memset(room_for(&plain, MIB), ' ', MIB);
	plain.len += MIB;
	append_noise(&plain, 5);
	for (size_t i = 0; i < COUNT(formats); i++)
		for (size_t j = 0; j < COUNT(cuts); j++) {
			char codings[32];
			buf_init(&body, SIZE_MAX / 4);
			buf_init(&twice, SIZE_MAX / 4);
			encode(&body, slice_of_buf(&plain), formats[i][0]);
			buf_clear(&taken.out);
			size_t resumed =
			    decode_in_steps(decoder, formats[i][1], slice_of_buf(&body), cuts[j], &taken);
			cr_expect(resumed >= MIB / (16 << 10), "%s: %zu times", formats[i][0], resumed);
			cr_expect(slice_equal(slice_of_buf(&taken.out), slice_of_buf(&plain)));
			encode(&twice, slice_of_buf(&body), "gzip");
			snprintf(codings, sizeof codings, "%s, gzip", formats[i][1]);
			buf_clear(&taken.out);
			decode_in_steps(decoder, codings, slice_of_buf(&twice), cuts[j], &taken);
			cr_expect(slice_equal(slice_of_buf(&taken.out), slice_of_buf(&plain)), "%s", codings);
			buf_release(&body);
			buf_release(&twice);
		}
	buf_clear(&taken.out);
	decode_in_steps(decoder, "", slice_of_buf(&plain), plain.len, &taken);
	cr_expect(slice_equal(slice_of_buf(&taken.out), slice_of_buf(&plain)));
	decoder_free(decoder);
	buf_release(&plain);
	buf_release(&taken.out);
}

/* As large as a window gets; all but the last of it, so that the decoder keeps it. */
static void unfinished_body(struct buf *body, const char *coding)
{
	struct buf plain;
	buf_init(&plain, SIZE_MAX / 4);
	append_noise(&plain, 20 * MIB);
	if (strcmp(coding, "br") == 0)
		brotli_all(body, slice_of_buf(&plain), 24, false);
	else
		zstd_all(body, slice_of_buf(&plain), 23, false);
	body->len -= 100;
	buf_release(&plain);
}

Test(decode, large_ones_wait_for_each_other)
{
	enum { DECODERS = 12 };
	static const char *const names[] = {"br", "zstd"};
	for (size_t i = 0; i < COUNT(names); i++) {
		struct decoder *decoders[DECODERS];
		struct taken taken;
		struct buf body;
		size_t first_waits = DECODERS;
		taken_init(&taken, SIZE_MAX);
		buf_init(&body, SIZE_MAX / 4);
		unfinished_body(&body, names[i]);
		for (size_t j = 0; j < DECODERS; j++) {
			decoders[j] = decoder_new(&limits);
			cr_assert(decoder_begin(decoders[j], names[i], take, &taken));
			enum decoder_result result = decoder_feed(decoders[j], body.data, body.len);
			buf_clear(&taken.out);
			if (result == DECODER_NEEDS_MEMORY && first_waits == DECODERS)
				first_waits = j;
			cr_expect_eq(result, j < first_waits ? DECODER_DONE : DECODER_NEEDS_MEMORY);
			cr_expect_leq(limits.claimed, DECODERS_LARGE_MAX + 24 * MIB);
		}
		cr_expect(
		    first_waits >= 3 && first_waits < DECODERS, "%s: %zu at once", names[i], first_waits);
		/* Whoever is small has no need to. */
		struct decoder *small_one = decoder_new(&limits);
		struct buf few;
		buf_init(&few, SIZE_MAX / 4);
		encode(&few, small, names[i]);
		expect_good(small_one, names[i], slice_of_buf(&few), small);
		decoder_free(small_one);
		buf_release(&few);
		/* One gives its memory back, another goes on with all that it was given. */
		for (size_t j = 0; j < DECODERS; j++) {
			enum decoder_result result = DECODER_DONE;
			if (j >= first_waits)
				result = decoder_resume(decoders[j]);
			cr_expect_eq(result, DECODER_DONE);
			buf_clear(&taken.out);
			decoder_free(decoders[j]);
		}
		cr_expect_eq(limits.claimed, 0);
		cr_expect_eq(limits.waiting, 0);
		cr_expect_null(limits.beyond);
		decoder_limits_release(&limits);
		buf_release(&body);
		buf_release(&taken.out);
	}
}
