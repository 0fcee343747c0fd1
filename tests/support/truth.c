#include "truth.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <assert.h>
#include <stdlib.h>

enum { URL_MAX = 1 << 20 };

/* A URL that waits for its turn. */
struct found {
	size_t page;
	int depth;
	bool is_listed;
};

struct walk {
	const struct graph *graph;
	const struct truth_options *options;
	const size_t *listed;
	size_t listed_count;
	struct truth *truth;
	bool *is_known; /* for each page: offered, or the target of a redirect */
	struct found *queue;
	size_t count; /* of all that ever waited */
	bool robots_asked[GRAPH_HOSTS_MAX + 1];
};

static const struct graph_page *page_of(const struct walk *walk, size_t page)
{
	return &walk->graph->pages[page];
}

static void add_requests(struct walk *walk, const char *url, unsigned times)
{
	while (times-- > 0)
		rows_add(&walk->truth->requests, "%s", url);
}

static void add_line(struct walk *walk, const char *url, const char *outcome, const char *cause)
{
	rows_add(&walk->truth->lines, "%s\t%s\t%s", url, outcome, cause);
}

static bool is_in_scope_of(const struct walk *walk, size_t root, size_t page)
{
	const struct graph_page *from = page_of(walk, root), *to = page_of(walk, page);
	switch (walk->options->scope) {
	case TRUTH_HOST:
		return from->host == to->host;
	case TRUTH_SITE:
		return graph_same_site(walk->graph, from->host, to->host);
	case TRUTH_PREFIX:
		return from->host == to->host && from->directory == to->directory;
	case TRUTH_ANY:
		return true;
	}
	return false;
}

/* The scope is that of the whole list. */
static bool is_in_scope(const struct walk *walk, size_t page)
{
	for (size_t i = 0; i < walk->listed_count; i++)
		if (is_in_scope_of(walk, walk->listed[i], page))
			return true;
	return false;
}

static bool is_shunned(const struct walk *walk, size_t page)
{
	return walk->options->shuns_traps && page_of(walk, page)->directory >= GRAPH_CALENDAR;
}

/* Takes a URL that was listed or found into the run, if it is new. */
static void offer(struct walk *walk, const struct found *found)
{
	if (walk->is_known[found->page])
		return;
	walk->is_known[found->page] = true;
	walk->queue[walk->count++] = *found;
	walk->truth->depth[found->page] = found->depth;
	walk->truth->line[found->page] = found->page;
}

static bool is_dead_host(const struct walk *walk, unsigned host)
{
	return host == walk->graph->spec.hosts;
}

static void ask_robots(struct walk *walk, unsigned host)
{
	if (walk->robots_asked[host] || is_dead_host(walk, host))
		return;
	walk->robots_asked[host] = true;
	enum graph_robots kind = walk->graph->robots[host];
	struct buf url;
	buf_init(&url, URL_MAX);
	buf_append_text(&url, "http://");
	graph_host(walk->graph, host, &url);
	buf_append_text(&url, "/robots.txt");
	assert(kind != GRAPH_ROBOTS_BUSY || walk->options->retries > 0);
	add_requests(walk, url.data,
	    kind == GRAPH_ROBOTS_BUSY     ? 2
	    : kind == GRAPH_ROBOTS_BROKEN ? 1 + walk->options->retries
	                                  : 1);
	buf_clear(&url);
	if (kind == GRAPH_ROBOTS_MOVED) {
		graph_moved_robots_url(walk->graph, host, &url);
		add_requests(walk, url.data, 1);
	}
	buf_release(&url);
}

struct verdict {
	const char *outcome; /* NULL: the page may be asked for */
	const char *cause;
};

/* What is decided before a page is asked for; asks for the robots.txt of its host. */
static struct verdict decide(struct walk *walk, const struct graph_page *page)
{
	static const struct verdict dead = {"failed", "connection-refused"},
	                            broken = {"failed", "http-status"}, disallowed = {"skipped", "robots"},
	                            good = {NULL, NULL};
	if (is_dead_host(walk, page->host))
		return dead;
	if (walk->options->ignores_robots)
		return good;
	ask_robots(walk, page->host);
	if (walk->graph->robots[page->host] == GRAPH_ROBOTS_BROKEN)
		return broken;
	return graph_is_disallowed(walk->graph, page) ? disallowed : good;
}

static struct verdict outcome_of(enum graph_kind kind)
{
	switch (kind) {
	case GRAPH_MISSING:
	case GRAPH_BROKEN:
		return (struct verdict){"failed", "http-status"};
	case GRAPH_IMAGE:
		return (struct verdict){"skipped", "not-text"};
	case GRAPH_TEXT:
		return (struct verdict){"skipped", "no-markup"};
	default:
		return (struct verdict){"ok", ""};
	}
}

/* The rows of a page, each once. */
static void add_rows(struct walk *walk, const char *source, const struct graph_page *page)
{
	struct rows known;
	struct buf row;
	rows_init(&known);
	buf_init(&row, URL_MAX);
	for (size_t i = 0; i < page->link_count; i++) {
		buf_clear(&row);
		graph_link_row(walk->graph, page, &page->links[i], &row);
		if (row.len == 0 || rows_has(&known, row.data))
			continue;
		rows_add(&known, "%s", row.data);
		rows_add(&walk->truth->links, "%s\t%s", source, row.data);
	}
	buf_release(&row);
	rows_release(&known);
}

