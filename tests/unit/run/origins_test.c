#include "run/origins.h"
#include "run/task.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_MAX = 10000, FILE_LEN = 1000, ORIGINS = 100 };

static struct origin *get(struct origins *origins, int number)
{
	char text[64];
	struct url url;
	snprintf(text, sizeof text, "http://h%d.test/", number);
	url_init(&url);
	cr_assert(url_parse(&url, text, strlen(text), NULL, NULL));
	struct origin *origin = origins_get(origins, &url);
	url_release(&url);
	return origin;
}

/* A robots.txt of about that length, with one rule or one sitemap, is asked for and comes. */
static void set_robots(struct origins *origins, struct origin *origin, const char *field)
{
	char file[FILE_LEN + 64];
	int len = snprintf(file, sizeof file, "User-agent: *\n%s: /%0*d", field, FILE_LEN, 0);
	origin->robots_state = ROBOTS_ASKED;
	origin->reader = robots_reader_new("areq");
	robots_reader_feed(origin->reader, file, (size_t)len);
	struct robots *robots = robots_reader_finish(origin->reader);
	if (!robots_reader_next_sitemap(origin->reader, NULL)) {
		robots_reader_free(origin->reader);
		origin->reader = NULL;
	}
	origins_set_robots(origins, origin, robots, BYTES_MAX);
	cr_expect_eq(origin->robots_state, ROBOTS_KNOWN);
	cr_expect(origin->robots);
}

/* The bytes of all files that are known. */
static size_t sum(struct origins *origins)
{
	size_t bytes = 0;
	struct origin *origin;
	for (size_t at = 0; (origin = map_next(&origins->by_name, &at));)
		bytes += (origin->robots ? robots_memory(origin->robots) : 0) +
		         (origin->reader ? robots_reader_memory(origin->reader) : 0);
	return bytes;
}

static void expect_limit(const char *field)
{
	struct origins origins = {0};
	size_t known = 0;
	for (int i = 0; i < ORIGINS; i++) {
		set_robots(&origins, get(&origins, i), field);
		cr_expect_leq(sum(&origins), BYTES_MAX, "%s: behind %d", field, i);
		/* As much is kept as there is room for. */
		cr_expect(i > 5 || get(&origins, 0)->robots, "%s: behind %d", field, i);
	}
	for (int i = 0; i < ORIGINS; i++) {
		const struct origin *origin = get(&origins, i);
		bool is_known = origin->robots_state == ROBOTS_KNOWN;
		cr_expect(is_known || origin->robots_state == ROBOTS_UNKNOWN);
		cr_expect_eq(is_known, origin->robots != NULL);
		cr_expect(is_known || !origin->reader);
		known += is_known;
	}
	cr_expect(known > 0 && known < ORIGINS);
	origins_release(&origins);
}

Test(origins, forgets_rules_beyond_its_limit)
{
	expect_limit("Disallow");
}

Test(origins, forgets_sitemaps_beyond_its_limit)
{
	expect_limit("Sitemap");
}

/* The rest of the tasks that have waited for a robots.txt is admitted later. */
Test(origins, keeps_the_rules_of_tasks_that_wait)
{
	struct origins origins = {0};
	struct task task = {0};
	struct origin *waits = get(&origins, ORIGINS);
	set_robots(&origins, waits, "Disallow");
	origin_park(waits, &task);
	for (int i = 0; i < ORIGINS; i++) {
		set_robots(&origins, get(&origins, i), "Disallow");
		cr_expect_leq(sum(&origins), BYTES_MAX, "behind %d", i);
	}
	cr_expect(waits->robots_state == ROBOTS_KNOWN && waits->robots);
	cr_expect(origin_unpark(waits) == &task && !origin_unpark(waits));
	for (int i = 0; i < ORIGINS; i++)
		set_robots(&origins, get(&origins, i), "Disallow");
	cr_expect(waits->robots_state == ROBOTS_UNKNOWN && !waits->robots);
	origins_release(&origins);
}

/* A robots.txt that is on its way, or that was refused, has nothing that could be forgotten. */
Test(origins, does_not_forget_what_is_not_known)
{
	struct origins origins = {0};
	struct origin *asked = get(&origins, ORIGINS), *refused = get(&origins, ORIGINS + 1);
	asked->robots_state = ROBOTS_ASKED;
	asked->reader = robots_reader_new("areq");
	refused->robots_state = ROBOTS_REFUSED;
	for (int i = 0; i < ORIGINS; i++)
		set_robots(&origins, get(&origins, i), "Disallow");
	cr_expect(asked->robots_state == ROBOTS_ASKED && asked->reader);
	cr_expect_eq(refused->robots_state, ROBOTS_REFUSED);
	origins_release(&origins);
}
