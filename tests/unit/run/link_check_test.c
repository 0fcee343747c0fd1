#include "run/link_check.h"

#include "base/clock.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rows that were reported, as "page url problem\n" in the order in which they came. */
struct rows {
	struct buf text;
};

static void on_checked(void *ctx, const struct outcome *page, const struct link *link)
{
	struct rows *rows = ctx;
	cr_assert_not_null(link->verdict);
	buf_append_text(&rows->text, page->source_url);
	buf_append_byte(&rows->text, ' ');
	buf_append(&rows->text, link->url.data, link->url.len);
	buf_append_byte(&rows->text, ' ');
	buf_append(&rows->text, link->verdict->problem.data, link->verdict->problem.len);
	buf_append_byte(&rows->text, '\n');
}

static struct rows rows;

static struct link_check *new_check(unsigned wanted, bool fragments)
{
	buf_release(&rows.text);
	buf_init(&rows.text, SIZE_MAX / 2);
	return link_check_new(wanted, fragments, on_checked, &rows);
}

/* Adds a link of a page that has only this one. */
static bool add(struct link_check *check, const char *page, const char *url)
{
	struct link_check_page place = {0};
	const struct outcome outcome = {.source_url = page, .final_url = page, .http_status = 200};
	const struct link link = {.url = slice_of(url), .is_row = true, .position = -1};
	return link_check_add(check, &place, &outcome, &link, (struct slice){url, strcspn(url, "#")});
}

static void settle(struct link_check *check, const char *target, struct target_verdict verdict)
{
	if (!verdict.final_url.data)
		verdict.final_url = slice_of(target);
	link_check_settle(check, slice_of(target), &verdict);
}

static const struct target_verdict
    alive = {.kind = CHECK_OTHER, .http_status = 200},
    blocked = {.kind = CHECK_BLOCKED, .cause = CAUSE_TURNED_AWAY, .http_status = 403},
    dead = {.kind = CHECK_DEAD, .outcome = OUTCOME_FAILED, .cause = CAUSE_HTTP_STATUS, .http_status = 404},
    silent = {.kind = CHECK_DEAD, .outcome = OUTCOME_FAILED, .cause = CAUSE_ANSWER_TIMEOUT},
    forbidden = {.kind = CHECK_OTHER, .outcome = OUTCOME_SKIPPED, .cause = CAUSE_ROBOTS};

static void redirect(struct link_check *check, const char *from, const char *to, const char *moved_to)
{
	link_check_redirect(
	    check, slice_of(from), slice_of(to), moved_to ? slice_of(moved_to) : (struct slice){0});
}

static void emit(struct link_check *check)
{
	while (link_check_emit(check, clock_now_us()))
		continue;
	cr_expect_not(link_check_has_failed(check));
}

static void expect_rows(struct link_check *check, const char *expected)
{
	emit(check);
	cr_expect_str_eq(rows.text.data ? rows.text.data : "", expected);
}

Test(link_check, reports_links_that_waited_and_links_that_come_later)
{
	struct link_check *check = new_check(CHECK_DEAD, false);
	cr_expect_not(add(check, "p1", "http://a/x"));
	cr_expect_not(add(check, "p2", "http://a/x#f"));
	cr_expect_not(add(check, "p1", "http://a/y"));
	expect_rows(check, "");
	settle(check, "http://a/x", dead);
	settle(check, "http://a/y", alive);
	cr_expect(add(check, "p3", "http://a/x#g"));
	cr_expect(add(check, "p3", "http://a/y"));
	expect_rows(check, "p3 http://a/x#g 404\np1 http://a/x 404\np2 http://a/x#f 404\n");
	const struct check_totals *totals = link_check_totals(check);
	cr_expect_eq(totals->links, 5);
	cr_expect_eq(totals->dead, 3);
	cr_expect_eq(totals->alive, 2);
	cr_expect_eq(totals->waiting, 0);
	link_check_free(check);
}

Test(link_check, names_the_problem)
{
	struct link_check *check = new_check(CHECK_ALL, false);
	static const struct {
		const char *target;
		const struct target_verdict *verdict;
	} targets[] = {{"http://a/1", &alive}, {"http://a/2", &blocked}, {"http://a/3", &dead},
	    {"http://a/4", &silent}, {"http://a/5", &forbidden}};
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		settle(check, targets[i].target, *targets[i].verdict);
		cr_expect(add(check, "p", targets[i].target));
	}
	struct target_verdict moved = alive;
	moved.moved_to = moved.final_url = slice_of("http://b/");
	settle(check, "http://a/6", moved);
	cr_expect(add(check, "p", "http://a/6"));
	expect_rows(check,
	    "p http://a/1 \np http://a/2 blocked\np http://a/3 404\np http://a/4 answer-timeout\n"
	    "p http://a/5 robots\np http://a/6 http://b/\n");
	const struct check_totals *totals = link_check_totals(check);
	cr_expect_eq(totals->alive, 2);
	cr_expect_eq(totals->moved, 1);
	cr_expect_eq(totals->blocked, 1);
	cr_expect_eq(totals->dead, 2);
	cr_expect_eq(totals->skipped, 1);
	link_check_free(check);
}

