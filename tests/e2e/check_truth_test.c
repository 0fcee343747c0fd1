/* The truth about check sites, on sites made by hand whose rows and requests are written down here, and on
 * what the server really answers. */
#include "support/check_draw.h"
#include "support/check_run.h"
#include "support/check_truth.h"
#include "support/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct check_fragment *fragment_of(const char *url)
{
	for (size_t i = 0; i < check_fragment_count; i++)
		if (strcmp(check_fragments[i].url, url) == 0)
			return &check_fragments[i];
	return NULL;
}

static void link_pages(struct check_site *site, size_t from, size_t to, size_t markup, const char *fragment)
{
	check_site_link(site, from,
	    &(struct check_link){.target = to,
	        .markup = &check_markups[markup],
	        .fragment = fragment ? fragment_of(fragment) : NULL});
}

enum { FOLLOWED = 0, NOFOLLOW = 3, STYLE = 4, IMAGE = 5 };

static struct check_site new_site(void)
{
	struct check_site site = {.spec = {.port = 80}};
	check_site_add(&site, CHECK_HOME, "page");
	site.targets[0].is_listed = true;
	return site;
}

#define HOME      "http://127.0.0.1:80/t/"
#define ELSEWHERE "http://127.0.0.3:80/t/"

static void expect_rows(const struct check_site *site, const struct check_options *options, int exit_status,
    const char *const *expected)
{
	struct check_truth truth;
	struct rows rows;
	check_truth_init(&truth, site, options);
	rows_init(&rows);
	while (*expected)
		rows_add(&rows, "%s", *expected++);
	rows_expect(rows_set_difference(&truth.rows, &rows));
	cr_expect_eq(truth.exit_status, exit_status);
	rows_release(&rows);
	check_truth_release(&truth);
}

#define ROWS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void expect_bounds(const struct check_site *site, const struct check_options *options, size_t target,
    struct check_bounds bounds)
{
	struct check_truth truth;
	check_truth_init(&truth, site, options);
	const struct check_bounds *is = &truth.bounds[target];
	cr_expect(is->heads_least == bounds.heads_least && is->heads_most == bounds.heads_most &&
	              is->gets_least == bounds.gets_least && is->gets_most == bounds.gets_most &&
	              is->is_asked == bounds.is_asked,
	    "%s: HEAD %u to %u, GET %u to %u, %d", site->targets[target].url, is->heads_least, is->heads_most,
	    is->gets_least, is->gets_most, is->is_asked);
	check_truth_release(&truth);
}

Test(check_truth, of_a_dead_a_blocked_and_a_moved_link)
{
	struct check_site site = new_site();
	link_pages(&site, 0, check_site_add(&site, CHECK_ELSEWHERE, "dead-404"), FOLLOWED, NULL);
	link_pages(&site, 0, check_site_add(&site, CHECK_ELSEWHERE, "blocked-403"), FOLLOWED, "plain");
	size_t text = check_site_add(&site, CHECK_ELSEWHERE, "text");
	size_t second = check_site_add_redirect(&site, CHECK_HOME, 302, text);
	link_pages(&site, 0, check_site_add_redirect(&site, CHECK_HOME, 301, second), STYLE, NULL);
	link_pages(&site, 0, text, IMAGE, NULL);
	/* The same again is no other row. */
	link_pages(&site, 0, 1, STYLE, NULL);
	const char *dead = HOME "page-0\t" ELSEWHERE "dead-404-1\t404";
	const char *blocked = HOME "page-0\t" ELSEWHERE "blocked-403-2#plain\tblocked";
	const char *moved = HOME "page-0\t" HOME "redirect-301-5\t" HOME "redirect-302-4";
	const char *image = HOME "page-0\t" ELSEWHERE "text-3\t";
	expect_rows(&site, &(struct check_options){0}, 1, ROWS(dead));
	expect_rows(&site, &(struct check_options){.show = CHECK_SHOW_BLOCKED}, 1, ROWS(dead, blocked));
	expect_rows(&site, &(struct check_options){.show = CHECK_SHOW_MOVED}, 1, ROWS(dead, moved));
	expect_rows(&site, &(struct check_options){.show = CHECK_SHOW_ALL}, 1, ROWS(dead, blocked, moved));
	expect_rows(&site, &(struct check_options){.show = CHECK_SHOW_ALL, .all_attrs = true}, 1,
	    ROWS(dead, blocked, moved, image));
	check_site_release(&site);
}

