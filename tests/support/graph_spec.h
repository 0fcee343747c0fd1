/* The numbers from which everything of a generated site follows. */
#ifndef SUPPORT_GRAPH_SPEC_H
#define SUPPORT_GRAPH_SPEC_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* name, default, meaning. Shares are in percent of the pages. */
#define GRAPH_SPEC_LIST(X)                                                                                   \
	X(seed, 1, "what all that is random follows from")                                                   \
	X(port, 80, "of all hosts")                                                                          \
	X(pages, 60, "pages that may be linked; more are only the targets of redirects")                     \
	X(hosts, 4, "127.0.0.1, 127.0.0.2, ...; one more refuses connections")                               \
	X(spread, 0, "1: each host has as many pages; 0: the first one has half of all")                     \
	X(names, 0, "1: the hosts are www.site0.test, news.site0.test, www.site1.test, ...")                 \
	X(links, 8, "the mean number of links on a page")                                                    \
	X(redirects, 15, "share of redirects: alone, in chains, in loops, to the start and to other hosts")  \
	X(shared, 0, "1: redirects lead to any page; 0: to the start, or where nothing else leads to")       \
	X(dead, 10, "share of pages that are 404, 500, an image or a plain text")                            \
	X(nofollow, 15, "share of pages that forbid to follow their links, and of links with rel=nofollow")  \
	X(secret, 20, "share of pages in a folder that robots.txt disallows, or allows again")               \
	X(faults, 40, "share of healthy pages that are slow, compressed, chunked, ...")                      \
	X(flaky, 0, "share of healthy pages that fail with 503 once")                                        \
	X(traps, 0, "1: some pages link to a calendar and to a path that go on for ever")                    \
	X(crawl_delay_ms, 0, "the Crawl-delay of the first host")

/* clang-format off */
struct graph_spec {
#define GRAPH_SPEC_FIELD(name, otherwise, help) unsigned name;
	GRAPH_SPEC_LIST(GRAPH_SPEC_FIELD)
#undef GRAPH_SPEC_FIELD
};
/* clang-format on */

/* The most that a graph may have. */
enum { GRAPH_PAGES_MAX = 100000, GRAPH_HOSTS_MAX = 200 };

/* Sets all defaults. */
void graph_spec_init(struct graph_spec *self);

/* Sets one number by its name. False where there is no such name, or the number is too large. */
bool graph_spec_set(struct graph_spec *self, struct slice name, uint64_t number);

/* Appends "seed=1&port=80&..."; appends the table as lines of text. */
void graph_spec_query(const struct graph_spec *self, struct buf *out);
void graph_spec_help(struct buf *out);

#endif