Test(link_check, passes_on_only_the_kinds_that_are_wanted)
{
	static const unsigned kinds[] = {CHECK_DEAD, CHECK_BLOCKED, CHECK_MOVED, CHECK_OTHER};
	static const char *const expected[] = {"p http://a/dead 404\n", "p http://a/blocked blocked\n",
	    "p http://a/moved http://a/alive\n", "p http://a/alive \n"};
	for (size_t i = 0; i < 4; i++) {
		struct link_check *check = new_check(kinds[i], false);
		struct target_verdict moved = alive;
		moved.moved_to = moved.final_url = slice_of("http://a/alive");
		add(check, "p", "http://a/dead");
		add(check, "p", "http://a/blocked");
		add(check, "p", "http://a/moved");
		add(check, "p", "http://a/alive");
		settle(check, "http://a/dead", dead);
		settle(check, "http://a/blocked", blocked);
		settle(check, "http://a/moved", moved);
		settle(check, "http://a/alive", alive);
		expect_rows(check, expected[i]);
		cr_expect_eq(link_check_totals(check)->waiting, 0);
		cr_expect_eq(link_check_totals(check)->alive, 2);
		cr_expect_eq(link_check_totals(check)->moved, 1);
		link_check_free(check);
	}
}

Test(link_check, follows_redirects_to_targets_that_are_known_later)
{
	struct link_check *check = new_check(CHECK_ALL, false);
	add(check, "p", "http://a/1");
	add(check, "p", "http://a/2#x");
	add(check, "p", "http://a/3");
	redirect(check, "http://a/1", "http://a/2", "");
	redirect(check, "http://a/2", "http://a/3", "");
	settle(check, "http://a/3", alive);
	expect_rows(check, "p http://a/3 \np http://a/2#x http://a/3#x\np http://a/1 http://a/3\n");
	cr_expect(add(check, "q", "http://a/1"));
	expect_rows(check, "p http://a/3 \np http://a/2#x http://a/3#x\np http://a/1 http://a/3\n"
	                   "q http://a/1 http://a/3\n");
	link_check_free(check);
}

Test(link_check, knows_where_a_chain_of_redirects_is_permanent)
{
	struct link_check *check = new_check(CHECK_ALL, false);
	settle(check, "http://a/end", alive);
	redirect(check, "http://a/temporary", "http://a/end", NULL);
	redirect(check, "http://a/permanent", "http://a/temporary", "");
	redirect(check, "http://a/both", "http://a/end", "http://a/middle");
	add(check, "p", "http://a/temporary");
	add(check, "p", "http://a/permanent");
	add(check, "p", "http://a/both");
	expect_rows(check, "p http://a/temporary \np http://a/permanent http://a/temporary\np http://a/both "
	                   "http://a/middle\n");
	link_check_free(check);
}

Test(link_check, has_no_verdict_moved_for_a_dead_end)
{
	struct link_check *check = new_check(CHECK_ALL, false);
	add(check, "p", "http://a/1");
	redirect(check, "http://a/1", "http://a/2", "");
	settle(check, "http://a/2", dead);
	expect_rows(check, "p http://a/1 404\n");
	link_check_free(check);
}

Test(link_check, ends_redirects_in_a_circle)
{
	static const size_t lengths[] = {1, 2, 3, 500};
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct link_check *check = new_check(CHECK_DEAD, false);
		size_t length = lengths[i];
		for (size_t at = 0; at < length; at++) {
			char from[32], to[32];
			snprintf(from, sizeof from, "http://a/%zu", at);
			snprintf(to, sizeof to, "http://a/%zu", (at + 1) % length);
			add(check, "p", from);
			redirect(check, from, to, NULL);
		}
		emit(check);
		cr_expect_eq(link_check_totals(check)->dead, length);
		cr_expect_eq(link_check_totals(check)->waiting, 0);
		cr_expect_not_null(strstr(rows.text.data, "p http://a/0 too-many-redirects\n"));
		link_check_free(check);
	}
}