Test(check_truth, is_good_where_nothing_is_dead)
{
	struct check_site site = new_site();
	link_pages(&site, 0, check_site_add(&site, CHECK_ELSEWHERE, "blocked-403"), FOLLOWED, NULL);
	expect_rows(&site, &(struct check_options){.show = CHECK_SHOW_BLOCKED}, 0,
	    ROWS(HOME "page-0\t" ELSEWHERE "blocked-403-1\tblocked"));
	check_site_release(&site);
}

/* A crawl reads the pages that links and redirects lead to, on the hosts of the list. */
Test(check_truth, of_a_crawl_has_the_links_of_all_its_pages)
{
	struct check_site site = new_site();
	size_t page = check_site_add(&site, CHECK_HOME, "page"),
	       dead = check_site_add(&site, CHECK_HOME, "dead-500");
	size_t away = check_site_add(&site, CHECK_ELSEWHERE, "page"),
	       own = check_site_add(&site, CHECK_HOME, "page");
	size_t redirect = check_site_add_redirect(&site, CHECK_HOME, 302, own);
	site.targets[own].is_private = true;
	link_pages(&site, 0, page, FOLLOWED, NULL);
	link_pages(&site, 0, away, FOLLOWED, NULL);
	link_pages(&site, page, redirect, FOLLOWED, NULL);
	link_pages(&site, page, dead, NOFOLLOW, NULL);
	link_pages(&site, own, dead, FOLLOWED, NULL);
	link_pages(&site, away, dead, FOLLOWED, NULL);
	struct check_options crawl = {.crawls = true, .retries = 2}, list = {.retries = 2};
	expect_rows(&site, &list, 0, ROWS(NULL));
	expect_rows(&site, &crawl, 1,
	    ROWS(HOME "page-1\t" HOME "dead-500-2\t500", HOME "redirect-302-5\t" HOME "dead-500-2\t500"));
	expect_bounds(&site, &list, page, (struct check_bounds){1, 1, 0, 0, true});
	expect_bounds(&site, &crawl, page, (struct check_bounds){0, 0, 1, 1, true});
	expect_bounds(&site, &crawl, away, (struct check_bounds){1, 1, 0, 0, true});
	expect_bounds(&site, &list, dead, (struct check_bounds){0, 0, 0, 0, false});
	expect_bounds(&site, &crawl, dead, (struct check_bounds){0, 1, 0, 6, true});
	check_site_release(&site);
}

Test(check_truth, counts_the_requests_of_a_look)
{
	static const struct {
		const char *kind;
		struct check_bounds bounds;
	} cases[] = {
	    {.kind = "text", .bounds = {1, 1, 0, 0, true}},
	    {.kind = "head-405", .bounds = {0, 1, 1, 1, true}},
	    {.kind = "head-closed", .bounds = {0, 6, 1, 6, true}},
	    {.kind = "dead-404", .bounds = {1, 1, 1, 1, true}},
	    {.kind = "dead-500", .bounds = {1, 1, 3, 3, true}},
	    {.kind = "blocked-429-for-long", .bounds = {1, 1, 0, 1, true}},
	    {.kind = "twice-500", .bounds = {1, 1, 2, 2, true}},
	    {.kind = "silent", .bounds = {0, 6, 3, 18, true}},
	    {.kind = "head-alone", .bounds = {1, 1, 0, 0, true}},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct check_site site = new_site();
		link_pages(&site, 0, check_site_add(&site, CHECK_ELSEWHERE, cases[i].kind), FOLLOWED, NULL);
		expect_bounds(&site, &(struct check_options){.retries = 2}, 1, cases[i].bounds);
		check_site_release(&site);
	}
	struct check_site site = new_site();
	link_pages(&site, 0, check_site_add(&site, CHECK_REFUSED, "refused"), FOLLOWED, NULL);
	expect_bounds(&site, &(struct check_options){.retries = 2}, 1, (struct check_bounds){0});
	expect_rows(&site, &(struct check_options){0}, 1,
	    ROWS(HOME "page-0\thttp://127.0.0.4:80/t/refused-1\tconnection-refused"));
	check_site_release(&site);
}

