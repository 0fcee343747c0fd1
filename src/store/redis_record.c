#include "store/redis_record.h"

#include "store/packed.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
	PURPOSE_MASK = 3,
	LEVEL_SHIFT = 2,
	LEVEL_MASK = 3,
	IS_GUESS = 16,
	WAS_FOUND = 32,
	HAS_TARGET = 64,
	IS_GONE = 128
};

void redis_record_id(char id[REDIS_ID_SIZE], struct slice identity, uint64_t seed)
{
	uint64_t bits = XXH3_64bits_withSeed(identity.data, identity.len, seed);
	/* In the same order on all machines. */
	for (int i = 0; i < REDIS_ID_SIZE; i++)
		id[i] = (char)(bits >> 8 * i);
}

void redis_record_pack(struct buf *to, const struct redis_record *record)
{
	unsigned level = record->sitemap_level & LEVEL_MASK;
	unsigned flags = (unsigned)record->purpose | level << LEVEL_SHIFT |
	                 (record->is_guess ? IS_GUESS : 0) | (record->via ? WAS_FOUND : 0) |
	                 (record->target ? HAS_TARGET : 0) | (record->is_gone ? IS_GONE : 0);
	buf_append(to, record->id, REDIS_ID_SIZE);
	buf_append_byte(to, (char)flags);
	packed_put_number(to, record->depth);
	packed_put_text(to, record->text);
	if (record->via) {
		size_t shared = 0;
		while (record->text[shared] && record->text[shared] == record->via[shared])
			shared++;
		packed_put_number(to, shared);
		packed_put_text(to, record->via + shared);
	}
	if (record->target) {
		packed_put_number(to, record->hops);
		packed_put_text(to, record->target);
	}
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
	record->is_gone = flags & IS_GONE;
	if (record->purpose > STORE_LOOK || !packed_take_number(&bytes, &number) || number > UINT32_MAX ||
	    !packed_take_text(&bytes, texts))
		return false;
	record->depth = (uint32_t)number;
	if (flags & WAS_FOUND) {
		via_at = texts->len;
		if (!packed_take_number(&bytes, &number) || number >= via_at)
			return false;
		if (!buf_reserve(texts, (size_t)number))
			return false;
		memcpy(texts->data + via_at, texts->data, (size_t)number);
		texts->len += (size_t)number;
		if (!packed_take_text(&bytes, texts))
			return false;
	}
	if (flags & HAS_TARGET) {
		target_at = texts->len;
		if (!packed_take_number(&bytes, &number) || number > UINT32_MAX ||
		    !packed_take_text(&bytes, texts))
			return false;
		record->hops = (uint32_t)number;
	}
	record->text = texts->data;
	record->via = via_at ? texts->data + via_at : NULL;
	record->target = target_at ? texts->data + target_at : NULL;
	return bytes.len == 0;
}
