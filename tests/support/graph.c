#include "graph.h"

#include "base/alloc.h"
#include "graph_draw.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How a healthy page may be sent. */
static const char *const manners[] = {"chunked=1&chunk=7", "encoding=gzip", "encoding=br&chunked=1",
    "length=none", "close=1", "delay=30", "body_delay=20", "drip=200,1", "header_drip=40,1", "hints=2",
    "encoding=zstd&drip=100,1", "encoding=deflate", "size=30000"};

enum { MANNERS = sizeof manners / sizeof *manners };

/* WINDOW is how many pages ahead most links lead. */
enum { WINDOW = 8, SPELLINGS = 10, SPELLING_USER = 8, TEXT_MAX = 64 << 20 };

void graph_host(const struct graph *self, unsigned host, struct buf *out)
{
	static const char *const subdomains[] = {"www", "news"};
	char text[64];
	if (self->spec.names)
		snprintf(
		    text, sizeof text, "%s.site%u.test:%u", subdomains[host % 2], host / 2, self->spec.port);
	else
		snprintf(text, sizeof text, "127.0.0.%u:%u", host + 1, self->spec.port);
	buf_append_text(out, text);
}

bool graph_same_site(const struct graph *self, unsigned a, unsigned b)
{
	return self->spec.names ? a / 2 == b / 2 : a == b;
}

void graph_site_url(const struct graph *self, unsigned host, struct buf *out)
{
	buf_append_text(out, "http://");
	graph_host(self, host, out);
	buf_append_text(out, "/_/graph/");
	buf_append_number(out, self->spec.seed);
	buf_append_byte(out, '/');
}

static char *take_text(struct buf *text)
{
	buf_append(text, "", 0);
	return text->data;
}

/* Adds a page without links. */
static struct graph_page *add_page(struct graph *self, unsigned host)
{
	self->pages = alloc_resize(self->pages, self->page_count + 1, sizeof *self->pages);
	struct graph_page *page = &self->pages[self->page_count++];
	*page = (struct graph_page){.host = host, .manner = ""};
	return page;
}

static void name_page(struct graph *self, struct graph_page *page)
{
	struct buf url;
	buf_init(&url, TEXT_MAX);
	graph_site_url(self, page->host, &url);
	buf_append_text(&url, page->directory == GRAPH_A ? "a/" : "b/");
	if (page->is_secret || page->is_open)
		buf_append_text(&url, page->is_open ? "secret/open/" : "secret/");
	buf_append_byte(&url, 'p');
	buf_append_number(&url, (uint64_t)(page - self->pages));
	page->url = take_text(&url);
}

static void add_link(struct graph_page *page, struct graph_link link)
{
	page->links = alloc_resize(page->links, page->link_count + 1, sizeof *page->links);
	page->links[page->link_count++] = link;
}

static unsigned draw_host(const struct graph *self, uint64_t *state)
{
	/* The first host has about half of the pages. */
	return !self->spec.spread && graph_draw(state, 2) ? 0 : graph_draw(state, self->spec.hosts);
}

/* What a healthy page is like. */
static void draw_manner(const struct graph_spec *spec, uint64_t *state, struct graph_page *page)
{
	page->kind = graph_draw(state, 12) == 0 ? GRAPH_FEED : GRAPH_HTML;
	if (graph_draw_share(state, spec->faults))
		page->manner = manners[graph_draw(state, MANNERS)];
	if (page->kind == GRAPH_HTML && graph_draw_share(state, spec->nofollow))
		page->nofollow = graph_draw(state, 2) ? GRAPH_META : GRAPH_HEADER;
}

static void draw_folder(const struct graph_spec *spec, uint64_t *state, struct graph_page *page)
{
	page->directory = graph_draw(state, 3) == 0 ? GRAPH_B : GRAPH_A;
	if (graph_draw_share(state, spec->secret)) {
		page->is_open = graph_draw(state, 3) == 0;
		page->is_secret = !page->is_open;
	}
}

static void draw_page(struct graph *self, uint64_t *state)
{
	const struct graph_spec *spec = &self->spec;
	static const enum graph_kind dead[] = {GRAPH_MISSING, GRAPH_BROKEN, GRAPH_IMAGE, GRAPH_TEXT};
	struct graph_page *page = add_page(self, draw_host(self, state));
	if (self->page_count == 1) {
		page->host = 0;
		name_page(self, page);
		return;
	}
	draw_folder(spec, state, page);
	if (!spec->names && graph_draw(state, 40) == 0)
		page->host = spec->hosts;
	if (graph_draw_share(state, spec->redirects))
		page->kind = GRAPH_REDIRECT;
	else if (graph_draw_share(state, spec->dead))
		page->kind = dead[graph_draw(state, 4)];
	else
		draw_manner(spec, state, page);
	page->is_flaky = page->kind <= GRAPH_FEED && graph_draw_share(state, spec->flaky);
	name_page(self, page);
}