Test(check_truth, knows_which_anchors_a_page_has)
{
	struct check_site site = new_site();
	size_t page = check_site_add(&site, CHECK_ELSEWHERE, "page"),
	       text = check_site_add(&site, CHECK_ELSEWHERE, "text");
	site.targets[page].has_anchor[check_anchor_of(fragment_of("plain"))] = true;
	site.targets[page].has_anchor[check_anchor_of(fragment_of("in-comment"))] = true;
	link_pages(&site, 0, page, FOLLOWED, "plain");
	link_pages(&site, 0, page, FOLLOWED, "named");
	link_pages(&site, 0, page, FOLLOWED, "in-comment");
	link_pages(&site, 0, page, FOLLOWED, "top");
	link_pages(&site, 0, text, FOLLOWED, "named");
	link_pages(&site, 0, check_site_add_redirect(&site, CHECK_HOME, 302, page), FOLLOWED, "named");
	expect_rows(&site, &(struct check_options){0}, 0, ROWS(NULL));
	expect_rows(&site, &(struct check_options){.fragments = true}, 1,
	    ROWS(HOME "page-0\t" ELSEWHERE "page-1#named\tfragment",
	        HOME "page-0\t" ELSEWHERE "page-1#in-comment\tfragment",
	        HOME "page-0\t" HOME "redirect-302-3#named\tfragment"));
	check_site_release(&site);
}

Test(check_truth, knows_circles_and_what_robots_forbid)
{
	struct check_site site = new_site();
	size_t one = check_site_add_redirect(&site, CHECK_ELSEWHERE, 301, 0);
	size_t two = check_site_add_redirect(&site, CHECK_HOME, 302, one);
	site.targets[one].next = two;
	link_pages(&site, 0, one, FOLLOWED, NULL);
	link_pages(&site, 0, check_site_add_secret(&site, CHECK_HOME), FOLLOWED, NULL);
	link_pages(&site, 0, check_site_add_secret(&site, CHECK_ELSEWHERE), FOLLOWED, NULL);
	const char *circle = HOME "page-0\t" ELSEWHERE "redirect-301-1\ttoo-many-redirects";
	const char *elsewhere = HOME "page-0\thttp://127.0.0.3:80/secret/text-4\t";
	expect_rows(&site, &(struct check_options){.show = CHECK_SHOW_ALL}, 1,
	    ROWS(circle, HOME "page-0\thttp://127.0.0.1:80/secret/text-3\t", elsewhere));
	expect_rows(&site, &(struct check_options){.show = CHECK_SHOW_ALL, .crawls = true}, 1,
	    ROWS(circle, HOME "page-0\thttp://127.0.0.1:80/secret/text-3\trobots", elsewhere));
	check_site_release(&site);
}

static char *describe(unsigned seed)
{
	struct check_site site;
	struct buf text;
	check_draw(&site, &(struct check_spec){.seed = seed, .port = 80, .slow = true});
	buf_init(&text, SIZE_MAX / 4);
	check_site_table(&site, &text);
	for (size_t i = 0; i < site.count; i++)
		check_site_page(&site, &site.targets[i], &text);
	check_site_release(&site);
	return text.data;
}

Test(check_truth, follows_from_the_seed_alone)
{
	char *one = describe(1), *same = describe(1), *other = describe(2);
	cr_expect_str_eq(one, same);
	cr_expect_str_neq(one, other);
	free(one);
	free(same);
	free(other);
}

