#include "store/link_records.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

static struct slice text(const char *bytes)
{
	return bytes ? slice_of(bytes) : (struct slice){NULL, 0};
}

static void expect_text(struct slice actual, struct slice expected, const char *what, size_t at)
{
	cr_expect_eq(!actual.data, !expected.data, "%s of record %zu", what, at);
	cr_expect(slice_equal(actual, expected), "%s of record %zu: \"%.*s\"", what, at, (int)actual.len,
	    actual.data ? actual.data : "");
}

static void expect_same(const struct link_record *actual, const struct link_record *expected, size_t at)
{
	expect_text(actual->url, expected->url, "url", at);
	expect_text(actual->raw, expected->raw, "raw", at);
	expect_text(actual->tag, expected->tag, "tag", at);
	expect_text(actual->rel, expected->rel, "rel", at);
	expect_text(actual->attr, expected->attr, "attr", at);
	cr_expect_eq(actual->kind, expected->kind);
	cr_expect_eq(actual->is_row, expected->is_row);
	cr_expect_eq(actual->position, expected->position, "position of record %zu", at);
	cr_expect_eq(actual->line, expected->line);
	cr_expect_eq(actual->column, expected->column);
}

static void pack(
    const struct link_record *list, size_t count, uint64_t page, struct buf *packed, uint64_t *hash)
{
	struct link_records records;
	struct link_packer packer;
	link_packer_init(&packer);
	link_records_init(&records);
	for (size_t i = 0; i < count; i++)
		link_records_add(&records, &list[i]);
	cr_assert_eq(records.count, count);
	buf_init(packed, SIZE_MAX / 2);
	struct slice bytes = link_packer_pack(
	    &packer, (struct slice){records.bytes.data, records.bytes.len}, records.count, page);
	buf_append(packed, bytes.data, bytes.len);
	*hash = records.hash;
	link_records_release(&records);
	link_packer_release(&packer);
}

static void expect_round_trip(const struct link_record *list, size_t count)
{
	struct buf packed;
	struct link_reader reader;
	struct link_record record;
	uint64_t hash;
	pack(list, count, 7, &packed, &hash);
	link_reader_init(&reader);
	cr_assert(link_reader_open(&reader, (struct slice){packed.data, packed.len}, 7));
	buf_release(&packed);
	for (int round = 0; round < 2; round++) {
		for (size_t i = 0; i < count; i++) {
			cr_assert(link_reader_next(&reader, &record), "record %zu", i);
			expect_same(&record, &list[i], i);
		}
		cr_expect_not(link_reader_next(&reader, &record));
		cr_expect_not(reader.is_damaged);
		cr_expect_eq(reader.hash, hash);
		cr_expect_eq(reader.count, count);
		link_reader_rewind(&reader);
	}
	link_reader_clear(&reader);
	cr_expect_not(link_reader_next(&reader, &record));
	cr_expect_not(reader.is_damaged);
	link_reader_release(&reader);
}

Test(link_records, come_back_as_they_were)
{
	const struct link_record list[] = {
	    {.url = text("http://a/b/c"),
	        .raw = text("c"),
	        .tag = text("a"),
	        .attr = text("href"),
	        .is_row = true,
	        .kind = LINK_PAGE,
	        .position = 0,
	        .line = 1,
	        .column = 1},
	    {.url = text("http://a/b/c"),
	        .raw = text("http://a/b/c"),
	        .tag = text("a"),
	        .attr = text("href"),
	        .is_row = true,
	        .kind = LINK_NOFOLLOW,
	        .position = 1000,
	        .line = 40,
	        .column = 300},
	    /* Backwards, as with a <base> that comes late. */
	    {.url = text("http://a/"),
	        .raw = text(""),
	        .tag = text("a"),
	        .rel = text(""),
	        .position = 3,
	        .line = 2,
	        .column = UINT32_MAX,
	        .kind = LINK_SITEMAP},
	    {.url = text("https://other/"),
	        .raw = text("&amp;\xff not the end"),
	        .tag = text("link"),
	        .rel = text("next nofollow"),
	        .position = INT64_MAX,
	        .line = UINT32_MAX},
	    {.url = text("https://other/x"), .position = -1},
	    {.url = text("https://other/x"),
	        .raw = text("longer than https://other/x"),
	        .position = -1,
	        .line = 5},
	    {.url = text("x"), .position = 0},
	    {.url = text(""), .raw = text(""), .position = -1, .is_row = true},
	};
	expect_round_trip(list, sizeof list / sizeof *list);
	expect_round_trip(list, 1);
	expect_round_trip(list, 0);
}

Test(link_records, of_a_large_page_come_back)
{
	enum { COUNT = 20000 };
	struct link_record *list = calloc(COUNT, sizeof *list);
	char(*urls)[300] = calloc(COUNT, sizeof *urls);
	cr_assert(list && urls);
	srand(1);
	for (size_t i = 0; i < COUNT; i++) {
		int len = snprintf(urls[i], sizeof urls[i], "https://example.com/%d/%0*d", rand() % 10,
		    1 + rand() % 200, rand());
		list[i] = (struct link_record){.url = text(urls[i]),
		    .raw = {urls[i] + rand() % len, 5},
		    .tag = text(rand() % 9 ? "a" : "img"),
		    .position = rand() % 3 ? rand() : -1,
		    .is_row = rand() % 2};
	}
	expect_round_trip(list, COUNT);
	free(list);
	free(urls);
}

