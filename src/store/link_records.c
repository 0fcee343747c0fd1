#include "store/link_records.h"

#include "base/alloc.h"

#include <assert.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { FORMAT_VERSION = 1 };

/* See docs/decisions/state-file.md for what other levels cost. */
enum { COMPRESSION_LEVEL = 1 };

/* No packed links come to more than this: a damaged length must not take all memory. */
enum { CONTENT_MAX = 1 << 30 };

enum record_flag {
	KIND_MASK = 7,          /* enum link_kind */
	IS_ROW = 1 << 3,        /* is_row */
	IS_RAW_SUFFIX = 1 << 4, /* the URL ends with raw */
	HAS_WORDS = 1 << 5,     /* tag, rel or attr differ from those before */
	HAS_POSITION = 1 << 6,
	HAS_LINE = 1 << 7
};

_Static_assert(LINK_KINDS <= KIND_MASK + 1, "a kind has three bits");

static uint64_t hash_of_url(struct slice url)
{
	return XXH3_64bits(url.data, url.len);
}

/* Writing. */

static void put_number(struct buf *out, uint64_t number)
{
	char *to = buf_reserve(out, 10);
	size_t len = 0;
	for (; number >= 0x80; number >>= 7)
		to[len++] = (char)(number | 0x80);
	to[len++] = (char)number;
	out->len += len;
}

static void put_difference(struct buf *out, int64_t from, int64_t to)
{
	uint64_t difference = (uint64_t)to - (uint64_t)from;
	put_number(out, difference >> 63 ? ~(difference << 1) : difference << 1);
}

static void put_text(struct buf *out, struct slice text)
{
	put_number(out, text.data ? (uint64_t)text.len + 1 : 0);
	if (text.data)
		buf_append(out, text.data, text.len);
}

void link_records_init(struct link_records *self)
{
	*self = (struct link_records){.count = 0};
	buf_init(&self->bytes, SIZE_MAX / 2);
	buf_init(&self->url, SIZE_MAX / 2);
	buf_init(&self->words, SIZE_MAX / 2);
}

void link_records_release(struct link_records *self)
{
	buf_release(&self->bytes);
	buf_release(&self->url);
	buf_release(&self->words);
	link_records_clear(self);
}

void link_records_clear(struct link_records *self)
{
	buf_clear(&self->bytes);
	buf_clear(&self->url);
	buf_clear(&self->words);
	self->count = self->hash = 0;
	self->position = self->line = 0;
}

static void put_url(struct link_records *self, struct slice url)
{
	size_t most = url.len < self->url.len ? url.len : self->url.len, shared = 0;
	while (shared < most && url.data[shared] == self->url.data[shared])
		shared++;
	put_number(&self->bytes, shared);
	put_number(&self->bytes, url.len - shared);
	buf_append(&self->bytes, url.data + shared, url.len - shared);
	self->url.len = shared;
	buf_append(&self->url, url.data + shared, url.len - shared);
}

static bool is_suffix(struct slice text, struct slice suffix)
{
	return suffix.data && suffix.len <= text.len &&
	       memcmp(text.data + text.len - suffix.len, suffix.data, suffix.len) == 0;
}

/* Writes the three words behind the others, and then either keeps them there or removes them. Returns true
 * if they are new. */
static bool replace_words(struct link_records *self, const struct link_record *record)
{
	size_t old_len = self->words.len;
	put_text(&self->words, record->tag);
	put_text(&self->words, record->rel);
	put_text(&self->words, record->attr);
	assert(self->words.data);
	struct slice old = {self->words.data, old_len};
	struct slice new = {self->words.data + old_len, self->words.len - old_len};
	if (slice_equal(old, new)) {
		self->words.len = old_len;
		return false;
	}
	buf_consume(&self->words, old_len);
	return true;
}

void link_records_add(struct link_records *self, const struct link_record *record)
{
	unsigned flags = (unsigned)record->kind;
	flags |= record->is_row ? IS_ROW : 0;
	flags |= is_suffix(record->url, record->raw) ? IS_RAW_SUFFIX : 0;
	flags |= replace_words(self, record) ? HAS_WORDS : 0;
	flags |= record->position >= 0 ? HAS_POSITION : 0;
	flags |= record->line > 0 ? HAS_LINE : 0;
	buf_append_byte(&self->bytes, (char)flags);
	put_url(self, record->url);
	if (flags & IS_RAW_SUFFIX)
		put_number(&self->bytes, record->raw.len);
	else
		put_text(&self->bytes, record->raw);
	if (flags & HAS_WORDS)
		buf_append(&self->bytes, self->words.data, self->words.len);
	if (flags & HAS_POSITION) {
		put_difference(&self->bytes, self->position, record->position);
		self->position = record->position;
	}
	if (flags & HAS_LINE) {
		put_difference(&self->bytes, self->line, record->line);
		put_number(&self->bytes, record->column);
		self->line = record->line;
	}
	self->count++;
	if (record->is_row)
		self->hash += hash_of_url(record->url);
}

void link_records_pack(
    struct slice bytes, uint64_t count, uint64_t page, ZSTD_CCtx *compressor, struct buf *packed)
{
	struct buf content;
	buf_init(&content, SIZE_MAX / 2);
	buf_append_byte(&content, FORMAT_VERSION);
	put_number(&content, page);
	put_number(&content, count);
	buf_append(&content, bytes.data, bytes.len);
	ZSTD_CCtx_setParameter(compressor, ZSTD_c_compressionLevel, COMPRESSION_LEVEL);
	ZSTD_CCtx_setParameter(compressor, ZSTD_c_checksumFlag, 1);
	size_t room = ZSTD_compressBound(content.len);
	size_t len = ZSTD_compress2(compressor, buf_reserve(packed, room), room, content.data, content.len);
	/* With so much room, only memory can run out. */
	if (ZSTD_isError(len))
		alloc_fail();
	packed->len += len;
	buf_release(&content);
}

