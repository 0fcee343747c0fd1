/* The links of a sitemap that are passed on before its end. */
#include "base/buf.h"
#include "link/pieces.h"
#include "support/whole_page.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* The store holds a few pieces in memory, so that bytes of the page move to the file while they are read. */
enum { ENTRIES = 4000, PARTS = 4, MEMORY = 20000 };

struct given {
	size_t next;  /* the number of the entry that is expected next */
	size_t count; /* links */
	size_t rows;
};

static void note_link(void *ctx, const struct link *link)
{
	struct given *given = ctx;
	char expected[100];
	snprintf(expected, sizeof expected, "http://o/%zu", given->next);
	given->count++;
	given->rows += link->is_row;
	if (strlen(expected) == link->url.len && memcmp(expected, link->url.data, link->url.len) == 0)
		given->next++;
}

/* Feeds the text in parts, and takes what has arrived with each, while the next one comes. */
static void expect_links(const struct buf *text, bool in_steps, size_t rows)
{
	struct options options = {.max_size = 8 << 20, .max_output = 1 << 30};
	struct page_tools tools = {.options = &options,
	    .shared = page_shared_new(MEMORY),
	    .patterns = extract_patterns_new(ATTRIBUTES_DEFAULT),
	    .crawls = true};
	struct page *page = page_new(&tools);
	struct given arrived = {0}, all = {0};
	size_t part = text->len / PARTS + 1;
	bool ready = false;
	page_begin(page, "text/plain");
	page_set_sitemap(
	    page, &(struct page_source){.url = "http://h/", .ready = whole_page_ready, .ctx = &ready});
	cr_assert(page_feed(page, text->data, part));
	for (size_t at = part; at < text->len; at += part) {
		whole_page_wait(tools.shared, &ready);
		size_t before = arrived.count;
		for (bool more = true; more;)
			more = page_emit_arrived(page, in_steps ? 0 : INT64_MAX, note_link, &arrived);
		cr_expect_gt(arrived.count, before);
		ready = false;
		for (size_t i = at; i < at + part && i < text->len; i += 100) {
			struct wait wait = {.wake_ms = CLOCK_NEVER};
			page_shared_perform(tools.shared, INT64_MAX, &wait);
			size_t end = at + part < text->len ? at + part : text->len;
			cr_assert(page_feed(page, text->data + i, end - i < 100 ? end - i : 100));
		}
	}
	/* None of those that have arrived is a row, or comes twice. */
	cr_expect_eq(arrived.next, arrived.count);
	cr_expect_eq(arrived.rows, 0);
	cr_expect_geq(arrived.count, ENTRIES / PARTS * (PARTS - 2));
	cr_expect_eq(
	    whole_page_emit_links(page, tools.shared, "http://h/", in_steps, note_link, &all), PAGE_DONE);
	cr_expect_eq(all.rows, rows);
	cr_expect_eq(all.next, ENTRIES);
	page_free(page);
	page_shared_free(tools.shared);
	extract_patterns_free(tools.patterns);
}

/* Relative URLs are resolved at the end, since an XHTML base may come; they are rows, too. */
Test(arrival, links_of_xml_come_in_order)
{
	struct buf text;
	char entry[100];
	buf_init(&text, SIZE_MAX / 4);
	buf_append_text(&text, "<?xml version='1.0'?><urlset>");
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(entry, sizeof entry,
		    "<url><loc> http://o/%d</loc></url><url><loc>/relative</loc></url>\n", i);
		buf_append_text(&text, entry);
	}
	buf_append_text(&text, "</urlset>");
	expect_links(&text, false, ENTRIES + 1);
	expect_links(&text, true, ENTRIES + 1);
	buf_release(&text);
}

Test(arrival, links_of_a_text_come_in_order)
{
	struct buf text;
	char entry[100];
	buf_init(&text, SIZE_MAX / 4);
	for (int i = 0; i < ENTRIES; i++) {
		snprintf(entry, sizeof entry, "http://o/%d\r\nno URL, which is ignored\n", i);
		buf_append_text(&text, entry);
	}
	expect_links(&text, false, ENTRIES);
	expect_links(&text, true, ENTRIES);
	buf_release(&text);
}

static void append_counted(struct pieces *pieces, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char byte = (char)(pieces->size % 251);
		pieces_append(pieces, &byte, 1);
	}
}

static void expect_counted(struct pieces_reader *reader, size_t from, size_t count)
{
	for (size_t i = from; i < from + count; i++) {
		struct slice byte = pieces_next_bytes(reader, 1);
		cr_assert(byte.len == 1 && *byte.data == (char)(i % 251), "byte %zu", i);
	}
}

/* The last piece moves to the file when the next one begins. */
Test(arrival, bytes_can_be_read_while_more_come)
{
	static const size_t ends[] = {
	    1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES, 20000};
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		struct piece_store *store = piece_store_new(0);
		struct pieces pieces;
		pieces_init(&pieces, store);
		append_counted(&pieces, ends[i]);
		struct pieces_reader reader = pieces_read_growing(&pieces);
		expect_counted(&reader, 0, ends[i] / 2 + ends[i] % 2);
		append_counted(&pieces, 3 * PIECE_BYTES);
		expect_counted(&reader, ends[i] / 2 + ends[i] % 2, ends[i] / 2);
		cr_expect_eq(pieces_next_bytes(&reader, 1).len, 0);
		pieces_reader_release(&reader);
		reader = pieces_read_from(&pieces, ends[i]);
		expect_counted(&reader, ends[i], 3 * PIECE_BYTES);
		cr_expect_eq(pieces_next_bytes(&reader, 1).len, 0);
		pieces_reader_release(&reader);
		reader = pieces_read_from(&pieces, pieces.size);
		cr_expect_eq(pieces_next_bytes(&reader, 1).len, 0);
		pieces_reader_release(&reader);
		pieces_release(&pieces);
		piece_store_free(store);
	}
}