/* In 10 sites there is a row of each kind of problem, in a crawl and in a list. */
Test(check_truth, has_all_kinds_of_problems)
{
	struct rows problems;
	rows_init(&problems);
	for (unsigned seed = 1; seed <= 10; seed++) {
		struct check_site site;
		struct check_truth truth;
		check_draw(&site, &(struct check_spec){.seed = seed, .port = 80, .slow = true});
		check_truth_init(&truth, &site,
		    &(struct check_options){.show = CHECK_SHOW_ALL | CHECK_SHOW_MOVED,
		        .crawls = seed % 2,
		        .fragments = true,
		        .all_attrs = true,
		        .retries = 2});
		struct rows column = rows_column(&truth.rows, 2);
		for (size_t i = 0; i < column.count; i++)
			rows_add(
			    &problems, "%s", strncmp(column.row[i], "http", 4) ? column.row[i] : "moved");
		rows_release(&column);
		check_truth_release(&truth);
		check_site_release(&site);
	}
	for (size_t i = 0; i < check_kind_count; i++)
		if (check_kinds[i].fate == CHECK_DEAD)
			cr_expect(rows_has(&problems, check_kinds[i].problem), "%s", check_kinds[i].problem);
	static const char *const others[] = {
	    "", "blocked", "moved", "fragment", "robots", "too-many-redirects"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		cr_expect(rows_has(&problems, others[i]), "%s", others[i]);
	rows_release(&problems);
}

/* Held against other programs: areq without --check says what the links of the pages are, curl what the
 * server answers to HEAD and to GET. */

static void add_links(const struct check_site *site, const struct check_target *page, struct rows *rows)
{
	struct buf url;
	buf_init(&url, 1 << 16);
	for (size_t i = 0; i < page->link_count; i++) {
		char row[1024];
		buf_clear(&url);
		check_site_row_url(site, &page->links[i], &url);
		snprintf(row, sizeof row, "%s\t%s", page->url, url.data);
		if (page->links[i].markup->is_href && !rows_has(rows, row))
			rows_add(rows, "%s", row);
	}
	buf_release(&url);
}

Test(check_truth, has_the_links_that_areq_finds)
{
	struct check_run run;
	struct run_result result;
	check_run_start(&run);
	for (unsigned seed = 1; seed <= 5; seed++) {
		struct rows expected, is;
		struct buf list;
		rows_init(&expected);
		rows_init(&is);
		buf_init(&list, 1 << 20);
		check_run_serve(&run, &(struct check_spec){.seed = seed});
		for (size_t i = 0; i < run.site.count; i++) {
			if (!run.site.targets[i].is_page)
				continue;
			buf_append_text(&list, run.site.targets[i].url);
			buf_append_byte(&list, '\n');
			add_links(&run.site, &run.site.targets[i], &expected);
		}
		run_areq(&result, "--no-header", "-q", "--schemes", "http",
		    scratch_write(&run.scratch, "all", list.data));
		run_assert_exit(&result, 0);
		rows_parse(&is, result.out, result.out_len);
		rows_expect(rows_set_difference(&is, &expected));
		run_release(&result);
		rows_release(&expected);
		rows_release(&is);
		buf_release(&list);
	}
	check_run_stop(&run);
}

/* The status that curl gets; "000" where there is no answer. */
static void ask_with_curl(const char *method, const char *url, char status[4])
{
	struct run_result result;
	run_program(&result, NULL, "curl",
	    (const char *const[]){"-s", strcmp(method, "HEAD") == 0 ? "-I" : "-i", "-m", "1", "-o",
	        "/dev/null", "-w", "%{http_code}", url, NULL});
	snprintf(status, 4, "%s", result.exit_status == 0 ? result.out : "000");
	run_release(&result);
}

static bool is_good_status(const char *status)
{
	return *status == '2' || *status == '3';
}

static bool is_blocking_status(const char *status)
{
	static const char *const blocking[] = {"401", "403", "407", "429", "451", "999"};
	for (size_t i = 0; i < sizeof blocking / sizeof *blocking; i++)
		if (strcmp(status, blocking[i]) == 0)
			return true;
	return false;
}

/* What a look at a target meets, without redirects: the status of HEAD if it is good, else the last of as
 * many GETs as the table says. */
static void look_with_curl(const struct check_target *target, unsigned retries, char status[4])
{
	const struct check_kind *kind = target->kind;
	unsigned gets = kind->look_gets == CHECK_EACH ? 1 + retries : kind->look_gets;
	ask_with_curl("HEAD", target->url, status);
	cr_expect_eq(is_good_status(status), gets == 0, "%s: HEAD got %s", target->url, status);
	for (unsigned i = 1; i <= gets; i++) {
		ask_with_curl("GET", target->url, status);
		cr_expect(i == gets || !is_good_status(status), "%s: GET %u got %s", target->url, i, status);
	}
}

Test(check_truth, has_the_answers_that_curl_gets)
{
	struct check_run run;
	check_run_start(&run);
	check_run_serve(&run, &(struct check_spec){.seed = 1, .slow = true});
	for (size_t i = 0; i < run.site.count; i++) {
		const struct check_target *target = &run.site.targets[i];
		char status[4], wanted[4];
		/* curl takes a head that is cut off for a whole one. */
		if (strstr(target->kind->keys, "header_cut"))
			continue;
		look_with_curl(target, 0, status);
		snprintf(wanted, sizeof wanted, "%u", target->status);
		if (target->next != CHECK_NO_TARGET)
			cr_expect_str_eq(status, wanted, "%s got %s", target->url, status);
		else if (target->kind->fate == CHECK_ALIVE)
			cr_expect(is_good_status(status), "%s got %s", target->url, status);
		else if (target->kind->fate == CHECK_BLOCKED)
			cr_expect(is_blocking_status(status), "%s got %s", target->url, status);
		else if (target->kind->problem[0] <= '9')
			cr_expect_str_eq(status, target->kind->problem, "%s got %s", target->url, status);
		else
			cr_expect(
			    strcmp(status, "000") == 0 || *status == '3', "%s got %s", target->url, status);
	}
	check_run_stop(&run);
}