/* Reading. */

void link_reader_init(struct link_reader *self)
{
	*self = (struct link_reader){.at = 0};
	buf_init(&self->content, SIZE_MAX / 2);
	buf_init(&self->url, SIZE_MAX / 2);
}

void link_reader_release(struct link_reader *self)
{
	buf_release(&self->content);
	buf_release(&self->url);
	self->left = 0;
}

/* Where something is missing, marks the links as damaged, and returns 0. */
static uint64_t get_number(struct link_reader *self)
{
	uint64_t number = 0;
	for (unsigned shift = 0; shift < 64 && self->at < self->bytes.len; shift += 7) {
		unsigned char byte = (unsigned char)self->bytes.data[self->at++];
		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return number;
	}
	self->is_damaged = true;
	return 0;
}

static int64_t get_difference(struct link_reader *self)
{
	uint64_t number = get_number(self);
	uint64_t difference = number & 1 ? ~(number >> 1) : number >> 1;
	return (int64_t)difference;
}

static struct slice get_bytes(struct link_reader *self, uint64_t len)
{
	self->is_damaged |= len > self->bytes.len - self->at;
	if (self->is_damaged)
		return (struct slice){NULL, 0};
	struct slice bytes = {self->bytes.data + self->at, (size_t)len};
	self->at += bytes.len;
	return bytes;
}

static struct slice get_text(struct link_reader *self)
{
	uint64_t len = get_number(self);
	return len > 0 ? get_bytes(self, len - 1) : (struct slice){NULL, 0};
}

static void get_url(struct link_reader *self)
{
	uint64_t shared = get_number(self);
	struct slice rest = get_bytes(self, get_number(self));
	if (shared > self->url.len)
		self->is_damaged = true;
	if (self->is_damaged)
		return;
	self->url.len = (size_t)shared;
	buf_append(&self->url, rest.data, rest.len);
	self->last.url = (struct slice){self->url.data, self->url.len};
}

static void get_raw_suffix(struct link_reader *self)
{
	uint64_t len = get_number(self);
	self->is_damaged |= len > self->url.len;
	if (!self->is_damaged)
		self->last.raw = (struct slice){self->url.data + self->url.len - len, (size_t)len};
}

static void get_record(struct link_reader *self)
{
	struct slice byte = get_bytes(self, 1);
	if (!byte.data)
		return;
	unsigned flags = (unsigned char)*byte.data;
	struct link_record *last = &self->last;
	self->is_damaged = (flags & KIND_MASK) >= LINK_KINDS;
	last->kind = (enum link_kind)(flags & KIND_MASK);
	last->is_row = flags & IS_ROW;
	get_url(self);
	if (flags & IS_RAW_SUFFIX)
		get_raw_suffix(self);
	else
		last->raw = get_text(self);
	if (flags & HAS_WORDS) {
		last->tag = get_text(self);
		last->rel = get_text(self);
		last->attr = get_text(self);
	}
	if (flags & HAS_POSITION)
		self->position += (uint64_t)get_difference(self);
	if (flags & HAS_LINE) {
		self->line += (uint64_t)get_difference(self);
		last->column = (uint32_t)get_number(self);
	}
	last->position = flags & HAS_POSITION ? (int64_t)self->position : -1;
	last->line = flags & HAS_LINE ? (uint32_t)self->line : 0;
	if (!(flags & HAS_LINE))
		last->column = 0;
}

static bool decompress(struct link_reader *self, struct slice packed)
{
	unsigned long long len = ZSTD_getFrameContentSize(packed.data, packed.len);
	buf_clear(&self->content);
	if (len > CONTENT_MAX)
		return false; /* it is also large where the length is missing or cannot be read */
	char *to = buf_reserve(&self->content, (size_t)len);
	if (ZSTD_decompress(to, (size_t)len, packed.data, packed.len) != len)
		return false;
	self->content.len = (size_t)len;
	self->bytes = (struct slice){self->content.data, self->content.len};
	return true;
}

void link_reader_rewind(struct link_reader *self)
{
	buf_clear(&self->url);
	self->last = (struct link_record){.kind = LINK_RESOURCE};
	self->at = self->start;
	self->left = self->count;
	self->hash = self->position = self->line = 0;
}

void link_reader_clear(struct link_reader *self)
{
	buf_clear(&self->content);
	self->bytes = (struct slice){NULL, 0};
	self->start = 0;
	self->count = 0;
	self->is_damaged = false;
	link_reader_rewind(self);
}

bool link_reader_open(struct link_reader *self, struct slice packed, uint64_t page)
{
	link_reader_clear(self);
	self->is_damaged = !decompress(self, packed);
	struct slice version = get_bytes(self, 1);
	if (self->is_damaged || *version.data != FORMAT_VERSION || get_number(self) != page)
		self->is_damaged = true;
	self->count = get_number(self);
	self->start = self->at;
	link_reader_rewind(self);
	return !self->is_damaged;
}

void link_reader_open_list(struct link_reader *self, const struct link_records *records)
{
	link_reader_clear(self);
	self->bytes = (struct slice){records->bytes.data, records->bytes.len};
	self->count = records->count;
	link_reader_rewind(self);
}

bool link_reader_next(struct link_reader *self, struct link_record *record)
{
	if (self->is_damaged)
		return false;
	if (self->left == 0) {
		self->is_damaged = self->at != self->bytes.len;
		return false;
	}
	self->left--;
	get_record(self);
	if (self->is_damaged)
		return false;
	*record = self->last;
	if (record->is_row)
		self->hash += hash_of_url(record->url);
	return true;
}
