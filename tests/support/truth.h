/* What a crawl of a graph has to ask for and to write, computed from the graph itself. Nothing here reads
 * URLs, HTML or robots.txt: which page is linked, disallowed or in scope is known from how it was made. */
#ifndef SUPPORT_TRUTH_H
#define SUPPORT_TRUTH_H

#include "graph.h"
#include "rows.h"

#include <stdbool.h>
#include <stddef.h>

enum truth_scope { TRUTH_HOST, TRUTH_SITE, TRUTH_PREFIX, TRUTH_ANY };

enum { TRUTH_ALL = -1 };

/* The causes of a found URL whose redirect leads to a URL that the run already has, or out of the scope. */
#define TRUTH_CAUSE_KNOWN "known"
#define TRUTH_CAUSE_SCOPE "out-of-scope"

/* The options of the crawl. All zero: the start alone, and robots.txt is obeyed. */
struct truth_options {
	int depth; /* TRUTH_ALL: no limit */
	enum truth_scope scope;
	bool ignores_robots;
	bool sitemaps;        /* only where robots.txt is obeyed */
	bool shuns_traps;     /* links to the traps are not followed */
	unsigned retries;     /* at least 1 where anything fails once */
	const size_t *listed; /* the pages of the list, borrowed; NULL: page 0 */
	size_t listed_count;
};

/* All sets are complete whatever order the answers come in, unless spec.shared lets two ways lead to one
 * page: then `requests` is, if depth is TRUTH_ALL. Depths and vias are those of a crawl that finishes each
 * depth before the next. */
struct truth {
	struct rows requests; /* URLs, each as often as the server is asked for it */
	struct rows links;    /* "source_url\tparsed_url" */
	struct rows lines;    /* of the report: "url\toutcome\tcause"; without the sitemaps that are good */
	/* For each page of the graph: */
	int *depth;   /* -1 where it is not reached */
	size_t *line; /* the page under whose URL it is reported, which is another one behind a redirect */
};

void truth_init(struct truth *self, const struct graph *graph, const struct truth_options *options);
void truth_release(struct truth *self);

#endif