Test(link_records, hash_is_of_rows_in_any_order)
{
	const struct link_record a = {.url = text("http://a/"), .is_row = true, .position = 1};
	const struct link_record b = {.url = text("http://b/"), .is_row = true, .position = 2};
	const struct link_record c = {.url = text("http://c/"), .position = 3};
	uint64_t one, other, more, twice;
	struct buf packed[4];
	pack((struct link_record[]){a, b}, 2, 1, &packed[0], &one);
	pack((struct link_record[]){b, c, a}, 3, 1, &packed[1], &other);
	pack((struct link_record[]){a}, 1, 1, &packed[2], &more);
	pack((struct link_record[]){a, a, b}, 3, 1, &packed[3], &twice);
	cr_expect_eq(one, other);
	cr_expect_neq(one, more);
	cr_expect_neq(one, twice);
	for (int i = 0; i < 4; i++)
		buf_release(&packed[i]);
}

/* Zstandard's checksum finds all of it; those who make a frame of their own are refused or read, and never
 * read beyond it. */
Test(link_records, that_are_damaged_are_refused)
{
	const struct link_record list[] = {
	    {.url = text("http://a/b/c"), .raw = text("c"), .tag = text("a"), .position = 5, .is_row = true},
	    {.url = text("http://a/b/d"), .raw = text("d"), .tag = text("a"), .position = 50, .is_row = true},
	};
	struct buf packed;
	struct link_reader reader;
	struct link_record record;
	uint64_t hash;
	pack(list, 2, 7, &packed, &hash);
	link_reader_init(&reader);
	cr_expect_not(link_reader_open(&reader, (struct slice){"x", 1}, 7), "nothing was read before");
	cr_expect_not(link_reader_open(&reader, (struct slice){packed.data, packed.len}, 8), "another page");
	for (size_t len = 0; len < packed.len; len++)
		cr_expect_not(link_reader_open(&reader, (struct slice){packed.data, len}, 7), "%zu", len);
	for (size_t at = 0; at < packed.len * 8; at++) {
		packed.data[at / 8] ^= (char)(1 << at % 8);
		bool is_open = link_reader_open(&reader, (struct slice){packed.data, packed.len}, 7);
		while (is_open && link_reader_next(&reader, &record))
			continue;
		cr_expect(!is_open || reader.is_damaged || reader.hash == hash, "bit %zu", at);
		packed.data[at / 8] ^= (char)(1 << at % 8);
	}
	buf_release(&packed);
	link_reader_release(&reader);
}

/* What is no record, in a whole frame. */
Test(link_records, that_make_no_sense_are_refused)
{
	static const struct {
		const char *bytes;
		size_t len;
		uint64_t count;
	} cases[] = {
	    {"", 0, 1},                      /* a record is missing */
	    {"\x00\x00\x01x\x00more", 9, 1}, /* one too many */
	    {"\x07\x00\x01x\x00", 5, 1},     /* a kind that does not exist */
	    {"\x00\x01\x01x\x00", 5, 1},     /* shares what is not there */
	    {"\x00\x00\x05x\x00", 5, 1},     /* a URL that is longer than all */
	    {"\x10\x00\x01x\x02", 5, 1},     /* a suffix that is longer than the URL */
	    {"\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 12, 1},     /* a huge length */
	    {"\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 13, 1}, /* a number without end */
	    {"\x20\x00\x01x\x00\x09", 6, 1},                                 /* a word is cut off */
	    {"\x40\x00\x01x\x00", 5, 1},                                     /* no position */
	    {"\x80\x00\x01x\x00\x02", 6, 1},                                 /* no column */
	    {"\x00\x00\x01x\x00", 5, UINT64_MAX},
	};
	struct link_packer packer;
	struct link_reader reader;
	link_packer_init(&packer);
	link_reader_init(&reader);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct link_record record;
		struct slice packed = link_packer_pack(
		    &packer, (struct slice){cases[i].bytes, cases[i].len}, cases[i].count, 1);
		cr_assert(link_reader_open(&reader, packed, 1));
		while (link_reader_next(&reader, &record))
			continue;
		cr_expect(reader.is_damaged, "case %zu", i);
	}
	link_reader_release(&reader);
	link_packer_release(&packer);
}

/* However small the steps are, no step does more, and the links are the same. */
Test(link_records, are_packed_in_steps)
{
	enum { LINKS = 20000 };
	static const size_t steps[] = {1000, 70000, 200000, SIZE_MAX};
	struct link_records records;
	struct link_packer packer;
	struct link_reader reader;
	link_packer_init(&packer);
	link_records_init(&records);
	link_reader_init(&reader);
	for (unsigned i = 0; i < LINKS; i++) {
		char url[60];
		snprintf(url, sizeof url, "http://%u.test/%u", i * 2654435761u, i);
		link_records_add(
		    &records, &(struct link_record){
		                  .url = slice_of(url), .kind = LINK_PAGE, .is_row = true, .position = i});
	}
	const struct slice bytes = {records.bytes.data, records.bytes.len};
	cr_assert_gt(bytes.len, 400000);
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		struct link_record record;
		size_t count = 1;
		link_packer_begin(&packer, bytes, records.count, 9);
		while (!link_packer_step(&packer, steps[i]))
			count++;
		cr_expect_geq(count, bytes.len / steps[i], "steps of %zu bytes: %zu", steps[i], count);
		cr_assert(link_reader_open(&reader, link_packer_packed(&packer), 9));
		while (link_reader_next(&reader, &record))
			continue;
		cr_expect_not(reader.is_damaged);
		cr_expect_eq(reader.count, LINKS);
		cr_expect_eq(reader.hash, records.hash);
	}
	link_reader_release(&reader);
	link_records_release(&records);
	link_packer_release(&packer);
}