Test(link_check, finds_fragments_that_have_no_anchor)
{
	static const struct {
		const char *fragment;
		bool is_dead;
	} cases[] = {{"#a", false}, {"#b", true}, {"#A", true}, {"#", false}, {"", false}, {"#top", false},
	    {"#TOP", false}, {"#t%6fp", false}, {"#a:~:text=x", false}, {"#:~:text=x", false},
	    {"#b:~:text=x", true}, {"#%C3%A9", false}, {"#e%20f", false}, {"#e%2", false}, {"#%zz", true},
	    {"#%61", false}, {"#g%2561", false}, {"#g%61", false}};
	static const char *const anchors[] = {"a", "\xc3\xa9", "e f", "e%2", "g%61"};
	/* The page is read before the links come, after them, or between being looked at and being read. */
	for (int order = 0; order < 3; order++) {
		struct link_check *check = new_check(CHECK_DEAD, true);
		struct target_verdict read = alive;
		uint64_t expected = 0;
		read.anchors = ANCHORS_KNOWN;
		for (size_t i = 0; i < sizeof anchors / sizeof *anchors; i++)
			link_check_add_anchor(check, slice_of("http://a/"), slice_of(anchors[i]));
		if (order == 0)
			settle(check, "http://a/", read);
		if (order == 2)
			settle(check, "http://a/", alive);
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			char url[64], page[16];
			snprintf(url, sizeof url, "http://a/%s", cases[i].fragment);
			snprintf(page, sizeof page, "p%zu", i);
			add(check, page, url);
			expected += cases[i].is_dead;
		}
		if (order != 0)
			settle(check, "http://a/", read);
		emit(check);
		for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
			char row[96];
			snprintf(row, sizeof row, "p%zu http://a/%s fragment\n", i, cases[i].fragment);
			cr_expect_eq(strstr(rows.text.data, row) != NULL, cases[i].is_dead, "%s, order %d",
			    cases[i].fragment, order);
		}
		cr_expect_eq(link_check_totals(check)->dead, expected);
		cr_expect_eq(link_check_totals(check)->fragments, expected);
		cr_expect_eq(link_check_totals(check)->waiting, 0);
		link_check_free(check);
	}
}

Test(link_check, keeps_what_it_knows_of_anchors_when_the_target_is_looked_at_later)
{
	struct link_check *check = new_check(CHECK_DEAD, true);
	struct target_verdict read = alive;
	read.anchors = ANCHORS_KNOWN;
	read.final_url = slice_of("http://a/end");
	link_check_add_anchor(check, slice_of("http://a/end"), slice_of("x"));
	settle(check, "http://a/", read);
	read.anchors = ANCHORS_UNKNOWN;
	settle(check, "http://a/", read);
	cr_expect(add(check, "p", "http://a/#x"));
	cr_expect(add(check, "p", "http://a/#y"));
	expect_rows(check, "p http://a/#y fragment\n");
	link_check_free(check);
}

Test(link_check, waits_for_anchors_where_a_redirect_leads_that_is_known_to_be_alive)
{
	struct link_check *check = new_check(CHECK_ALL, true);
	struct target_verdict read = alive;
	read.anchors = ANCHORS_KNOWN;
	settle(check, "http://a/new", alive);
	add(check, "p", "http://a/old#x");
	redirect(check, "http://a/old", "http://a/new", NULL);
	expect_rows(check, "");
	link_check_add_anchor(check, slice_of("http://a/new"), slice_of("x"));
	settle(check, "http://a/new", read);
	expect_rows(check, "p http://a/old#x \n");
	link_check_free(check);
}

Test(link_check, has_links_that_are_no_url_for_dead)
{
	struct link_check *check = new_check(CHECK_DEAD, false);
	const struct outcome outcome = {.source_url = "p", .final_url = "p"};
	const struct link link = {.url = slice_of("http://"), .position = -1};
	link_check_add_invalid(check, &outcome, &link);
	expect_rows(check, "p http:// not-a-url\n");
	cr_expect_eq(link_check_totals(check)->dead, 1);
	link_check_free(check);
}

Test(link_check, reports_a_dead_page_whatever_the_fragment)
{
	struct link_check *check = new_check(CHECK_DEAD, true);
	add(check, "p", "http://a/#x");
	add(check, "p", "http://a/");
	settle(check, "http://a/", dead);
	expect_rows(check, "p http://a/ 404\np http://a/#x 404\n");
	link_check_free(check);
}