/* Adds a page that only a redirect from the page `from` leads to. It does not need another try, because that
 * may begin with the redirect again. */
static size_t add_target(struct graph *self, uint64_t *state, size_t from)
{
	size_t number = self->page_count;
	unsigned host = graph_draw(state, 3) ? self->pages[from].host : draw_host(self, state);
	struct graph_page *page = add_page(self, host);
	draw_folder(&self->spec, state, page);
	if (graph_draw(state, 3) == 0)
		page->kind = GRAPH_REDIRECT;
	else
		draw_manner(&self->spec, state, page);
	name_page(self, page);
	return number;
}

/* The targets of a redirect and of those that follow it. Without `shared` each target is known before the
 * redirect is asked for, or nothing else leads to it: then the outcomes do not depend on which of two answers
 * comes first. */
static void draw_targets(struct graph *self, uint64_t *state, size_t first)
{
	for (size_t at = first; self->pages[at].kind == GRAPH_REDIRECT;) {
		unsigned dice = graph_draw(state, 8);
		size_t target = dice == 0 ? 0 : dice == 1 ? first : at;
		if (self->spec.shared)
			target = graph_draw(state, self->spec.pages);
		else if (dice > 2)
			target = add_target(self, state, at);
		self->pages[at].target = target;
		if (target < self->spec.pages)
			return;
		at = target;
	}
}

/* Most links lead some pages ahead, and most of them within the host and the directory: so a graph is deep,
 * and every scope holds much of it. */
static size_t draw_target(const struct graph *self, uint64_t *state, size_t from)
{
	size_t pages = self->spec.pages, target = graph_draw(state, pages);
	if (graph_draw(state, 4) == 0)
		return target;
	bool stays = graph_draw(state, 3) > 0;
	for (unsigned ahead = 1 + graph_draw(state, WINDOW), end = 3 * WINDOW; ahead < end; ahead++) {
		target = (from + ahead) % pages;
		bool is_near = self->pages[target].host == self->pages[from].host &&
		               self->pages[target].directory == self->pages[from].directory;
		if (is_near || !stays)
			break;
	}
	return target;
}

static void draw_link(struct graph *self, uint64_t *state, size_t from)
{
	static const enum graph_link_kind rare[] = {
	    GRAPH_LINK_AREA, GRAPH_LINK_STYLE, GRAPH_LINK_MAIL, GRAPH_LINK_IMAGE};
	struct graph_page *page = &self->pages[from];
	struct graph_link link = {.kind = GRAPH_LINK_A, .target = draw_target(self, state, from)};
	link.spelling = graph_draw(state, SPELLINGS);
	link.fragment = graph_draw(state, 4) ? 0 : graph_draw(state, 3);
	if (page->kind == GRAPH_FEED) {
		link.spelling = 0;
		add_link(page, link);
		return;
	}
	if (graph_draw(state, 3) == 0)
		link.kind = rare[graph_draw(state, 4)];
	else if (graph_draw_share(state, self->spec.nofollow))
		link.kind = GRAPH_LINK_NOFOLLOW;
	add_link(page, link);
	/* The same URL again, in another spelling, and perhaps in a link that may be followed. */
	if (graph_link_leads_on(&link) && graph_draw(state, 5) == 0) {
		link.kind = graph_draw(state, 2) ? GRAPH_LINK_A : link.kind;
		link.spelling = graph_draw(state, SPELLINGS);
		add_link(page, link);
	}
}

/* A link from the start to a page that every scope and robots.txt lets through, and that leads on. */
static void draw_sure_link(struct graph *self, uint64_t *state)
{
	size_t pages = self->spec.pages, first = graph_draw(state, pages);
	for (size_t i = 0; i < pages; i++) {
		size_t target = (first + i) % pages;
		const struct graph_page *page = &self->pages[target];
		if (target == 0 || page->host != 0 || page->directory != GRAPH_A || page->is_secret ||
		    page->kind != GRAPH_HTML || page->nofollow != GRAPH_FOLLOW)
			continue;
		add_link(&self->pages[0], (struct graph_link){.kind = GRAPH_LINK_A, .target = target});
		return;
	}
}

