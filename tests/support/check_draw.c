#include "check_draw.h"

#include "graph_draw.h"

#include <assert.h>
#include <string.h>

enum { PAGES_HOME = 9, PAGES_HOME_TOO = 5, PAGES_ELSEWHERE = 4, REDIRECTS = 18, HOPS_MAX = 4, SECRETS = 2 };

struct draw {
	struct check_site *site;
	uint64_t state;
	size_t pages;   /* the targets before this number are those that the list may lead to by links */
	size_t readers; /* and these have links: they are pages on the list's hosts */
};

static unsigned draw_host(struct draw *self)
{
	return graph_draw(&self->state, CHECK_ELSEWHERE + 1);
}

static size_t add_page(struct draw *self, unsigned host)
{
	static const char *const kinds[] = {"page", "page-head-405", "page-head-404", "page-slow"};
	const char *kind = kinds[graph_draw(&self->state, sizeof kinds / sizeof *kinds)];
	if (self->site->spec.takes_heads && (check_kind_find(kind)->flags & CHECK_NO_HEADS))
		kind = "page";
	size_t number = check_site_add(self->site, host, kind);
	struct check_target *page = &self->site->targets[number];
	page->is_latin = graph_draw(&self->state, 4) == 0;
	for (size_t i = 0; i < check_anchor_count; i++)
		page->has_anchor[i] = graph_draw_share(&self->state, 60);
	return number;
}

static bool is_fitting(const struct draw *self, const struct check_kind *kind)
{
	bool is_page = strncmp(kind->name, "page", 4) == 0, is_redirect = strcmp(kind->name, "redirect") == 0;
	if (is_page || is_redirect || (kind->flags & CHECK_NOT_ON_SERVER))
		return false;
	if ((kind->flags & CHECK_SLOW) && !self->site->spec.slow)
		return false;
	if (kind->flags & (self->site->spec.takes_heads ? CHECK_NO_HEADS : CHECK_TWO_FACED))
		return false;
	return kind->fate != CHECK_DEAD || !self->site->spec.healthy;
}

static void add_kinds(struct draw *self)
{
	for (size_t i = 0; i < check_kind_count; i++) {
		const struct check_kind *kind = &check_kinds[i];
		if (!is_fitting(self, kind))
			continue;
		for (unsigned times = 1 + graph_draw(&self->state, 2); times > 0; times--)
			check_site_add(self->site,
			    kind->flags & CHECK_TWO_FACED ? CHECK_ELSEWHERE : draw_host(self), kind->name);
	}
	for (unsigned i = 0; i < SECRETS * (CHECK_ELSEWHERE + 1); i++)
		check_site_add_secret(self->site, i / SECRETS);
	for (unsigned i = 0; i < 2 && !self->site->spec.healthy; i++) {
		check_site_add(self->site, CHECK_REFUSED, "refused");
		check_site_add(self->site, CHECK_NO_NAME, "no-name");
	}
}

/* Where a chain ends: no page that a crawl would find by links as well, because which way it comes first
 * decides under which URL its rows are; nor what robots.txt forbids. */
static size_t draw_end(struct draw *self, unsigned host)
{
	struct check_site *site = self->site;
	if (graph_draw(&self->state, 4) == 0)
		return graph_draw(&self->state, 2); /* a listed page */
	if (graph_draw(&self->state, 3) == 0) {
		size_t number = add_page(self, host == CHECK_ELSEWHERE ? host : graph_draw(&self->state, 2));
		site->targets[number].is_private = true;
		return number;
	}
	for (;;) {
		size_t number = graph_draw(&self->state, self->pages);
		const struct check_target *target = &site->targets[number];
		bool is_readable = target->is_page && target->host != CHECK_ELSEWHERE;
		if (!is_readable && !target->is_secret && !(target->kind->flags & CHECK_TWO_FACED))
			return number;
	}
}

static unsigned draw_status(struct draw *self)
{
	static const unsigned statuses[] = {301, 308, 302, 307, 303};
	return statuses[graph_draw(&self->state, sizeof statuses / sizeof *statuses)];
}

/* A chain is made from its end. Its hops are private, but for the first. */
static size_t add_chain(struct draw *self, unsigned host)
{
	struct check_site *site = self->site;
	size_t next = draw_end(self, host);
	for (unsigned hops = graph_draw(&self->state, HOPS_MAX); hops > 0; hops--) {
		/* A chain that begins in scope stays there half of the time. */
		unsigned at = graph_draw(&self->state, 2) ? host : draw_host(self);
		next = check_site_add_redirect(site, at, draw_status(self), next);
		site->targets[next].is_private = true;
	}
	return check_site_add_redirect(site, host, draw_status(self), next);
}

