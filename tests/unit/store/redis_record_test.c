#include "store/redis_record.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct redis_record records[] = {
    {.id = "12345678", .text = "http://a/"},
    {.id = {0, 1, 2, 3, -1, '\r', '\n', 0}, .text = "http://a/b", .via = "http://a/c", .depth = 300},
    {.text = "http://a/b", .via = "http://a/b", .purpose = STORE_LOOK, .sitemap_level = 3},
    {.text = "http://a/b", .via = "http://a/b/longer", .is_guess = true, .purpose = STORE_ANCHORS},
    {.text = "http://a/b", .via = "x", .target = "https://target/", .hops = 200, .depth = UINT32_MAX},
    {.text = "http://a/b", .target = ""},
};

static void expect_text(const char *text, const char *expected, size_t i)
{
	cr_expect(text && expected ? strcmp(text, expected) == 0 : text == expected, "%zu: %s", i, text);
}

Test(redis_record, comes_back_as_it_was)
{
	struct buf packed, texts;
	buf_init(&packed, 1000);
	buf_init(&texts, 1000);
	for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
		const struct redis_record *record = &records[i];
		struct redis_record read;
		buf_clear(&packed);
		redis_record_pack(&packed, record);
		cr_assert(
		    redis_record_unpack(&read, (struct slice){packed.data, packed.len}, &texts), "%zu", i);
		cr_expect_eq(memcmp(read.id, record->id, REDIS_ID_SIZE), 0);
		expect_text(read.text, record->text, i);
		expect_text(read.via, record->via, i);
		expect_text(read.target, record->target, i);
		cr_expect(read.depth == record->depth && read.purpose == record->purpose &&
		          read.sitemap_level == record->sitemap_level && read.is_guess == record->is_guess &&
		          read.hops == record->hops);
	}
	buf_release(&packed);
	buf_release(&texts);
}

/* What somebody else has written under the keys must not crash areq. */
Test(redis_record, refuses_other_bytes)
{
	struct buf packed, texts;
	struct redis_record read;
	buf_init(&packed, 1000);
	buf_init(&texts, 1000);
	for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
		buf_clear(&packed);
		redis_record_pack(&packed, &records[i]);
		for (size_t len = 0; len < packed.len; len++)
			cr_expect_not(redis_record_unpack(&read, (struct slice){packed.data, len}, &texts),
			    "%zu %zu", i, len);
		for (size_t at = REDIS_ID_SIZE; at < packed.len; at++) {
			char was = packed.data[at];
			for (int byte = 0; byte < 256; byte++) {
				packed.data[at] = (char)byte;
				redis_record_unpack(&read, (struct slice){packed.data, packed.len}, &texts);
			}
			packed.data[at] = was;
		}
		buf_append_byte(&packed, 'x');
		cr_expect_not(redis_record_unpack(&read, (struct slice){packed.data, packed.len}, &texts));
	}
	buf_release(&packed);
	buf_release(&texts);
}

Test(redis_record, has_an_id_that_depends_on_the_crawl)
{
	char a[REDIS_ID_SIZE], b[REDIS_ID_SIZE];
	redis_record_id(a, slice_of("http://a/"), 1);
	redis_record_id(b, slice_of("http://a/"), 1);
	cr_expect_eq(memcmp(a, b, sizeof a), 0);
	redis_record_id(b, slice_of("http://a/"), 2);
	cr_expect_neq(memcmp(a, b, sizeof a), 0);
	redis_record_id(b, slice_of("http://b/"), 1);
	cr_expect_neq(memcmp(a, b, sizeof a), 0);
}
