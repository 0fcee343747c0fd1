#include "in/shard.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The tests are started from the folder of the Makefile. */
static const char man_page[] = "man/areq.1";

/* The hashes are those that two other programs print: `printf %s HOST >file; xxhsum -H3 file` of xxhash
 * 0.8.1, and xxhash.xxh3_64_hexdigest(HOST, 0) of python3-xxhash 3.2.0. The hosts are of several lengths,
 * since XXH3 hashes up to 3, up to 8, up to 16, up to 128, up to 240 and more bytes in ways of their own. */
static const struct known_hash {
	const char *host;
	uint64_t hash;
} known[] = {
    {"a", UINT64_C(0xe6c632b61e964e1f)},
    {"[::1]", UINT64_C(0xf0cecd338db81e1c)},
    {"127.0.0.1", UINT64_C(0x9a071d171774168c)},
    {"debian.org", UINT64_C(0x38c26e537519fcb2)},
    {"example.com", UINT64_C(0x8b66107e8045bb73)},
    {"example.com.", UINT64_C(0x476362247fc52de9)},
    {"[2001:db8::1]", UINT64_C(0x7f2fbff6ac15cb1e)},
    {"xn--bcher-kva.example", UINT64_C(0x67519d0e20d524a6)},
};
enum { KNOWN = sizeof known / sizeof *known };

Test(shard, of_a_host_follows_from_its_xxh3)
{
	static const int64_t counts[] = {1, 2, 3, 4, 7, 20, 1000, 1000000};
	for (size_t i = 0; i < KNOWN; i++) {
		for (size_t j = 0; j < sizeof counts / sizeof *counts; j++) {
			uint64_t remainder = known[i].hash % (uint64_t)counts[j];
			cr_expect_eq(shard_of(slice_of(known[i].host), counts[j]), (int64_t)remainder + 1,
			    "%s of %" PRId64, known[i].host, counts[j]);
		}
	}
}

/* Computed from the hashes above with python3. */
Test(shard, of_a_host_is_one_of_these)
{
	cr_expect_eq(shard_of(slice_of("127.0.0.1"), 3), 2);
	cr_expect_eq(shard_of(slice_of("example.com"), 20), 8);
	cr_expect_eq(shard_of(slice_of("example.com"), 1000000), 447348);
	cr_expect_eq(shard_of(slice_of("[::1]"), 7), 2);
}

/* A host is hashed as it stands in the URL that areq writes, without the port. */
Test(shard, of_a_url_is_that_of_its_host)
{
	static const struct {
		const char *url, *host;
	} cases[] = {
	    {"http://example.com/", "example.com"},
	    {"HTTPS://me:secret@EXAMPLE.com:8443/a?b#c", "example.com"},
	    {"http://ex%41mple.com/", "example.com"},
	    {"http://example.com./", "example.com."},
	    {"http://b\xc3\xbc"
	     "cher.example/",
	        "xn--bcher-kva.example"},
	    {"http://B\xc3\x9c"
	     "CHER.example/",
	        "xn--bcher-kva.example"},
	    {"http://0x7f.1/", "127.0.0.1"},
	    {"http://[2001:0DB8:0:0:0:0:0:1]:81/", "[2001:db8::1]"},
	    {"http://[0::1]/", "[::1]"},
	};
	struct url url;
	url_init(&url);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		cr_assert(
		    url_parse(&url, cases[i].url, strlen(cases[i].url), NULL, NULL), "%s", cases[i].url);
		for (int64_t number = 1; number <= 7; number++) {
			struct option_shard shard = {number, 7};
			cr_expect_eq(shard_has(&shard, &url), shard_of(slice_of(cases[i].host), 7) == number,
			    "%s, shard %" PRId64, cases[i].url, number);
		}
	}
	url_release(&url);
}

Test(shard, one_has_what_is_no_url_and_without_shards_all_is_ours)
{
	struct url url;
	url_init(&url);
	cr_assert(url_parse(&url, "http://a/", strlen("http://a/"), NULL, NULL));
	cr_expect(shard_has(&(struct option_shard){1, 3}, NULL));
	cr_expect_not(shard_has(&(struct option_shard){2, 3}, NULL));
	cr_expect(shard_has(&(struct option_shard){1, 1}, &url));
	cr_expect(shard_has(&(struct option_shard){0, 0}, &url));
	cr_expect(shard_has(&(struct option_shard){0, 0}, NULL));
	url_release(&url);
}

/* The examples of the man page are right, and their hashes are known above. */
Test(shard, examples_of_the_man_page_hold)
{
	char line[200], host[100];
	uint64_t hash;
	int64_t shard;
	int examples = 0;
	FILE *man = fopen(man_page, "r");
	cr_assert(man, "%s cannot be read", man_page);
	while (fgets(line, sizeof line, man)) {
		if (sscanf(line, ".It %99s Ta %16" SCNx64 " Ta %" SCNd64, host, &hash, &shard) != 3)
			continue;
		/* "\&" keeps mandoc from reading a bracket as a delimiter. */
		const char *name = strncmp(host, "\\&", 2) == 0 ? host + 2 : host;
		size_t i = 0;
		while (i < KNOWN && strcmp(known[i].host, name) != 0)
			i++;
		cr_assert_lt(i, KNOWN, "%s", line);
		cr_expect_eq(known[i].hash, hash, "%s", line);
		cr_expect_eq(shard_of(slice_of(name), 3), shard, "%s", line);
		examples++;
	}
	fclose(man);
	cr_expect_eq(examples, 3);
}
