#include "graph_answer.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 64 << 20 };

static void set(struct graph_answer *answer, unsigned status, const char *type)
{
	answer->status = status;
	answer->type = type;
}

/* What robots.txt says, in one of three ways that mean the same for areq. */
static void write_rules(const struct graph *graph, unsigned host, struct buf *out)
{
	static const char *const groups[] = {
	    "# for all\nUser-agent: *\n"
	    "Disallow: /_/graph/%1$u/a/secret/\nDisallow: /_/graph/%1$u/b/secret/\n"
	    "Allow: /_/graph/%1$u/a/secret/open/\nAllow: /_/graph/%1$u/b/secret/open/\n"
	    "Disallow: /_/graph/%1$u/trap/\n",
	    "user-agent: otherbot\ndisallow: /\n\nUSER-AGENT : *\r\n"
	    "disallow: /*/%1$u/*/secret/\r\nallow: /*/%1$u/*/secret/open/\r\nDisallow:/*/trap/ # no end\r\n",
	    "User-agent: *\nDisallow: /\n\nUser-agent: otherbot\nUser-agent: Areq\n"
	    "Disallow: /_/*/%1$u/*/secret/p\nDisallow: /*/day/\nDisallow: /*deeper\n",
	};
	const struct graph_spec *spec = &graph->spec;
	char group[512], delay[64];
	snprintf(group, sizeof group, groups[(spec->seed + host) % 3], spec->seed);
	buf_append_text(out, group);
	if (host == 0 && spec->crawl_delay_ms > 0) {
		unsigned ms = spec->crawl_delay_ms;
		snprintf(delay, sizeof delay, "Crawl-delay: %u.%03u\n", ms / 1000, ms % 1000);
		buf_append_text(out, delay);
	}
	buf_append_text(out, "\nSitemap: ");
	graph_sitemap_url(graph, host, GRAPH_SITEMAP_INDEX, out);
	buf_append_text(out, "\n");
}

static void answer_robots(struct graph_answer *answer, const struct graph *graph, unsigned host)
{
	set(answer, 200, "text/plain");
	switch (graph->robots[host]) {
	case GRAPH_ROBOTS_BUSY:
		answer->fail_status = 429;
		/* fallthrough */
	case GRAPH_ROBOTS_RULES:
		write_rules(graph, host, &answer->body);
		return;
	case GRAPH_ROBOTS_MOVED:
		answer->status = 301;
		graph_moved_robots_url(graph, host, &answer->location);
		return;
	case GRAPH_ROBOTS_HTML:
		answer->type = "text/html";
		buf_append_text(&answer->body, "<!doctype html>\n<p>No such page.\n<pre>\n"
		                               "User-agent: *\nDisallow: /\n</pre>\n");
		return;
	case GRAPH_ROBOTS_BROKEN:
		answer->status = 500;
		return;
	default:
		answer->status = 404;
		buf_append_text(&answer->body, "User-agent: *\nDisallow: /\n");
	}
}

static void write_entry(
    const struct graph *graph, unsigned host, enum graph_sitemap number, bool is_index, struct buf *out)
{
	buf_append_text(out, is_index ? "<sitemap><loc>" : "<url><loc> ");
	graph_sitemap_url(graph, host, number, out);
	buf_append_text(out, is_index ? "</loc></sitemap>\n" : "</loc></url>\n");
}

static void write_index(const struct graph *graph, unsigned host, enum graph_sitemap number, struct buf *out)
{
	static const enum graph_sitemap of_first[] = {GRAPH_SITEMAP_GZIP, GRAPH_SITEMAP_MISSING,
	    GRAPH_SITEMAP_TEXT, GRAPH_SITEMAP_GZIP, GRAPH_SITEMAP_NESTED},
	                                of_second[] = {
	                                    GRAPH_SITEMAP_THIRD, GRAPH_SITEMAP_INDEX, GRAPH_SITEMAP_THIRD};
	bool is_first = number == GRAPH_SITEMAP_INDEX;
	size_t count = is_first ? sizeof of_first / sizeof *of_first : sizeof of_second / sizeof *of_second;
	buf_append_text(out, "<?xml version='1.0'?>\n<sitemapindex>\n");
	for (size_t i = 0; i < count; i++)
		write_entry(graph, host, is_first ? of_first[i] : of_second[i], true, out);
	buf_append_text(out, "</sitemapindex>\n");
}

static void write_list(const struct graph *graph, unsigned host, enum graph_sitemap number, struct buf *out)
{
	bool is_text = number == GRAPH_SITEMAP_TEXT;
	buf_append_text(out, is_text ? "" : "<?xml version='1.0'?>\n<urlset>\n");
	for (size_t i = 0; i < graph->spec.pages; i++) {
		if (!graph_sitemap_names(graph, host, number, i))
			continue;
		buf_append_text(out, is_text ? "" : "<url><loc> ");
		buf_append_text(out, graph->pages[i].url);
		buf_append_text(out, is_text ? "\n" : "</loc></url>\n");
	}
	buf_append_text(out, is_text ? "" : "</urlset>\n");
}

static void answer_sitemap(
    struct graph_answer *answer, const struct graph *graph, unsigned host, enum graph_sitemap number)
{
	set(answer, 200, "application/xml");
	switch (number) {
	case GRAPH_SITEMAP_INDEX:
	case GRAPH_SITEMAP_NESTED:
		write_index(graph, host, number, &answer->body);
		return;
	case GRAPH_SITEMAP_MISSING:
		set(answer, 404, "text/html");
		return;
	case GRAPH_SITEMAP_GZIP:
		answer->type = "application/gzip";
		answer->manner = "encoding=gzip&encoding_name=";
		break;
	case GRAPH_SITEMAP_TEXT:
		answer->type = "text/plain";
		break;
	default:
		break;
	}
	write_list(graph, host, number, &answer->body);
}

