#include "base/buf.h"
#include "base/heap.h"
#include "base/http.h"
#include "base/seen.h"
#include "base/status.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(buf, appends_and_ends_with_a_nul)
{
	struct buf buf;
	buf_init(&buf, 100);
	cr_assert(buf_append_text(&buf, "abc"));
	cr_assert(buf_append_byte(&buf, 'd'));
	cr_assert_eq(buf.len, 4);
	cr_assert_str_eq(buf.data, "abcd");
	buf_release(&buf);
}

Test(buf, refuses_what_passes_its_cap_and_keeps_what_it_has)
{
	struct buf buf;
	buf_init(&buf, 5);
	cr_assert(buf_append_text(&buf, "abcde"));
	cr_assert_not(buf_append_byte(&buf, 'f'));
	cr_assert_null(buf_reserve(&buf, 1));
	cr_assert_str_eq(buf.data, "abcde");
	buf_release(&buf);
}

Test(buf, limits_do_not_wrap)
{
	cr_expect_eq(buf_limit(0, 3), 0);
	cr_expect_eq(buf_limit(100, 3), 300);
	cr_expect_eq(buf_limit(SIZE_MAX / 2, 8), SIZE_MAX / 2);
	cr_expect_eq(buf_limit(UINT64_MAX, 3), SIZE_MAX / 2);
	/* What --max-size allows at most. */
	cr_expect_eq(
	    buf_limit(UINT64_C(1) << 31, 3), sizeof(size_t) > 4 ? (size_t)(UINT64_C(3) << 31) : SIZE_MAX / 2);
}

Test(buf, consumes_from_the_front)
{
	struct buf buf;
	buf_init(&buf, 100);
	buf_append_text(&buf, "abcdef");
	buf_consume(&buf, 4);
	cr_assert_eq(buf.len, 2);
	cr_assert_str_eq(buf.data, "ef");
	buf_consume(&buf, 2);
	cr_assert_eq(buf.len, 0);
	buf_release(&buf);
}

/* Also while a large table grows, of which a part is in two tables. */
Test(seen, lowers_the_number_of_a_string)
{
	enum { STRINGS = 200000 };
	struct seen seen;
	char text[32];
	seen_init(&seen);
	for (int i = 0; i < STRINGS; i++) {
		int len = snprintf(text, sizeof text, "%d", i);
		cr_assert_eq(seen_lower(&seen, text, (size_t)len, 50), SEEN_ADDED);
		cr_assert_eq(seen_lower(&seen, text, (size_t)len, 50), SEEN_KEPT);
		len = snprintf(text, sizeof text, "%d", i / 2);
		enum seen_change change = seen_lower(&seen, text, (size_t)len, (unsigned)(i / 2 % 50));
		cr_assert_eq(change, i % 2 ? SEEN_KEPT : SEEN_LOWERED);
		cr_assert_eq(seen_number(&seen, text, (size_t)len), i / 2 % 50);
	}
	for (int i = 0; i < STRINGS; i++) {
		int len = snprintf(text, sizeof text, "%d", i);
		cr_assert_eq(seen_number(&seen, text, (size_t)len), i < STRINGS / 2 ? i % 50 : 50, "%d", i);
	}
	cr_expect_eq(seen_number(&seen, "x", 1), -1);
	cr_expect_eq(seen.count, STRINGS);
	seen_release(&seen);
}

Test(seen, knows_what_was_there)
{
	struct seen seen;
	char text[32];
	seen_init(&seen);
	for (int i = 0; i < 300000; i++) {
		int len = snprintf(text, sizeof text, "string %d", i);
		cr_assert(seen_add(&seen, text, (size_t)len), "%d is new", i);
	}
	for (int i = 0; i < 300000; i++) {
		int len = snprintf(text, sizeof text, "string %d", i);
		cr_assert_not(seen_add(&seen, text, (size_t)len), "%d was there", i);
	}
	cr_assert_eq(seen.count, 300000);
	seen_clear(&seen);
	cr_assert(seen_add(&seen, "string 7", 8), "forgotten after a clear");
	cr_assert(seen_add(&seen, "", 0), "the empty string is a string");
	cr_assert_not(seen_add(&seen, "", 0));
	seen_release(&seen);
}

