#include "store/known_urls.h"

#include <criterion/criterion.h>
#include <stdio.h>

enum { KEYS = 3000 }; /* the table grows more than once */

static struct slice key_text(char *text, size_t size, unsigned key)
{
	snprintf(text, size, "http://a.example/%u", key);
	return slice_of(text);
}

/* Every third key has two URLs. */
static void fill(struct known_urls *urls)
{
	char text[64];
	known_urls_init(urls);
	for (unsigned key = 0; key < KEYS; key++) {
		struct slice slice = key_text(text, sizeof text, key);
		known_urls_add(urls, slice, (struct known_url){.id = key + 1, .is_listed = true});
		if (key % 3 == 0)
			known_urls_add(urls, slice, (struct known_url){.id = KEYS + key + 1});
	}
	known_urls_sort(urls);
}

Test(known_urls, finds_each_url_and_no_other)
{
	struct known_urls urls;
	char text[64];
	fill(&urls);
	for (unsigned key = 0; key < KEYS; key++) {
		const struct known_url *known = known_urls_find(&urls, key_text(text, sizeof text, key));
		cr_assert_not_null(known);
		cr_assert(known->id == key + 1 || (key % 3 == 0 && known->id == KEYS + key + 1));
	}
	cr_assert_null(known_urls_find(&urls, key_text(text, sizeof text, KEYS)));
	known_urls_release(&urls);
}

/* Whatever the number of URLs, each is found, and they are in order. */
Test(known_urls, are_sorted)
{
	char text[64];
	for (unsigned count = 0; count < 3000; count = count * 2 + 1) {
		struct known_urls urls;
		known_urls_init(&urls);
		for (unsigned key = 0; key < count; key++)
			known_urls_add(
			    &urls, key_text(text, sizeof text, key), (struct known_url){.id = key});
		known_urls_sort(&urls);
		for (size_t i = 1; i < urls.count; i++)
			cr_assert_leq(urls.items[i - 1].fingerprint, urls.items[i].fingerprint);
		for (unsigned key = 0; key < count; key++) {
			const struct known_url *known =
			    known_urls_find(&urls, key_text(text, sizeof text, key));
			cr_assert(known && known->id == key, "%u of %u", key, count);
		}
		known_urls_release(&urls);
	}
}

Test(known_urls, takes_each_url_of_a_key_once)
{
	struct known_urls urls;
	char text[64];
	fill(&urls);
	for (unsigned key = 0; key < KEYS; key++) {
		struct slice slice = key_text(text, sizeof text, key);
		uint64_t sum = 0;
		struct known_url *known;
		while ((known = known_urls_find_not_taken(&urls, slice))) {
			known->was_taken = true;
			sum += known->id;
		}
		cr_assert_eq(sum, key % 3 == 0 ? KEYS + 2 * (uint64_t)(key + 1) : key + 1, "key %u", key);
	}
	known_urls_release(&urls);
}

Test(known_urls, has_nothing_when_it_is_empty)
{
	struct known_urls urls;
	known_urls_init(&urls);
	known_urls_sort(&urls);
	cr_assert_null(known_urls_find(&urls, slice_of("http://a.example/")));
	cr_assert_null(known_urls_find_not_taken(&urls, slice_of("http://a.example/")));
	known_urls_release(&urls);
}

Test(known_urls, is_unlisted_if_it_was_listed_and_not_taken)
{
	cr_assert(known_url_is_unlisted(&(struct known_url){.is_listed = true}));
	cr_assert_not(known_url_is_unlisted(&(struct known_url){.is_listed = true, .was_taken = true}));
	cr_assert_not(known_url_is_unlisted(&(struct known_url){.was_taken = false}));
}