static void write_link(
    const struct graph *graph, const struct graph_page *page, const struct graph_link *link, struct buf *out)
{
	static const char *const before[] = {"<p><a class=x href=\"", "<area href=\"", "<a href=\"",
	    "<link rel=stylesheet href=\"", "<a href=\"", "<img src=\""};
	static const char *const behind[] = {"\">a link</a>\n", "\">\n",
	    "\" rel=\"noopener NoFollow\">a link</a>\n", "\">\n", "\">mail</a>\n", "\">\n"};
	buf_append_text(out, page->kind == GRAPH_FEED ? "<item><link>" : before[link->kind]);
	graph_link_raw(graph, page, link, out);
	buf_append_text(out, page->kind == GRAPH_FEED ? "</link></item>\n" : behind[link->kind]);
}

static void write_links(const struct graph *graph, const struct graph_page *page, struct buf *out)
{
	for (size_t i = 0; i < page->link_count; i++)
		write_link(graph, page, &page->links[i], out);
}

static void answer_html(struct graph_answer *answer, const struct graph *graph, const struct graph_page *page)
{
	static const char *const metas[] = {"nofollow", "none", "noindex, NOFOLLOW"};
	static const char *const headers[] = {
	    "X-Robots-Tag: nofollow", "X-Robots-Tag: noindex, nofollow", "X-Robots-Tag: areq: none"};
	size_t number = (size_t)(page - graph->pages);
	buf_append_text(&answer->body, "<!doctype html>\n<title>A page</title>\n");
	if (page->nofollow == GRAPH_META) {
		buf_append_text(&answer->body, "<meta name=Robots content=\"");
		buf_append_text(&answer->body, metas[number % 3]);
		buf_append_text(&answer->body, "\">\n");
	} else if (page->nofollow == GRAPH_HEADER) {
		answer->header = headers[number % 3];
	} else if (number % 4 == 0) {
		/* Meant for others. */
		answer->header = "X-Robots-Tag: otherbot: nofollow";
		buf_append_text(&answer->body, "<meta name=otherbot content=nofollow>\n");
	}
	buf_append_text(&answer->body, "<!-- <a href=in-a-comment>no link</a> -->\n");
	write_links(graph, page, &answer->body);
}

static void answer_page(struct graph_answer *answer, const struct graph *graph, const struct graph_page *page)
{
	set(answer, 200, "text/html");
	answer->manner = page->manner;
	answer->fail_status = page->is_flaky ? 503 : 0;
	switch (page->kind) {
	case GRAPH_HTML:
		answer_html(answer, graph, page);
		return;
	case GRAPH_FEED:
		answer->type = "application/rss+xml";
		buf_append_text(&answer->body, "<?xml version='1.0'?>\n<rss version='2.0'><channel>\n");
		write_links(graph, page, &answer->body);
		buf_append_text(&answer->body, "</channel></rss>\n");
		return;
	case GRAPH_REDIRECT:
		answer->status = 302;
		buf_append_text(&answer->location, graph->pages[page->target].url);
		return;
	case GRAPH_MISSING:
		answer->status = 404;
		return;
	case GRAPH_BROKEN:
		answer->status = 500;
		return;
	case GRAPH_IMAGE:
		answer->type = "image/png";
		buf_append(&answer->body, "\x89PNG\r\n\x1a\n", 8);
		return;
	case GRAPH_TEXT:
		answer->type = "text/plain";
		buf_append_text(&answer->body, "<a href=p1>no link</a>\n");
	}
}

static bool is_url(struct buf *made, const char *url)
{
	buf_append(made, "", 0);
	return strcmp(made->data, url) == 0;
}

/* True where the URL is one of the files of a host that are no pages. */
static bool answer_file(
    struct graph_answer *answer, const struct graph *graph, unsigned host, const char *url)
{
	struct buf made;
	buf_init(&made, TEXT_MAX);
	buf_append_text(&made, "http://");
	graph_host(graph, host, &made);
	buf_append_text(&made, "/robots.txt");
	bool found = is_url(&made, url);
	if (found)
		answer_robots(answer, graph, host);
	buf_clear(&made);
	graph_moved_robots_url(graph, host, &made);
	if (!found && is_url(&made, url)) {
		found = true;
		set(answer, 200, "text/plain");
		write_rules(graph, host, &answer->body);
	}
	for (int number = 0; !found && number < GRAPH_SITEMAPS; number++) {
		buf_clear(&made);
		graph_sitemap_url(graph, host, (enum graph_sitemap)number, &made);
		found = is_url(&made, url);
		if (found)
			answer_sitemap(answer, graph, host, (enum graph_sitemap)number);
	}
	buf_release(&made);
	return found;
}

void graph_answer_init(struct graph_answer *answer, const struct graph *graph, const char *url)
{
	*answer = (struct graph_answer){.manner = ""};
	buf_init(&answer->location, TEXT_MAX);
	buf_init(&answer->body, TEXT_MAX);
	set(answer, 404, "text/html");
	size_t page = graph_find(graph, url);
	if (page < graph->page_count) {
		answer_page(answer, graph, &graph->pages[page]);
		return;
	}
	for (unsigned host = 0; host < graph->spec.hosts; host++)
		if (answer_file(answer, graph, host, url))
			return;
}

void graph_answer_release(struct graph_answer *answer)
{
	buf_release(&answer->location);
	buf_release(&answer->body);
}