static void follow(struct walk *walk, const struct found *from, const struct graph_page *page)
{
	bool obeys = !walk->options->ignores_robots;
	if (walk->options->depth != TRUTH_ALL && from->depth >= walk->options->depth)
		return;
	if (obeys && page->nofollow != GRAPH_FOLLOW)
		return;
	for (size_t i = 0; i < page->link_count; i++) {
		const struct graph_link *link = &page->links[i];
		if (!graph_link_leads_on(link) || (obeys && link->kind == GRAPH_LINK_NOFOLLOW) ||
		    is_shunned(walk, link->target) || !is_in_scope(walk, link->target))
			continue;
		offer(walk, &(struct found){link->target, from->depth + 1, false});
	}
}

static void ask(struct walk *walk, const struct graph_page *page)
{
	unsigned times = page->is_flaky ? 2 : page->kind == GRAPH_BROKEN ? 1 + walk->options->retries : 1;
	assert(!page->is_flaky || walk->options->retries > 0);
	add_requests(walk, page->url, times);
}

/* Whether a redirect may be followed. That of a listed URL always is. */
static struct verdict decide_redirect(const struct walk *walk, const struct found *found, size_t target)
{
	static const struct verdict out = {"skipped", TRUTH_CAUSE_SCOPE},
	                            known = {"skipped", TRUTH_CAUSE_KNOWN},
	                            circle = {"failed", "too-many-redirects"};
	if (!found->is_listed && !is_in_scope(walk, target))
		return out;
	/* No page sets a cookie, so that a redirect leads back to where it has led before. */
	if (!found->is_listed && walk->is_known[target])
		return walk->truth->line[target] == found->page ? circle : known;
	return (struct verdict){NULL, NULL};
}

/* Asks for one URL, and for those that it is redirected to. */
static void visit(struct walk *walk, const struct found *found)
{
	const char *url = page_of(walk, found->page)->url;
	const struct graph_page *page = page_of(walk, found->page);
	struct verdict verdict;
	for (;;) {
		verdict = decide(walk, page);
		if (verdict.outcome)
			break;
		ask(walk, page);
		if (page->kind != GRAPH_REDIRECT)
			break;
		verdict = decide_redirect(walk, found, page->target);
		if (verdict.outcome)
			break;
		if (!walk->is_known[page->target]) {
			walk->truth->depth[page->target] = found->depth;
			walk->truth->line[page->target] = found->page;
		}
		walk->is_known[page->target] = true;
		page = page_of(walk, page->target);
	}
	if (!verdict.outcome)
		verdict = outcome_of(page->kind);
	add_line(walk, url, verdict.outcome, verdict.cause);
	if (*verdict.cause)
		return;
	/* A crawl that comes to the end of a trap should have had a limit. */
	assert(found->is_listed || page->directory < GRAPH_CALENDAR || page->link_count > 0);
	add_rows(walk, url, page);
	follow(walk, found, page);
}

/* All sitemaps of the host of a listed page. */
static void read_sitemaps(struct walk *walk, size_t listed)
{
	unsigned host = page_of(walk, listed)->host;
	struct buf url;
	ask_robots(walk, host);
	if (walk->graph->robots[host] == GRAPH_ROBOTS_BROKEN || is_dead_host(walk, host))
		return;
	buf_init(&url, URL_MAX);
	for (int number = 0; number < GRAPH_SITEMAPS; number++) {
		buf_clear(&url);
		graph_sitemap_url(walk->graph, host, (enum graph_sitemap)number, &url);
		add_requests(walk, url.data, 1);
		if (number == GRAPH_SITEMAP_MISSING)
			add_line(walk, url.data, "failed", "http-status");
		for (size_t i = 0; i < walk->graph->spec.pages; i++)
			if (graph_sitemap_names(walk->graph, host, (enum graph_sitemap)number, i) &&
			    is_in_scope(walk, i))
				offer(walk, &(struct found){i, 0, false});
	}
	buf_release(&url);
}

void truth_init(struct truth *self, const struct graph *graph, const struct truth_options *options)
{
	static const size_t start[] = {0};
	size_t count = graph->page_count;
	const size_t *listed = options->listed ? options->listed : start;
	size_t listed_count = options->listed ? options->listed_count : 1;
	struct walk walk = {.graph = graph,
	    .options = options,
	    .listed = listed,
	    .listed_count = listed_count,
	    .truth = self};
	*self = (struct truth){
	    .depth = alloc_array(count, sizeof(int)), .line = alloc_array(count, sizeof(size_t))};
	rows_init(&self->requests);
	rows_init(&self->links);
	rows_init(&self->lines);
	walk.is_known = alloc_array(count, sizeof *walk.is_known);
	walk.queue = alloc_array(count, sizeof *walk.queue);
	assert(!options->sitemaps || !options->ignores_robots);
	for (size_t i = 0; i < count; i++)
		self->depth[i] = -1;
	for (size_t i = 0; i < listed_count; i++)
		offer(&walk, &(struct found){listed[i], 0, true});
	for (size_t i = 0; options->sitemaps && i < listed_count; i++)
		read_sitemaps(&walk, listed[i]);
	for (size_t i = 0; i < walk.count; i++) {
		struct found found = walk.queue[i];
		visit(&walk, &found);
	}
	free(walk.is_known);
	free(walk.queue);
}

void truth_release(struct truth *self)
{
	rows_release(&self->requests);
	rows_release(&self->links);
	rows_release(&self->lines);
	free(self->depth);
	free(self->line);
	*self = (struct truth){0};
}
