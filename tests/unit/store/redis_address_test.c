#include "store/redis_address.h"

#include <criterion/criterion.h>
#include <string.h>

Test(redis_address, has_these_forms)
{
	static const struct {
		const char *text, *host, *socket, *user, *password, *name, *label;
		int port, database;
	} cases[] = {
	    {"redis://h/n", "h", NULL, NULL, NULL, "n", "h:6379", 6379, 0},
	    {"redis://10.0.0.5:7000/3/docs.1_a-B", "10.0.0.5", NULL, NULL, NULL, "docs.1_a-B",
	        "10.0.0.5:7000", 7000, 3},
	    {"redis://u:p@h/n", "h", NULL, "u", "p", "n", "h:6379", 6379, 0},
	    {"redis://:p%40%2f%3a@h/n", "h", NULL, NULL, "p@/:", "n", "h:6379", 6379, 0},
	    {"redis://u:a/b@c@h:1/n", "h", NULL, "u", "a/b@c", "n", "h:1", 1, 0},
	    {"redis://[::1]:70/n", "::1", NULL, NULL, NULL, "n", "[::1]:70", 70, 0},
	    {"redis://[::1]/0/n", "::1", NULL, NULL, NULL, "n", "[::1]:6379", 6379, 0},
	    {"redis+unix:///run/r.sock#n", NULL, "/run/r.sock", NULL, NULL, "n", "/run/r.sock", 0, 0},
	    {"redis+unix://u:p@/a%20b?db=4#n", NULL, "/a b", "u", "p", "n", "/a b", 0, 4},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct redis_address address;
		struct buf problem;
		buf_init(&problem, 1000);
		cr_expect(redis_address_is_meant(cases[i].text));
		cr_assert(
		    redis_address_parse(&address, cases[i].text, &problem), "case %zu: %s", i, problem.data);
		const char *const texts[][2] = {{address.host, cases[i].host},
		    {address.socket, cases[i].socket}, {address.user, cases[i].user},
		    {address.password, cases[i].password}, {address.name, cases[i].name},
		    {address.label, cases[i].label}};
		for (size_t j = 0; j < sizeof texts / sizeof *texts; j++) {
			bool is_same = texts[j][0] && texts[j][1] ? strcmp(texts[j][0], texts[j][1]) == 0
			                                          : texts[j][0] == texts[j][1];
			cr_expect(is_same, "case %zu, text %zu: %s", i, j, texts[j][0]);
		}
		cr_expect_eq(address.port, cases[i].port, "case %zu", i);
		cr_expect_eq(address.database, cases[i].database, "case %zu", i);
		redis_address_release(&address);
		buf_release(&problem);
	}
}

Test(redis_address, says_what_is_wrong_and_no_password)
{
	static const struct {
		const char *text, *problem;
	} cases[] = {
	    {"redis://h", "lacks the name"},
	    {"redis://h/", "lacks the name"},
	    {"redis://h/3/", "lacks the name"},
	    {"redis:///n", "no host"},
	    {"redis://secret@h/n", "without a password"},
	    {"redis://u:secret@/n", "no host"},
	    {"redis://u:sec%00ret@h/n", "NUL"},
	    {"redis://h:0/n", "port"},
	    {"redis://h:65536/n", "port"},
	    {"redis://h:x/n", "port"},
	    {"redis://[::1/n", "no ]"},
	    {"redis://[::1]x/n", "port"},
	    {"redis://h/x/n", "database"},
	    {"redis://h/-1/n", "database"},
	    {"redis://h/a b", "letters"},
	    {"redis://h/1/a/b", "letters"},
	    {"redis://h/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "64"},
	    {"redis+unix://run/s#n", "absolute"},
	    {"redis+unix:///s", "lacks #NAME"},
	    {"redis+unix:///s?x=1#n", "no other parameter"},
	    {"redis+unix:///s?db=x#n", "database"},
	    {"redis+unix:///s%00#n", "NUL"},
	    {"redis+unix:///s#", "lacks the name"},
	    {"rediss://u:secret@h/n", "no TLS"},
	    {"http://h/n", "no address in Redis"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct redis_address address;
		struct buf problem;
		buf_init(&problem, 1000);
		cr_expect_not(redis_address_parse(&address, cases[i].text, &problem), "%s", cases[i].text);
		cr_assert(problem.data, "%s", cases[i].text);
		cr_expect(strstr(problem.data, cases[i].problem), "%s: %s", cases[i].text, problem.data);
		cr_expect_not(strstr(problem.data, "secret"), "%s", problem.data);
		redis_address_release(&address);
		buf_release(&problem);
	}
	cr_expect_not(redis_address_is_meant("crawl.db"));
}

Test(redis_address, looks_up_the_host)
{
	struct redis_address address;
	struct buf problem;
	buf_init(&problem, 1000);
	cr_assert(redis_address_parse(&address, "redis://127.0.0.1/n", &problem));
	cr_expect_null(redis_address_resolve(&address));
	cr_expect_eq(address.numeric_count, 1);
	cr_expect_str_eq(address.numeric[0], "127.0.0.1");
	redis_address_release(&address);
	cr_assert(redis_address_parse(&address, "redis://a..b/n", &problem));
	cr_expect_not_null(redis_address_resolve(&address));
	redis_address_release(&address);
	buf_release(&problem);
}