static void add_circle(struct draw *self, unsigned host)
{
	struct check_site *site = self->site;
	size_t first = check_site_add_redirect(site, host, draw_status(self), 0), at = first;
	for (unsigned hops = graph_draw(&self->state, 3); hops > 0; hops--) {
		at = check_site_add_redirect(site, draw_host(self), draw_status(self), at);
		site->targets[at].is_private = true;
	}
	site->targets[first].next = at;
}

static void add_redirects(struct draw *self)
{
	for (unsigned i = 0; i < REDIRECTS; i++)
		add_chain(self, draw_host(self));
	for (unsigned i = 0; i < 3 && !self->site->spec.healthy; i++)
		add_circle(self, i);
}

/* The list: two pages of each host, a redirect to a page of its own, and a dead URL. */
static void make_list(struct draw *self)
{
	struct check_site *site = self->site;
	site->targets[0].is_listed = site->targets[1].is_listed = true;
	site->targets[2].is_listed = site->targets[3].is_listed = true;
	size_t page = add_page(self, CHECK_HOME);
	site->targets[page].is_private = true;
	size_t redirect = check_site_add_redirect(site, CHECK_HOME, 302, page);
	site->targets[redirect].is_listed = true;
	if (site->spec.healthy)
		return;
	size_t dead = check_site_add(site, CHECK_HOME, "dead-404");
	site->targets[dead].is_listed = true;
}

static bool is_permanent(unsigned status)
{
	return status == 301 || status == 308;
}

/* What a fragment means for the new address of a link that was moved is left to the address itself. */
static bool may_have_fragment(const struct check_target *target)
{
	bool is_moved = target->next != CHECK_NO_TARGET && is_permanent(target->status);
	return !is_moved && !(target->kind->flags & CHECK_TWO_FACED);
}

static struct check_link draw_link(struct draw *self, size_t to, bool leads_on)
{
	const struct check_target *target = &self->site->targets[to];
	struct check_link link = {.target = to};
	size_t number = leads_on                           ? graph_draw(&self->state, 3)
	                : graph_draw(&self->state, 3) == 0 ? graph_draw(&self->state, check_markup_count)
	                                                   : graph_draw(&self->state, 5);
	link.markup = &check_markups[number];
	link.spelling =
	    graph_draw(&self->state, link.markup->is_href ? CHECK_SPELLINGS : CHECK_SPELLINGS_ANYWHERE);
	unsigned share = target->is_page || target->next != CHECK_NO_TARGET ? 60 : 15;
	if (link.markup->is_href && may_have_fragment(target) && graph_draw_share(&self->state, share))
		link.fragment = &check_fragments[graph_draw(&self->state, check_fragment_count)];
	return link;
}

/* A page that has links which count: one of the list's hosts, whichever way a run comes to it. */
static size_t draw_reader(struct draw *self)
{
	for (;;) {
		size_t number = graph_draw(&self->state, self->site->count);
		const struct check_target *target = &self->site->targets[number];
		if (target->is_page && (target->host != CHECK_ELSEWHERE || graph_draw(&self->state, 8) == 0))
			return number;
	}
}

static void add_links(struct draw *self)
{
	struct check_site *site = self->site;
	for (size_t i = 0; i < site->count; i++) {
		const struct check_target *target = &site->targets[i];
		for (unsigned own = 0; target->is_page && own < 3; own++) {
			struct check_link link = draw_link(self, i, false);
			check_site_link(site, i, &link);
		}
		if (target->is_private)
			continue;
		/* Each page can be reached by links that a crawl follows. */
		if (i >= 2 && i < self->readers) {
			struct check_link link = draw_link(self, i, true);
			check_site_link(site, i - 1 - graph_draw(&self->state, 2), &link);
		}
		for (unsigned times = 1 + graph_draw(&self->state, 4); times > 0; times--) {
			struct check_link link = draw_link(self, i, false);
			check_site_link(site, draw_reader(self), &link);
		}
	}
}

void check_draw(struct check_site *site, const struct check_spec *spec)
{
	struct draw self = {.site = site, .state = spec->seed};
	assert(check_anchor_count <= CHECK_ANCHORS_MAX);
	*site = (struct check_site){.spec = *spec};
	for (unsigned i = 0; i < PAGES_HOME + PAGES_HOME_TOO; i++)
		add_page(&self, i % 2 && i < 2 * PAGES_HOME_TOO ? CHECK_HOME_TOO : CHECK_HOME);
	self.readers = site->count;
	for (unsigned i = 0; i < PAGES_ELSEWHERE; i++)
		add_page(&self, CHECK_ELSEWHERE);
	add_kinds(&self);
	self.pages = site->count;
	add_redirects(&self);
	make_list(&self);
	add_links(&self);
}
