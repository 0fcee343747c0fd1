#include "run/page_changes.h"

#include "base/clock.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static void add(struct link_records *records, const char *url, bool is_row)
{
	link_records_add(
	    records, &(struct link_record){.url = slice_of(url), .raw = slice_of("raw"), .is_row = is_row});
}

/* Adds URLs that spaces separate. Each has a row, unless '(' stands before it. */
static void add_all(struct link_records *records, const char *urls)
{
	char copy[256];
	snprintf(copy, sizeof copy, "%s", urls);
	link_records_init(records);
	for (char *url = strtok(copy, " "); url; url = strtok(NULL, " "))
		add(records, url + (*url == '('), *url != '(');
}

static void append_change(void *ctx, const struct link_record *record, char change)
{
	struct buf *out = ctx;
	buf_append_byte(out, change);
	buf_append(out, record->url.data, record->url.len);
	buf_append_byte(out, ' ');
}

static void open_packed(struct link_reader *reader, const struct link_records *records)
{
	struct link_packer packer;
	link_packer_init(&packer);
	const struct slice bytes = {records->bytes.data ? records->bytes.data : "", records->bytes.len};
	cr_assert(link_reader_open(reader, link_packer_pack(&packer, bytes, records->count, 5), 5));
	link_packer_release(&packer);
}

/* after is NULL for a page that is gone. until_us may be over: then each call makes some progress. */
static void expect_changes(const char *before, const char *after, const char *expected, int64_t until_us)
{
	struct link_records old, new;
	struct buf out;
	struct page_changes *changes = page_changes_new();
	add_all(&old, before);
	add_all(&new, after ? after : "");
	buf_init(&out, SIZE_MAX / 2);
	buf_append_text(&out, "");
	open_packed(&changes->before, &old);
	page_changes_set_after(changes, after ? &new : NULL);
	while (!page_changes_emit(changes, until_us, append_change, &out))
		continue;
	cr_expect_str_eq(out.data ? out.data : "", expected, "from \"%s\" to \"%s\"", before, after);
	page_changes_free(changes);
	link_records_release(&old);
	link_records_release(&new);
	buf_release(&out);
}

Test(page_changes, are_the_links_that_only_one_answer_has)
{
	static const struct {
		const char *before, *after, *expected;
	} cases[] = {
	    {"", "", ""},
	    {"", "http://a/ http://b/", "+http://a/ +http://b/ "},
	    {"http://a/ http://b/", "", "-http://a/ -http://b/ "},
	    {"http://a/ http://b/", NULL, "-http://a/ -http://b/ "},
	    {"http://a/ http://b/", "http://b/ http://a/", ""},
	    {"http://a/ http://b/ http://c/", "http://d/ http://b/ http://a",
	        "-http://a/ -http://c/ +http://d/ +http://a "},
	    /* Links that have no row do not count. */
	    {"(http://a/ http://b/", "http://b/ (http://c/", ""},
	    {"(http://a/ http://b/", "http://b/ http://a/", "+http://a/ "},
	    {"http://a/", "(http://a/", "-http://a/ "},
	    {"(http://a/", NULL, ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		expect_changes(cases[i].before, cases[i].after, cases[i].expected, CLOCK_NEVER);
		expect_changes(cases[i].before, cases[i].after, cases[i].expected, 0);
	}
}

static void count_change(void *ctx, const struct link_record *record, char change)
{
	size_t *counts = ctx;
	(void)record;
	counts[change == '+']++;
}

/* A page with many links is compared in many short steps. */
Test(page_changes, come_in_steps)
{
	enum { LINKS = 20000, PER_STEP_MAX = 64 };
	struct link_records old, new;
	struct page_changes *changes = page_changes_new();
	size_t counts[2] = {0}, steps = 1;
	link_records_init(&old);
	link_records_init(&new);
	for (int i = 0; i < LINKS; i++) {
		char url[64];
		snprintf(url, sizeof url, "http://example.com/%d", i);
		add(&old, url, true);
		snprintf(url, sizeof url, "http://example.com/%d", i + LINKS / 2);
		add(&new, url, true);
	}
	open_packed(&changes->before, &old);
	page_changes_set_after(changes, &new);
	for (size_t seen = 0; !page_changes_emit(changes, 0, count_change, counts); steps++) {
		cr_assert_leq(counts[0] + counts[1] - seen, PER_STEP_MAX);
		seen = counts[0] + counts[1];
	}
	cr_expect_eq(counts[0], LINKS / 2);
	cr_expect_eq(counts[1], LINKS / 2);
	cr_expect_geq(steps, 3 * LINKS / PER_STEP_MAX);
	page_changes_free(changes);
	link_records_release(&old);
	link_records_release(&new);
}