static void draw_links(struct graph *self, uint64_t *state, size_t from)
{
	if (self->pages[from].kind > GRAPH_FEED)
		return;
	size_t count = graph_draw(state, 2 * (size_t)self->spec.links + 1);
	while (count-- > 0)
		draw_link(self, state, from);
	for (unsigned i = 0; from == 0 && i < self->spec.links; i++)
		draw_sure_link(self, state);
	if (graph_draw(state, 6) == 0)
		add_link(&self->pages[from], (struct graph_link){.kind = GRAPH_LINK_A, .target = from});
}

/* The two traps, step by step. */
static void add_traps(struct graph *self, uint64_t *state)
{
	size_t first = self->page_count;
	for (size_t step = 0; step < GRAPH_TRAP_STEPS; step++) {
		for (int kind = GRAPH_CALENDAR; kind <= GRAPH_DEEPER; kind++) {
			struct graph_page *page = add_page(self, 0);
			struct buf url;
			buf_init(&url, TEXT_MAX);
			page->directory = (enum graph_directory)kind;
			graph_site_url(self, 0, &url);
			buf_append_text(&url, kind == GRAPH_CALENDAR ? "trap/day/" : "trap/");
			if (kind == GRAPH_CALENDAR)
				buf_append_number(&url, step);
			for (size_t i = 0; kind == GRAPH_DEEPER && i <= step; i++)
				buf_append_text(&url, "deeper/");
			page->url = take_text(&url);
			if (step + 1 < GRAPH_TRAP_STEPS)
				add_link(page, (struct graph_link){.target = self->page_count + 1});
		}
	}
	for (size_t i = 0; i < self->spec.pages; i++)
		if (self->pages[i].kind == GRAPH_HTML && (i == 0 || graph_draw(state, 5) == 0))
			add_link(
			    &self->pages[i], (struct graph_link){.target = first + graph_draw(state, 2)});
}

bool graph_init(struct graph *self, const struct graph_spec *spec)
{
	*self = (struct graph){.spec = *spec};
	if (spec->pages == 0 || spec->pages > GRAPH_PAGES_MAX || spec->hosts == 0 ||
	    spec->hosts > GRAPH_HOSTS_MAX || spec->port > 65535 || spec->links > 1000)
		return false;
	uint64_t state = spec->seed;
	/* All kinds are there if the hosts are enough, in an order that the seed gives. */
	unsigned turn = graph_draw(&state, GRAPH_ROBOTS_KINDS);
	for (unsigned host = 1; host < spec->hosts; host++)
		self->robots[host] = (enum graph_robots)((turn + host) % GRAPH_ROBOTS_KINDS);
	for (size_t i = 0; i < spec->pages; i++)
		draw_page(self, &state);
	for (size_t i = 0; i < spec->pages; i++)
		draw_targets(self, &state, i);
	for (size_t i = 0; i < self->page_count; i++)
		draw_links(self, &state, i);
	if (spec->traps)
		add_traps(self, &state);
	return true;
}

void graph_release(struct graph *self)
{
	for (size_t i = 0; i < self->page_count; i++) {
		free(self->pages[i].url);
		free(self->pages[i].links);
	}
	free(self->pages);
	*self = (struct graph){0};
}

size_t graph_find(const struct graph *self, const char *url)
{
	static const char scheme[] = "http://";
	const char *host = strncmp(url, scheme, sizeof scheme - 1) == 0 ? url + sizeof scheme - 1 : url;
	size_t authority = strcspn(host, "/");
	const char *at = memchr(host, '@', authority);
	host = at ? at + 1 : host;
	size_t len = strcspn(host, "#");
	for (size_t i = 0; i < self->page_count; i++) {
		const char *known = self->pages[i].url + sizeof scheme - 1;
		if (strlen(known) == len && memcmp(known, host, len) == 0)
			return i;
	}
	return self->page_count;
}

bool graph_is_disallowed(const struct graph *self, const struct graph_page *page)
{
	bool in_disallowed = page->is_secret || page->directory >= GRAPH_CALENDAR;
	return in_disallowed && self->robots[page->host] <= GRAPH_ROBOTS_MOVED;
}

bool graph_link_leads_on(const struct graph_link *link)
{
	return link->kind <= GRAPH_LINK_NOFOLLOW;
}

static void append_upper(struct buf *out, const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf_append_byte(out, (char)toupper((unsigned char)bytes[i]));
}

