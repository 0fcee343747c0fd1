/* zlib takes its input as const. */
#define ZLIB_CONST

#include "encode.h"

#include "text.h"

#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

enum { MIB = 1 << 20, GZIP_WINDOW = 15 + 16, ZLIB_WINDOW = 15, RAW_WINDOW = -15 };

static void append_le(struct buf *out, uint64_t number, int bytes)
{
	for (int i = 0; i < bytes; i++)
		buf_append_byte(out, (char)(number >> (8 * i) & 0xff));
}

/* Compresses bytes with zlib; the window chooses the wrapping. */
static void deflate_all(struct buf *out, struct slice bytes, int window, int flush)
{
	z_stream z = {0};
	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	size_t room = deflateBound(&z, bytes.len) + 64;
	unsigned char *to = (unsigned char *)buf_reserve(out, room);
	if (!to)
		abort();
	z.next_in = (const unsigned char *)bytes.data;
	z.avail_in = (unsigned)bytes.len;
	z.next_out = to;
	z.avail_out = (unsigned)room;
	deflate(&z, flush);
	out->len += room - z.avail_out;
	deflateEnd(&z);
}

/* Brotli (RFC 7932, section 9): a stream of meta-blocks stored as they are. The window is what stands before
 * the first block's header: one zero bit for 64 KiB, four set bits for 16 MiB. */
static void brotli_stored(struct buf *out, struct slice bytes, bool wide)
{
	enum { BLOCK = 1 << 16 };
	for (size_t at = 0; at < bytes.len; at += BLOCK) {
		size_t len = bytes.len - at < BLOCK ? bytes.len - at : BLOCK;
		uint32_t header = (uint32_t)(len - 1) << 3 | UINT32_C(1) << 19;
		if (at == 0)
			header = wide ? header << 4 | 0xf : header << 1;
		append_le(out, header, 3);
		buf_append(out, bytes.data + at, len);
	}
}

static void brotli_whole(struct buf *out, struct slice bytes)
{
	brotli_stored(out, bytes, false);
	buf_append_byte(out, bytes.len > 0 ? 0x03 : 0x06);
}

/* Zstandard (RFC 8878, section 3.1.1): a frame without a content size, its window 128 KiB or 8 MiB. */
static void zstd_stored(struct buf *out, struct slice bytes, bool wide)
{
	enum { BLOCK = 1 << 16 };
	buf_append(out, wide ? "\x28\xb5\x2f\xfd\x00\x68" : "\x28\xb5\x2f\xfd\x00\x38", 6);
	for (size_t at = 0; at < bytes.len; at += BLOCK) {
		size_t len = bytes.len - at < BLOCK ? bytes.len - at : BLOCK;
		append_le(out, len << 3, 3);
		buf_append(out, bytes.data + at, len);
	}
}

static const char zstd_end[3] = {1, 0, 0};

static void zstd_whole(struct buf *out, struct slice bytes)
{
	zstd_stored(out, bytes, false);
	buf_append(out, zstd_end, sizeof zstd_end);
}

static void gzip_whole(struct buf *out, struct slice bytes)
{
	deflate_all(out, bytes, GZIP_WINDOW, Z_FINISH);
}

static void zlib_whole(struct buf *out, struct slice bytes)
{
	deflate_all(out, bytes, ZLIB_WINDOW, Z_FINISH);
}

static const struct coding {
	const char *name;
	void (*encode)(struct buf *out, struct slice bytes);
} codings_known[] = {
    {"gzip", gzip_whole},
    {"x-gzip", gzip_whole},
    {"deflate", zlib_whole},
    {"br", brotli_whole},
    {"zstd", zstd_whole},
};

static void encode_once(struct buf *body, struct slice coding)
{
	for (size_t i = 0; i < sizeof codings_known / sizeof *codings_known; i++) {
		if (!text_equal_nocase(coding, codings_known[i].name))
			continue;
		struct buf out;
		buf_init(&out, body->max);
		buf_append(&out, "", 0);
		codings_known[i].encode(&out, (struct slice){body->data, body->len});
		buf_release(body);
		*body = out;
		return;
	}
}

void encode_body(struct buf *body, struct slice codings)
{
	buf_append(body, "", 0);
	size_t start = 0;
	for (size_t i = 0; i <= codings.len; i++) {
		if (i < codings.len && codings.data[i] != ',')
			continue;
		while (start < i && codings.data[start] == ' ')
			start++;
		encode_once(body, (struct slice){codings.data + start, i - start});
		start = i + 1;
	}
}

static uint64_t times(uint64_t count, size_t len)
{
	return count == STEPS_FOREVER ? STEPS_FOREVER : count * len;
}

