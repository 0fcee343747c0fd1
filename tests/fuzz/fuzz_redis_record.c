/* What Redis has of URLs: the first byte of the input chooses between a pending one ('r') and an answer.
 * Bytes that are one are read as it was packed. */
#include "store/redis_answer.h"
#include "store/redis_record.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void expect_same(const struct buf *packed, struct slice bytes)
{
	if (!slice_equal((struct slice){packed->data, packed->len}, bytes))
		abort();
}

/* Only bytes that were packed can be the same again: a number may have needless bytes. */
static void read_record(struct slice bytes)
{
	struct redis_record record, again;
	struct buf texts, packed, texts_again;
	buf_init(&texts, SIZE_MAX / 2);
	buf_init(&packed, SIZE_MAX / 2);
	buf_init(&texts_again, SIZE_MAX / 2);
	if (redis_record_unpack(&record, bytes, &texts)) {
		redis_record_pack(&packed, &record);
		if (!redis_record_unpack(&again, (struct slice){packed.data, packed.len}, &texts_again) ||
		    strcmp(record.text, again.text) != 0 || record.depth != again.depth)
			abort();
		struct buf twice;
		buf_init(&twice, SIZE_MAX / 2);
		redis_record_pack(&twice, &again);
		expect_same(&twice, (struct slice){packed.data, packed.len});
		buf_release(&twice);
	}
	buf_release(&texts);
	buf_release(&packed);
	buf_release(&texts_again);
}

static void read_answer(struct slice bytes)
{
	struct redis_answer answer, again;
	struct buf texts, packed, texts_again;
	buf_init(&texts, SIZE_MAX / 2);
	buf_init(&packed, SIZE_MAX / 2);
	buf_init(&texts_again, SIZE_MAX / 2);
	if (redis_answer_unpack(&answer, bytes, &texts)) {
		size_t head = strlen("00000000000000100");
		buf_append(&packed, bytes.data, head);
		redis_answer_pack(&packed, &answer);
		if (!redis_answer_unpack(&again, (struct slice){packed.data, packed.len}, &texts_again) ||
		    strcmp(answer.page.listed, again.page.listed) != 0 || answer.page.run != again.page.run)
			abort();
		struct buf twice;
		buf_init(&twice, SIZE_MAX / 2);
		buf_append(&twice, bytes.data, head);
		redis_answer_pack(&twice, &again);
		expect_same(&twice, (struct slice){packed.data, packed.len});
		buf_release(&twice);
	}
	buf_release(&texts);
	buf_release(&packed);
	buf_release(&texts_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct slice bytes = {(const char *)data + 1, size - 1};
	if (*data == 'r')
		read_record(bytes);
	else
		read_answer(bytes);
	return 0;
}