/* The path with the way from the page's folder up to the root in front. */
static void append_relative(const char *from, const char *path, struct buf *out)
{
	for (const char *slash = strchr(from + 1, '/'); slash; slash = strchr(slash + 1, '/'))
		buf_append_text(out, "../");
	buf_append_text(out, path + 1);
}

static void append_spelling(
    const struct graph_page *from, const struct graph_page *to, unsigned spelling, struct buf *out)
{
	const char *url = to->url, *host = strstr(url, "://") + 3, *path = strchr(host, '/');
	const char *from_path = strchr(strstr(from->url, "://") + 3, '/');
	bool is_same_host = from->host == to->host;
	switch (spelling) {
	case 1:
		buf_append_text(out, host - 2);
		return;
	case 2:
		buf_append_text(out, is_same_host ? path : url);
		return;
	case 3:
		if (is_same_host)
			append_relative(from_path, path, out);
		else
			buf_append_text(out, url);
		return;
	case 4:
		append_upper(out, url, (size_t)(path - url));
		buf_append_text(out, path);
		return;
	case 5:
		buf_append(out, url, (size_t)(path - url));
		buf_append_text(out, "/_/./x/..");
		buf_append_text(out, path + 2);
		return;
	case 6:
		buf_append_text(out, "\n  ");
		buf_append_text(out, url);
		return;
	case 7:
		/* A newline within is left out. */
		buf_append_text(out, "ht\ntp");
		buf_append_text(out, url + 4);
		return;
	case SPELLING_USER:
		buf_append_text(out, "http://me@");
		buf_append_text(out, host);
		return;
	case 9:
		for (const char *c = url; *c; c++)
			buf_append_byte(out, *c == '/' ? '\\' : *c);
		return;
	default:
		buf_append_text(out, url);
	}
}

static void append_fragment(const struct graph_link *link, struct buf *out)
{
	if (link->fragment == 0)
		return;
	buf_append_text(out, "#f");
	buf_append_number(out, link->fragment);
}

void graph_link_raw(
    const struct graph *self, const struct graph_page *from, const struct graph_link *link, struct buf *out)
{
	if (link->kind == GRAPH_LINK_MAIL) {
		buf_append_text(out, "mailto:somebody@site.test");
	} else if (link->kind == GRAPH_LINK_STYLE || link->kind == GRAPH_LINK_IMAGE) {
		graph_site_url(self, from->host, out);
		buf_append_text(out, link->kind == GRAPH_LINK_STYLE ? "style.css" : "image.png");
	} else {
		append_spelling(from, &self->pages[link->target], link->spelling, out);
		append_fragment(link, out);
	}
}

void graph_link_row(
    const struct graph *self, const struct graph_page *from, const struct graph_link *link, struct buf *out)
{
	if (link->kind == GRAPH_LINK_IMAGE)
		return;
	struct graph_link plain = *link;
	plain.spelling = link->spelling == SPELLING_USER ? SPELLING_USER : 0;
	graph_link_raw(self, from, &plain, out);
}

void graph_moved_robots_url(const struct graph *self, unsigned host, struct buf *out)
{
	graph_site_url(self, (host + 1) % self->spec.hosts, out);
	buf_append_text(out, "robots/");
	buf_append_number(out, host);
}

void graph_sitemap_url(const struct graph *self, unsigned host, enum graph_sitemap number, struct buf *out)
{
	if (number == GRAPH_SITEMAP_INDEX && self->robots[host] > GRAPH_ROBOTS_MOVED) {
		buf_append_text(out, "http://");
		graph_host(self, host, out);
		buf_append_text(out, "/sitemap.xml");
		return;
	}
	graph_site_url(self, host, out);
	buf_append_text(out, "sitemap/");
	buf_append_number(out, host);
	buf_append_byte(out, '/');
	buf_append_number(out, number);
}

bool graph_sitemap_names(const struct graph *self, unsigned host, enum graph_sitemap number, size_t page)
{
	static const enum graph_sitemap lists[] = {
	    GRAPH_SITEMAP_GZIP, GRAPH_SITEMAP_TEXT, GRAPH_SITEMAP_THIRD};
	if (page >= self->spec.pages || page % 3 != 0 || lists[page / 3 % 3] != number)
		return false;
	unsigned other = (host + 1) % self->spec.hosts;
	return self->pages[page].host == host ||
	       (number == GRAPH_SITEMAP_THIRD && self->pages[page].host == other);
}