/* A deflate block that ends in a full flush needs nothing that stood before it, so it can be repeated. */
static void gzip_bomb(struct steps *steps, struct slice body, struct slice spaces, uint64_t mib)
{
	struct buf head, block, end;
	buf_init(&head, TEXT_MAX);
	buf_init(&block, TEXT_MAX);
	buf_init(&end, TEXT_MAX);
	buf_append(&head, "\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
	deflate_all(&head, body, RAW_WINDOW, Z_FULL_FLUSH);
	deflate_all(&block, spaces, RAW_WINDOW, Z_FULL_FLUSH);
	uLong crc = crc32(0, (const Bytef *)body.data, (uInt)body.len);
	uLong spaces_crc = crc32(0, (const Bytef *)spaces.data, (uInt)spaces.len);
	for (uint64_t i = 0; mib != STEPS_FOREVER && i < mib; i++)
		crc = crc32_combine(crc, spaces_crc, MIB);
	buf_append(&end, "\x03\0", 2);
	append_le(&end, crc, 4);
	append_le(&end, body.len + times(mib, MIB), 4);
	steps_send(steps, head.data, head.len);
	steps_repeat(steps, (struct slice){block.data, block.len}, times(mib, block.len));
	steps_send(steps, end.data, end.len);
	buf_release(&head);
	buf_release(&block);
	buf_release(&end);
}

static void zstd_bomb(struct steps *steps, struct slice body, uint64_t mib, bool wide)
{
	static const char run[4] = {0x02, 0x00, 0x10, ' '}; /* 128 KiB of one byte */
	struct buf head;
	buf_init(&head, TEXT_MAX);
	zstd_stored(&head, body, wide);
	steps_send(steps, head.data, head.len);
	steps_repeat(steps, (struct slice){run, sizeof run}, times(mib, 8 * sizeof run));
	steps_send(steps, zstd_end, sizeof zstd_end);
	buf_release(&head);
}

/* 1 MiB of spaces as copies of what stands just before, which must be at least four spaces: what a brotli
 * encoder with a window of 64 KiB, flushed, writes for each MiB but the first. */
static const unsigned char brotli_spaces[] = {0xfa, 0xff, 0x0f, 0xf8, 0x25, 0x00, 0xe2, 0xb0, 0x00, 0x40,
    0xf7, 0x3e, 0x40, 0xff, 0xff, 0x01, 0xbf, 0x04, 0x40, 0x1c, 0x16, 0x00, 0xe8, 0xde, 0x07, 0xe8, 0xff,
    0x3f, 0xe0, 0x97, 0x00, 0x88, 0xc3, 0x02, 0x00, 0xdd, 0xfb, 0x00, 0xfd, 0xff, 0x07, 0xfc, 0x12, 0x00,
    0x71, 0x58, 0x00, 0xa0, 0x7b, 0x1f, 0xa0, 0xff, 0xff, 0x80, 0x5f, 0x02, 0x20, 0x0e, 0x0b, 0x00, 0x74,
    0xef, 0x03, 0xf4, 0xff, 0x1f, 0xf0, 0x4b, 0x00, 0xc4, 0x61, 0x01, 0x80, 0xee, 0x7d, 0x80, 0xfe, 0xff,
    0x03, 0x7e, 0x09, 0x80, 0x38, 0x2c, 0x00, 0xd0, 0xbd, 0x0f, 0xd0, 0xff, 0x7f, 0xc0, 0x2f, 0x01, 0x10,
    0x87, 0x05, 0x00, 0xba, 0xf7, 0x01};

static void brotli_bomb(struct steps *steps, struct slice body, uint64_t mib, bool wide)
{
	struct buf padded, head;
	buf_init(&padded, TEXT_MAX);
	buf_init(&head, TEXT_MAX);
	buf_append(&padded, body.data, body.len);
	buf_append_text(&padded, "                                ");
	brotli_stored(&head, (struct slice){padded.data, padded.len}, wide);
	steps_send(steps, head.data, head.len);
	steps_repeat(steps, (struct slice){(const char *)brotli_spaces, sizeof brotli_spaces},
	    times(mib, sizeof brotli_spaces));
	steps_send_text(steps, "\x03");
	buf_release(&padded);
	buf_release(&head);
}

bool encode_bomb(struct steps *steps, struct slice body, struct slice coding, uint64_t mib)
{
	bool wide = slice_equal(coding, slice_of("br-wide")) || slice_equal(coding, slice_of("zstd-wide"));
	if (slice_equal(coding, slice_of("br")) || slice_equal(coding, slice_of("br-wide"))) {
		brotli_bomb(steps, body, mib, wide);
		return true;
	}
	if (slice_equal(coding, slice_of("zstd")) || slice_equal(coding, slice_of("zstd-wide"))) {
		zstd_bomb(steps, body, mib, wide);
		return true;
	}
	if (!slice_equal(coding, slice_of("gzip")))
		return false;
	struct buf spaces;
	buf_init(&spaces, MIB);
	memset(buf_reserve(&spaces, MIB), ' ', MIB);
	spaces.len = MIB;
	gzip_bomb(steps, body, (struct slice){spaces.data, spaces.len}, mib);
	buf_release(&spaces);
	return true;
}
