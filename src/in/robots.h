/* What one robots.txt file allows to this program (RFC 9309): the rules of the group that applies, and its
 * Crawl-delay. in/robots_reader makes it from the file. It is one block of memory that never changes, because
 * a crawl keeps one for each host. */
#ifndef AREQ_IN_ROBOTS_H
#define AREQ_IN_ROBOTS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct robots;

/* A rule, while the file is read. */
struct robots_rule {
	uint32_t start; /* its path is patterns[start .. start + len), in the normal form of in/robots_path */
	uint32_t len;
	uint32_t octets; /* robots_path_octets */
	bool is_allow;
};

/* Copies everything, and sorts rules in place. crawl_delay_ms is -1 if there is none. Free with
 * robots_free. */
struct robots *robots_new(
    struct robots_rule *rules, size_t count, const char *patterns, int64_t crawl_delay_ms);
void robots_free(struct robots *self);

/* True if a URL may be fetched. path is its path and query as they are sent, thus with the '/' at the start
 * and without a fragment; an empty one counts as "/". Of the rules that match, the longest one decides, and
 * of two that are equally long the one that allows (section 2.2.2). Without such a rule the URL may be
 * fetched; "/robots.txt" always may.
 *
 * The work for one URL is limited, to about 0.1 s, for files with thousands of rules with '*' that were
 * written to be expensive. Beyond the limit the answer is false. */
bool robots_allows(const struct robots *self, struct slice path);

/* The least time between two requests, in milliseconds; -1 if the file does not ask for one. */
int64_t robots_crawl_delay_ms(const struct robots *self);

/* Returns the bytes of memory that self takes: at most 16, and for each rule its path and 4. */
size_t robots_memory(const struct robots *self);

#endif
