#include "check_truth.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* --max-redirs, and the most HEADs and GETs that one URL of a circle can get with it. */
enum { REDIRECTS_MAX = 20, CIRCLE_MOST = REDIRECTS_MAX + 1, REPEATS_MAX = 6, URL_MAX = 1 << 16 };

/* What a run does with a target. */
struct use {
	bool is_fetched; /* listed, or followed by the crawl */
	bool is_known;   /* this, or a redirect of what is fetched leads there */
	bool is_passed;  /* by a redirect, or it may be */
	bool is_refused; /* by robots.txt */
	bool is_looked_at;
	bool needs_anchors;    /* a link has a fragment that the page must have an anchor for */
	bool may_need_anchors; /* a link has any fragment */
};

/* A page whose links have rows, under that source_url. */
struct reading {
	size_t source;
	size_t page;
};

struct walk {
	const struct check_site *site;
	const struct check_options *options;
	struct check_truth *truth;
	struct use *uses;
	size_t *queue;
	size_t queued;
	struct reading *readings;
	size_t reading_count;
	bool has_spoiled[CHECK_HOSTS];    /* on that host: a connection may have had too many bytes */
	bool gives_up_heads[CHECK_HOSTS]; /* on that host: a look may be a GET at once */
};

static const struct check_target *target_of(const struct walk *walk, size_t number)
{
	return &walk->site->targets[number];
}

static bool is_redirect(const struct check_target *target)
{
	return target->next != CHECK_NO_TARGET;
}

static bool is_in_scope(const struct check_target *target)
{
	return target->host <= CHECK_HOME_TOO;
}

static bool is_visible(const struct walk *walk, const struct check_link *link)
{
	return link->markup->is_href || walk->options->all_attrs;
}

/* Which pages are read. */

static void fetch(struct walk *walk, size_t number)
{
	struct use *use = &walk->uses[number];
	if (use->is_known)
		return;
	use->is_known = true;
	/* Only the hosts of the list have their robots.txt asked for. */
	use->is_refused = walk->options->crawls && target_of(walk, number)->is_secret;
	use->is_fetched = !use->is_refused;
	if (use->is_fetched)
		walk->queue[walk->queued++] = number;
}

/* The page that a fetched target is, or leads to; CHECK_NO_TARGET where there is none to read. */
static size_t page_behind(struct walk *walk, size_t number)
{
	size_t at = number;
	while (is_redirect(target_of(walk, at))) {
		at = target_of(walk, at)->next;
		bool is_free = target_of(walk, number)->is_listed;
		/* A circle ends here as well. */
		if (!is_free && (!is_in_scope(target_of(walk, at)) || walk->uses[at].is_known))
			return CHECK_NO_TARGET;
		walk->uses[at].is_known = true;
	}
	return target_of(walk, at)->is_page ? at : CHECK_NO_TARGET;
}

static void read_page(struct walk *walk, size_t source)
{
	size_t page = page_behind(walk, source);
	if (page == CHECK_NO_TARGET)
		return;
	walk->readings[walk->reading_count++] = (struct reading){source, page};
	for (size_t i = 0; walk->options->crawls && i < target_of(walk, page)->link_count; i++) {
		const struct check_link *link = &target_of(walk, page)->links[i];
		if (link->markup->leads_on && is_in_scope(target_of(walk, link->target)))
			fetch(walk, link->target);
	}
}

static void read_pages(struct walk *walk)
{
	for (size_t i = 0; i < walk->site->count; i++)
		if (target_of(walk, i)->is_listed)
			fetch(walk, i);
	for (size_t i = 0; i < walk->queued; i++)
		read_page(walk, walk->queue[i]);
}

/* What their links need. */

static void use_link(struct walk *walk, const struct check_link *link)
{
	const struct check_target *target = target_of(walk, link->target);
	struct use *use = &walk->uses[link->target];
	if (!is_visible(walk, link) || use->is_refused)
		return;
	if (walk->options->crawls && target->is_secret && is_in_scope(target)) {
		use->is_refused = true;
		return;
	}
	/* A crawl may look at what it follows only later. */
	bool is_followed = use->is_fetched && (target->is_listed || link->markup->leads_on);
	use->is_looked_at = use->is_looked_at || !is_followed;
	if (walk->options->fragments && link->fragment) {
		use->may_need_anchors = true;
		use->needs_anchors = use->needs_anchors || link->fragment->anchor;
	}
}

static void use_links(struct walk *walk)
{
	for (size_t i = 0; i < walk->reading_count; i++) {
		const struct check_target *page = target_of(walk, walk->readings[i].page);
		for (size_t j = 0; j < page->link_count; j++)
			use_link(walk, &page->links[j]);
	}
}

