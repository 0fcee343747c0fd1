#include "output/dead_links.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(struct dead_links *links, const char *page, const char *problem)
{
	const struct verdict verdict = {.problem = slice_of(problem)};
	const struct link link = {.url = slice_of("http://user:secret@a/"), .verdict = &verdict};
	dead_links_add(links, page, &link);
}

Test(dead_links, are_in_the_order_of_their_number_and_their_name)
{
	struct dead_links links = {0};
	static const char *const problems[] = {"404", "500", "404", "410"}, *const sorted[] = {
	                                                                        "404", "410", "500"};
	for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
		add(&links, "http://p/", problems[i]);
	size_t count;
	const struct dead_group **list = dead_groups_list(&links.problems, &count);
	cr_assert_eq(count, 3);
	for (size_t i = 0; i < count; i++)
		cr_expect_str_eq(list[i]->name, sorted[i]);
	cr_expect_eq(list[0]->count, 2);
	cr_expect_str_eq(list[0]->first, "http://a/");
	free(list);
	dead_links_release(&links);
}

Test(dead_links, take_a_memory_that_neither_many_pages_nor_long_urls_exceed)
{
	enum { PAGES = DEAD_LINKS_KEPT + 10 };
	struct dead_links links = {0};
	char page[2 * DEAD_LINKS_URL_MAX + 1];
	memset(page, 'p', sizeof page - 1);
	page[sizeof page - 1] = '\0';
	for (unsigned i = 0; i < PAGES; i++) {
		char number[8];
		snprintf(number, sizeof number, "%07u", i);
		memcpy(page, number, 7);
		add(&links, page, "404");
	}
	size_t count;
	const struct dead_group **list = dead_groups_list(&links.pages, &count);
	cr_expect_eq(count, DEAD_LINKS_KEPT);
	cr_expect_eq(links.pages.others, PAGES - DEAD_LINKS_KEPT);
	for (size_t i = 0; i < count; i++)
		cr_assert_eq(strlen(list[i]->name), DEAD_LINKS_URL_MAX);
	free(list);
	dead_links_release(&links);
}
