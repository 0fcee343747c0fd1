#include "store/redis_record.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { PURPOSE_MASK = 3, LEVEL_SHIFT = 2, LEVEL_MASK = 3, IS_GUESS = 16, WAS_FOUND = 32, HAS_TARGET = 64 };

void redis_record_id(char id[REDIS_ID_SIZE], struct slice identity, uint64_t seed)
{
	uint64_t bits = XXH3_64bits_withSeed(identity.data, identity.len, seed);
	/* In the same order on all machines. */
	for (int i = 0; i < REDIS_ID_SIZE; i++)
		id[i] = (char)(bits >> 8 * i);
}

static void put_number(struct buf *to, uint64_t number)
{
	for (; number >= 128; number >>= 7)
		buf_append_byte(to, (char)(number | 128));
	buf_append_byte(to, (char)number);
}

static void put_text(struct buf *to, const char *text)
{
	size_t len = strlen(text);
	put_number(to, len);
	buf_append(to, text, len);
}

void redis_record_pack(struct buf *to, const struct redis_record *record)
{
	unsigned level = record->sitemap_level & LEVEL_MASK;
	unsigned flags = (unsigned)record->purpose | level << LEVEL_SHIFT |
	                 (record->is_guess ? IS_GUESS : 0) | (record->via ? WAS_FOUND : 0) |
	                 (record->target ? HAS_TARGET : 0);
	buf_append(to, record->id, REDIS_ID_SIZE);
	buf_append_byte(to, (char)flags);
	put_number(to, record->depth);
	put_text(to, record->text);
	if (record->via) {
		size_t shared = 0;
		while (record->text[shared] && record->text[shared] == record->via[shared])
			shared++;
		put_number(to, shared);
		put_text(to, record->via + shared);
	}
	if (record->target) {
		put_number(to, record->hops);
		put_text(to, record->target);
	}
}

static bool take_number(struct slice *bytes, uint64_t *number)
{
	*number = 0;
	for (unsigned shift = 0; bytes->len > 0 && shift < 63; shift += 7) {
		unsigned char byte = (unsigned char)*bytes->data;
		slice_skip(bytes, 1);
		*number |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return true;
	}
	return false;
}

/* Appends a text with a NUL. */
static bool take_text(struct slice *bytes, struct buf *texts)
{
	uint64_t len;
	if (!take_number(bytes, &len) || len > bytes->len || memchr(bytes->data, '\0', (size_t)len))
		return false;
	buf_append(texts, bytes->data, (size_t)len);
	buf_append_byte(texts, '\0');
	slice_skip(bytes, (size_t)len);
	return true;
}

bool redis_record_unpack(struct redis_record *record, struct slice bytes, struct buf *texts)
{
	uint64_t number;
	size_t via_at = 0, target_at = 0;
	buf_clear(texts);
	if (bytes.len < REDIS_ID_SIZE + 1)
		return false;
	*record = (struct redis_record){0};
	memcpy(record->id, bytes.data, REDIS_ID_SIZE);
	unsigned flags = (unsigned char)bytes.data[REDIS_ID_SIZE];
	slice_skip(&bytes, REDIS_ID_SIZE + 1);
	record->purpose = (enum store_purpose)(flags & PURPOSE_MASK);
	record->sitemap_level = flags >> LEVEL_SHIFT & LEVEL_MASK;
	record->is_guess = flags & IS_GUESS;
	if (record->purpose > STORE_LOOK || !take_number(&bytes, &number) || number > UINT32_MAX ||
	    !take_text(&bytes, texts))
		return false;
	record->depth = (uint32_t)number;
	if (flags & WAS_FOUND) {
		via_at = texts->len;
		if (!take_number(&bytes, &number) || number >= via_at)
			return false;
		if (!buf_reserve(texts, (size_t)number))
			return false;
		memcpy(texts->data + via_at, texts->data, (size_t)number);
		texts->len += (size_t)number;
		if (!take_text(&bytes, texts))
			return false;
	}
	if (flags & HAS_TARGET) {
		target_at = texts->len;
		if (!take_number(&bytes, &number) || number > UINT32_MAX || !take_text(&bytes, texts))
			return false;
		record->hops = (uint32_t)number;
	}
	record->text = texts->data;
	record->via = via_at ? texts->data + via_at : NULL;
	record->target = target_at ? texts->data + target_at : NULL;
	return bytes.len == 0;
}
