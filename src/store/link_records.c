#include "store/link_records.h"

#include "base/alloc.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { FORMAT_VERSION = 1 };

/* See docs/decisions/state-file.md for what other levels cost. */
enum { COMPRESSION_LEVEL = -3 };

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

/* Writing. A record is written into room that was reserved for the longest that it can be. */

enum { NUMBER_SIZE_MAX = 10 };

static char *put_number(char *to, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		*to++ = (char)(number | 0x80);
	*to++ = (char)number;
	return to;
}

static char *put_difference(char *to, int64_t from, int64_t at)
{
	uint64_t difference = (uint64_t)at - (uint64_t)from;
	return put_number(to, difference >> 63 ? ~(difference << 1) : difference << 1);
}

static char *put_bytes(char *to, const char *bytes, size_t len)
{
	if (len)
		memcpy(to, bytes, len);
	return to + len;
}

static char *put_text(char *to, struct slice text)
{
	to = put_number(to, text.data ? (uint64_t)text.len + 1 : 0);
	return text.data ? put_bytes(to, text.data, text.len) : to;
}

void link_records_init(struct link_records *self)
{
	*self = (struct link_records){.count = 0};
	buf_init(&self->bytes, SIZE_MAX / 2);
	buf_init(&self->url, SIZE_MAX / 2);
	for (size_t i = 0; i < LINK_RECORD_WORDS; i++)
		buf_init(&self->words[i].text, SIZE_MAX / 2);
}

void link_records_release(struct link_records *self)
{
	link_records_clear(self);
	buf_release(&self->bytes);
	buf_release(&self->url);
	for (size_t i = 0; i < LINK_RECORD_WORDS; i++)
		buf_release(&self->words[i].text);
}

void link_records_clear(struct link_records *self)
{
	buf_clear(&self->bytes);
	buf_clear(&self->url);
	for (size_t i = 0; i < LINK_RECORD_WORDS; i++) {
		buf_clear(&self->words[i].text);
		self->words[i].is_text = false;
	}
	self->count = self->hash = 0;
	self->position = self->line = 0;
}

/* How many bytes two texts have in common at their beginning. */
static size_t count_shared(const char *a, const char *b, size_t most)
{
	size_t shared = 0;
	while (shared + sizeof(uint64_t) <= most && memcmp(a + shared, b + shared, sizeof(uint64_t)) == 0)
		shared += sizeof(uint64_t);
	while (shared < most && a[shared] == b[shared])
		shared++;
	return shared;
}

static char *put_url(struct link_records *self, char *to, struct slice url)
{
	size_t most = url.len < self->url.len ? url.len : self->url.len;
	size_t shared = count_shared(url.data, self->url.data, most);
	self->url.len = shared;
	buf_append(&self->url, url.data + shared, url.len - shared);
	to = put_number(to, shared);
	to = put_number(to, url.len - shared);
	return put_bytes(to, url.data + shared, url.len - shared);
}

static bool is_suffix(struct slice text, struct slice suffix)
{
	return suffix.data && suffix.len <= text.len &&
	       memcmp(text.data + text.len - suffix.len, suffix.data, suffix.len) == 0;
}

/* Keeps a word of the record. Returns true if it differs from that of the record before. */
static bool replace_word(struct link_records_word *word, struct slice text)
{
	bool is_same =
	    word->text.data && text.data
	        ? word->is_text && slice_equal((struct slice){word->text.data, word->text.len}, text)
	        : word->is_text == (text.data != NULL);
	if (is_same)
		return false;
	buf_clear(&word->text);
	if (text.data)
		buf_append(&word->text, text.data, text.len);
	word->is_text = text.data != NULL;
	return true;
}