/* The verdict. */

/* The last target of a chain; CHECK_NO_TARGET where it is a circle. */
static size_t end_of(const struct check_site *site, size_t number)
{
	for (unsigned hops = 0; hops <= REDIRECTS_MAX; hops++) {
		if (!is_redirect(&site->targets[number]))
			return number;
		number = site->targets[number].next;
	}
	return CHECK_NO_TARGET;
}

/* Where the permanent redirects end that a chain begins with; number where it begins with none. */
static size_t address_of(const struct check_site *site, size_t number)
{
	while (site->targets[number].status == 301 || site->targets[number].status == 308)
		number = site->targets[number].next;
	return number;
}

struct verdict {
	bool is_dead;
	bool is_shown;
	const char *problem;
};

static struct verdict judge(const struct walk *walk, const struct check_link *link)
{
	unsigned show = walk->options->show;
	size_t end = end_of(walk->site, link->target);
	if (walk->uses[link->target].is_refused)
		return (struct verdict){false, show & CHECK_SHOW_ALL, "robots"};
	if (end == CHECK_NO_TARGET)
		return (struct verdict){true, true, "too-many-redirects"};
	const struct check_target *target = target_of(walk, end);
	if (target->kind->fate == CHECK_DEAD)
		return (struct verdict){true, true, target->kind->problem};
	if (target->kind->fate == CHECK_BLOCKED)
		return (struct verdict){false, show & (CHECK_SHOW_BLOCKED | CHECK_SHOW_ALL), "blocked"};
	const struct check_fragment *fragment = link->fragment;
	if (walk->options->fragments && fragment && fragment->anchor && target->is_page) {
		size_t anchor = check_anchor_of(fragment);
		if (!check_anchors[anchor].counts || !target->has_anchor[anchor])
			return (struct verdict){true, true, "fragment"};
	}
	size_t address = address_of(walk->site, link->target);
	if (address != link->target && (show & (CHECK_SHOW_MOVED | CHECK_SHOW_ALL)))
		return (struct verdict){false, true, target_of(walk, address)->url};
	return (struct verdict){false, show & CHECK_SHOW_ALL, ""};
}

static void add_rows(struct walk *walk, const struct reading *reading)
{
	const struct check_target *page = target_of(walk, reading->page);
	struct rows known;
	struct buf url;
	rows_init(&known);
	buf_init(&url, URL_MAX);
	for (size_t i = 0; i < page->link_count; i++) {
		const struct check_link *link = &page->links[i];
		buf_clear(&url);
		check_site_row_url(walk->site, link, &url);
		if (!is_visible(walk, link) || rows_has(&known, url.data))
			continue;
		rows_add(&known, "%s", url.data);
		struct verdict verdict = judge(walk, link);
		if (verdict.is_dead)
			walk->truth->exit_status = 1;
		if (verdict.is_shown)
			rows_add(&walk->truth->rows, "%s\t%s\t%s", target_of(walk, reading->source)->url,
			    url.data, verdict.problem);
	}
	buf_release(&url);
	rows_release(&known);
}

/* The requests. */

static unsigned attempts(const struct walk *walk, unsigned gets)
{
	return gets == CHECK_EACH ? 1 + walk->options->retries : gets;
}

/* How often one request may be sent: libcurl takes up to five other used connections before it gives up. */
static unsigned repeated(const struct walk *walk, const struct check_target *target)
{
	unsigned times = target->kind->flags & CHECK_REPEATED ? REPEATS_MAX : 1;
	return walk->has_spoiled[target->host] ? 2 * times : times;
}

/* Adds to the most that a target may get, where it is looked at or fetched so many times. */
static void allow(const struct walk *walk, size_t number, unsigned looks, unsigned fetches)
{
	const struct check_kind *kind = target_of(walk, number)->kind;
	struct check_bounds *bounds = &walk->truth->bounds[number];
	unsigned times = repeated(walk, target_of(walk, number));
	if (kind->flags & CHECK_NOT_ON_SERVER)
		return;
	bounds->heads_most += looks * times;
	unsigned look_gets =
	    walk->gives_up_heads[target_of(walk, number)->host] ? kind->fetch_gets : kind->look_gets;
	bounds->gets_most +=
	    looks * attempts(walk, look_gets) * times + fetches * attempts(walk, kind->fetch_gets) * times;
	bounds->is_asked = true;
}

/* A chain is walked once for each attempt that its end needs. Another attempt is a GET at once, and what a
 * fetch leads to out of the scope is looked at: so each hop may be asked for in both ways. */