/* Also while a large table grows, when a string may be in either of two tables. */
Test(seen, answers_without_adding)
{
	struct seen seen;
	char text[32];
	seen_init(&seen);
	cr_assert_not(seen_has(&seen, "", 0), "an empty set");
	for (int i = 0; i < 300000; i++) {
		int len = snprintf(text, sizeof text, "string %d", i);
		cr_assert_not(seen_has(&seen, text, (size_t)len), "%d is new", i);
		seen_add(&seen, text, (size_t)len);
		cr_assert(seen_has(&seen, text, (size_t)len), "%d was added", i);
		len = snprintf(text, sizeof text, "string %d", i / 2);
		cr_assert(seen_has(&seen, text, (size_t)len), "%d was added before", i / 2);
	}
	cr_assert_eq(seen.count, 300000);
	seen_clear(&seen);
	cr_assert_not(seen_has(&seen, "string 7", 8), "forgotten after a clear");
	seen_release(&seen);
}

Test(seen, gives_memory_back_after_a_huge_page)
{
	struct seen seen;
	char text[32];
	seen_init(&seen);
	for (int i = 0; i < 100000; i++)
		seen_add(&seen, text, (size_t)snprintf(text, sizeof text, "%d", i));
	seen_clear(&seen);
	seen_add(&seen, "a", 1);
	seen_clear(&seen);
	cr_assert_leq(seen.room, 64);
	seen_release(&seen);
}

struct number {
	struct heap_node node;
	unsigned value;
};

Test(heap, gives_the_smallest_first_and_lets_any_leave)
{
	enum { COUNT = 1000 };
	static struct number numbers[COUNT];
	struct heap heap = {0};
	unsigned dice = 12345;
	for (int i = 0; i < COUNT; i++) {
		dice = dice * 1103515245u + 12345u;
		numbers[i].value = dice >> 8;
		heap_add(&heap, &numbers[i].node, numbers[i].value, &numbers[i]);
	}
	for (int i = 0; i < COUNT; i += 3)
		heap_remove(&numbers[i].node);
	size_t left = heap.count;
	cr_assert_eq(left, COUNT - (COUNT + 2) / 3);
	unsigned last = 0;
	for (struct heap_node *node; (node = heap_first(&heap)); left--) {
		const struct number *number = node->item;
		cr_assert_geq(number->value, last);
		cr_assert_neq((number - numbers) % 3, 0, "a removed one came back");
		last = number->value;
		heap_remove(node);
		cr_assert_not(heap_holds(node));
	}
	cr_assert_eq(left, 0);
	heap_release(&heap);
}

Test(status, maps_to_the_documented_exit_codes)
{
	static const struct {
		enum status status;
		int code;
	} cases[] = {{STATUS_OK, 0}, {STATUS_URLS_FAILED, 1}, {STATUS_USAGE, 2}, {STATUS_INPUT, 2},
	    {STATUS_EMPTY, 2}, {STATUS_OUTPUT, 3}, {STATUS_LIBRARY, 3}, {STATUS_MEMORY, 3}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(status_exit_code(cases[i].status), cases[i].code, "case %zu", i);
}

Test(http, knows_redirects_and_what_may_pass)
{
	for (long status = 100; status < 600; status++) {
		bool redirect =
		    status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
		bool transient =
		    status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
		cr_expect_eq(http_is_redirect(status), redirect, "%ld", status);
		cr_expect_eq(http_is_transient(status), transient, "%ld", status);
	}
	cr_expect_str_eq(http_status_text(404), "Not Found");
	cr_expect_str_eq(http_status_text(799), "");
}