Test(link_check, accepts_any_fragment_of_what_is_no_page)
{
	struct link_check *check = new_check(CHECK_DEAD, true);
	struct target_verdict image = alive;
	image.anchors = ANCHORS_NONE;
	add(check, "p", "http://a/#x");
	settle(check, "http://a/", image);
	add(check, "p", "http://a/#y");
	expect_rows(check, "");
	cr_expect_eq(link_check_totals(check)->alive, 2);
	link_check_free(check);
}

Test(link_check, checks_fragments_where_redirects_lead)
{
	struct link_check *check = new_check(CHECK_DEAD, true);
	struct target_verdict read = alive;
	read.anchors = ANCHORS_KNOWN;
	add(check, "p", "http://a/old#x");
	add(check, "p", "http://a/old#y");
	redirect(check, "http://a/old", "http://a/new", NULL);
	/* The page is looked at first, and then read. */
	settle(check, "http://a/new", alive);
	expect_rows(check, "");
	cr_expect_eq(link_check_totals(check)->waiting, 2);
	link_check_add_anchor(check, slice_of("http://a/new"), slice_of("x"));
	settle(check, "http://a/new", read);
	expect_rows(check, "p http://a/old#y fragment\n");
	cr_expect_eq(link_check_totals(check)->waiting, 0);
	link_check_free(check);
}

/* The page is looked at and then read before what has waited is passed on. */
Test(link_check, redirects_end_with_the_newest_verdict)
{
	static const struct {
		const struct target_verdict *verdict;
		const char *expected;
	} cases[] = {
	    {NULL, "p http://a/old#y fragment\n"}, {&dead, "p http://a/old#x 404\np http://a/old#y 404\n"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct link_check *check = new_check(CHECK_DEAD, true);
		struct target_verdict read = alive;
		read.anchors = ANCHORS_KNOWN;
		add(check, "p", "http://a/old#x");
		add(check, "p", "http://a/old#y");
		redirect(check, "http://a/old", "http://a/new", NULL);
		settle(check, "http://a/new", alive);
		link_check_add_anchor(check, slice_of("http://a/new"), slice_of("x"));
		settle(check, "http://a/new", cases[i].verdict ? *cases[i].verdict : read);
		expect_rows(check, cases[i].expected);
		cr_expect_eq(link_check_totals(check)->waiting, 0);
		link_check_free(check);
	}
}

/* A HEAD is answered, and the GET is redirected to what is redirected there. */
Test(link_check, finds_circles_of_targets_that_were_looked_at)
{
	struct link_check *check = new_check(CHECK_DEAD, true);
	add(check, "p", "http://a/1#x");
	add(check, "p", "http://a/2#y");
	add(check, "p", "http://a/3#z");
	settle(check, "http://a/3", alive);
	redirect(check, "http://a/1", "http://a/2", NULL);
	redirect(check, "http://a/2", "http://a/3", NULL);
	expect_rows(check, "");
	redirect(check, "http://a/3", "http://a/1", NULL);
	expect_rows(check, "p http://a/3#z too-many-redirects\np http://a/2#y too-many-redirects\n"
	                   "p http://a/1#x too-many-redirects\n");
	cr_expect_eq(link_check_totals(check)->waiting, 0);
	link_check_free(check);
}

Test(link_check, keeps_the_details_of_links_that_wait_in_files)
{
	enum { TARGETS = 2000, PAGES = 100 };
	struct link_check *check = new_check(CHECK_DEAD, false);
	char raw[300];
	memset(raw, 'r', sizeof raw);
	for (unsigned page = 0; page < PAGES; page++) {
		struct link_check_page place = {0};
		char source[64];
		snprintf(source, sizeof source, "http://b/%u", page);
		const struct outcome outcome = {.source_url = source, .final_url = source};
		for (unsigned i = 0; i < TARGETS; i++) {
			char url[64];
			snprintf(url, sizeof url, "http://a/%u#%u", i, page);
			const struct link link = {.url = slice_of(url),
			    .raw = {raw, sizeof raw},
			    .tag = slice_of("a"),
			    .position = page};
			link_check_add(
			    check, &place, &outcome, &link, (struct slice){url, strcspn(url, "#")});
		}
	}
	for (unsigned i = 0; i < TARGETS; i++) {
		char target[64];
		snprintf(target, sizeof target, "http://a/%u", i);
		settle(check, target, i % 10 ? alive : dead);
	}
	emit(check);
	cr_expect_eq(link_check_totals(check)->dead, TARGETS / 10 * PAGES);
	cr_expect_eq(link_check_totals(check)->alive, TARGETS / 10 * 9 * PAGES);
	cr_expect_not_null(strstr(rows.text.data, "http://b/77 http://a/1990#77 404\n"));
	link_check_free(check);
}