void link_records_add(struct link_records *self, const struct link_record *record)
{
	const struct slice words[LINK_RECORD_WORDS] = {record->tag, record->rel, record->attr};
	size_t room = 1 + 7 * NUMBER_SIZE_MAX + record->url.len + record->raw.len;
	unsigned flags = (unsigned)record->kind;
	flags |= record->is_row ? IS_ROW : 0;
	flags |= is_suffix(record->url, record->raw) ? IS_RAW_SUFFIX : 0;
	for (size_t i = 0; i < LINK_RECORD_WORDS; i++) {
		flags |= replace_word(&self->words[i], words[i]) ? HAS_WORDS : 0;
		room += NUMBER_SIZE_MAX + words[i].len;
	}
	flags |= record->position >= 0 ? HAS_POSITION : 0;
	flags |= record->line > 0 ? HAS_LINE : 0;
	char *to = buf_reserve(&self->bytes, room);
	*to++ = (char)flags;
	to = put_url(self, to, record->url);
	if (flags & IS_RAW_SUFFIX)
		to = put_number(to, record->raw.len);
	else
		to = put_text(to, record->raw);
	for (size_t i = 0; i < LINK_RECORD_WORDS && (flags & HAS_WORDS); i++)
		to = put_text(to, words[i]);
	if (flags & HAS_POSITION) {
		to = put_difference(to, self->position, record->position);
		self->position = record->position;
	}
	if (flags & HAS_LINE) {
		to = put_difference(to, self->line, record->line);
		to = put_number(to, record->column);
		self->line = record->line;
	}
	self->bytes.len = (size_t)(to - self->bytes.data);
	self->count++;
	if (record->is_row)
		self->hash += hash_of_url(record->url);
}

/* Packing. */

/* Buffers that became larger for one page are not kept for the others. */
enum { KEPT_BYTES = 1 << 20 };

void link_packer_init(struct link_packer *self)
{
	self->compressor = NULL;
	buf_init(&self->content, SIZE_MAX / 2);
	buf_init(&self->packed, SIZE_MAX / 2);
}

void link_packer_release(struct link_packer *self)
{
	ZSTD_freeCCtx(self->compressor);
	self->compressor = NULL;
	buf_release(&self->content);
	buf_release(&self->packed);
}

static void start_compressor(struct link_packer *self)
{
	self->compressor = ZSTD_createCCtx();
	if (!self->compressor)
		alloc_fail();
	ZSTD_CCtx_setParameter(self->compressor, ZSTD_c_compressionLevel, COMPRESSION_LEVEL);
	ZSTD_CCtx_setParameter(self->compressor, ZSTD_c_checksumFlag, 1);
}

static void empty(struct buf *buffer)
{
	if (buffer->room > KEPT_BYTES)
		buf_release(buffer);
	buf_clear(buffer);
}

void link_packer_begin(struct link_packer *self, struct slice bytes, uint64_t count, uint64_t page)
{
	if (!self->compressor)
		start_compressor(self);
	empty(&self->content);
	empty(&self->packed);
	self->at = 0;
	char *to = buf_reserve(&self->content, 1 + 2 * NUMBER_SIZE_MAX + bytes.len);
	*to++ = FORMAT_VERSION;
	to = put_number(to, page);
	to = put_number(to, count);
	to = put_bytes(to, bytes.data, bytes.len);
	self->content.len = (size_t)(to - self->content.data);
	buf_reserve(&self->packed, ZSTD_compressBound(self->content.len));
	ZSTD_CCtx_reset(self->compressor, ZSTD_reset_session_only);
	ZSTD_CCtx_setPledgedSrcSize(self->compressor, self->content.len);
}

bool link_packer_step(struct link_packer *self, size_t most)
{
	size_t left = self->content.len - self->at;
	bool is_last = left <= most;
	ZSTD_inBuffer in = {self->content.data, is_last ? self->content.len : self->at + most, self->at};
	ZSTD_outBuffer out = {self->packed.data, ZSTD_compressBound(self->content.len), self->packed.len};
	size_t problem =
	    ZSTD_compressStream2(self->compressor, &out, &in, is_last ? ZSTD_e_end : ZSTD_e_continue);
	/* With so much room, only memory can run out. */
	if (ZSTD_isError(problem))
		alloc_fail();
	self->at = in.pos;
	self->packed.len = out.pos;
	return is_last && problem == 0;
}

struct slice link_packer_packed(const struct link_packer *self)
{
	return (struct slice){self->packed.data, self->packed.len};
}

struct slice link_packer_pack(struct link_packer *self, struct slice bytes, uint64_t count, uint64_t page)
{
	link_packer_begin(self, bytes, count, page);
	while (!link_packer_step(self, SIZE_MAX))
		continue;
	return link_packer_packed(self);
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