static void allow_chain(const struct walk *walk, size_t number, unsigned looks, unsigned fetches)
{
	size_t end = end_of(walk->site, number), at = number;
	bool is_circle = end == CHECK_NO_TARGET;
	bool is_transient = !is_circle && check_kind_is_transient(target_of(walk, end)->kind);
	unsigned times = is_circle ? CIRCLE_MOST : is_transient ? 1 + walk->options->retries : 1;
	allow(walk, number, looks * times, fetches * times + looks * (times - 1));
	for (unsigned hops = 0; is_redirect(target_of(walk, at)) && hops < REDIRECTS_MAX; hops++) {
		at = target_of(walk, at)->next;
		if (at == number)
			break;
		walk->uses[at].is_passed = true;
		allow(walk, at, (looks + fetches) * times, (looks + fetches) * times);
	}
}

static void allow_requests(const struct walk *walk)
{
	for (size_t i = 0; i < walk->site->count; i++) {
		const struct use *use = &walk->uses[i];
		if (!use->is_fetched && !use->is_looked_at)
			continue;
		/* What is fetched anyway has its anchors then, unless it was looked at before. */
		bool reads = use->may_need_anchors && use->is_looked_at;
		unsigned fetches = use->is_fetched + reads;
		if (is_redirect(target_of(walk, i)))
			allow_chain(walk, i, use->is_looked_at, fetches);
		else
			allow(walk, i, use->is_looked_at, fetches);
	}
}

/* How many requests a target has to get at least. Where there are two ways to it, the first may tell all. */
static void demand_requests(const struct walk *walk, size_t number)
{
	const struct use *use = &walk->uses[number];
	const struct check_kind *kind = target_of(walk, number)->kind;
	struct check_bounds *bounds = &walk->truth->bounds[number];
	bool is_page = target_of(walk, number)->is_page;
	if (kind->flags & CHECK_NOT_ON_SERVER)
		return;
	if (use->is_fetched) {
		bool is_alone = !use->is_looked_at && !use->is_passed;
		bounds->gets_least = is_alone ? attempts(walk, kind->fetch_gets) : is_page;
	} else if (use->needs_anchors && !use->is_known) {
		bounds->gets_least = is_page;
	} else if (use->is_looked_at && !use->may_need_anchors && !use->is_known && !use->is_passed) {
		bool may_lack_one = kind->flags & CHECK_ENDS_AT_HEAD;
		/* A HEAD that is sent once more may be the one that is good. */
		bool may_be_good = kind->fate == CHECK_ALIVE && check_kind_is_transient(kind) &&
		                   repeated(walk, target_of(walk, number)) > 1;
		bounds->heads_least = !walk->gives_up_heads[target_of(walk, number)->host];
		bounds->gets_least = may_be_good ? 0 : attempts(walk, kind->look_gets) - may_lack_one;
	}
}

static void count_robots(struct walk *walk)
{
	for (size_t i = 0; walk->options->crawls && i < walk->site->count; i++)
		if (is_in_scope(target_of(walk, i)) && (walk->uses[i].is_fetched || walk->uses[i].is_refused))
			walk->truth->robots_asked[target_of(walk, i)->host] = true;
}

static void know_hosts(struct walk *walk)
{
	for (size_t i = 0; i < walk->site->count; i++) {
		const struct check_target *target = target_of(walk, i);
		if (target->kind->flags & CHECK_SPOILS)
			walk->has_spoiled[target->host] = true;
		if (target->kind->flags & CHECK_NO_HEADS)
			walk->gives_up_heads[target->host] = true;
	}
}

void check_truth_init(
    struct check_truth *self, const struct check_site *site, const struct check_options *options)
{
	struct walk walk = {.site = site,
	    .options = options,
	    .truth = self,
	    .uses = alloc_array(site->count, sizeof(struct use)),
	    .queue = alloc_array(site->count, sizeof(size_t)),
	    .readings = alloc_array(site->count, sizeof(struct reading))};
	*self = (struct check_truth){.bounds = alloc_array(site->count, sizeof *self->bounds)};
	rows_init(&self->rows);
	read_pages(&walk);
	use_links(&walk);
	for (size_t i = 0; i < walk.reading_count; i++)
		add_rows(&walk, &walk.readings[i]);
	for (size_t i = 0; i < site->count; i++)
		if (site->targets[i].is_listed && site->targets[i].kind->fate != CHECK_ALIVE)
			self->exit_status = 1;
	know_hosts(&walk);
	allow_requests(&walk);
	for (size_t i = 0; i < site->count; i++)
		demand_requests(&walk, i);
	count_robots(&walk);
	free(walk.uses);
	free(walk.queue);
	free(walk.readings);
}

void check_truth_release(struct check_truth *self)
{
	rows_release(&self->rows);
	free(self->bounds);
	*self = (struct check_truth){.bounds = NULL};
}
