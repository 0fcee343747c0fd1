#include "nights.h"

#include <string.h>

/* What is drawn for a page, or for a page and a night. */
enum draw { VALIDATORS, BIRTH, LOSS, RETURN, STATUS, ACCIDENT, CHANGE, LINKS, LINK_COUNT, LINK };

/* 0 to n - 1: the output function of Steele, Lea and Flood's SplitMix64, applied to each number. */
static unsigned draw(
    const struct nights_spec *self, enum draw what, unsigned page, unsigned night, unsigned n)
{
	const uint64_t numbers[] = {self->seed, (uint64_t)what, page, night};
	uint64_t z = 0;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		z += numbers[i] + UINT64_C(0x9e3779b97f4a7c15);
		z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
		z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
		z ^= z >> 31;
	}
	return (unsigned)(z % n);
}

uint64_t nights_time(unsigned night)
{
	const uint64_t new_year_2020 = 1577836800;
	return new_year_2020 + (uint64_t)night * 86400;
}

/* The night on which the page is there for the first time. */
static unsigned birth_of(const struct nights_spec *self, unsigned number)
{
	bool is_new = number > 0 && draw(self, BIRTH, number, 0, 100) < 25;
	return is_new ? 1 + draw(self, BIRTH, number, 1, 8) : 0;
}

static bool is_there(const struct nights_spec *self, unsigned number, unsigned night)
{
	unsigned birth = birth_of(self, number);
	if (night < birth)
		return false;
	if (number == 0 || draw(self, LOSS, number, 0, 100) >= 30)
		return true;
	unsigned loss = birth + 1 + draw(self, LOSS, number, 1, 7);
	unsigned nights = 1 + draw(self, RETURN, number, 0, 3);
	bool returns = draw(self, RETURN, number, 1, 2) == 0;
	return night < loss || (returns && night >= loss + nights);
}

static enum nights_answer answer_of(
    const struct nights_spec *self, unsigned number, unsigned night, enum nights_validators validators)
{
	if (!is_there(self, number, night))
		return draw(self, STATUS, number, 0, 2) ? NIGHTS_MISSING : NIGHTS_GONE;
	unsigned accident = number == 0 ? 99 : draw(self, ACCIDENT, number, night, 100);
	if (accident < 4)
		return NIGHTS_BROKEN;
	if (accident < 7)
		return NIGHTS_NOT_TEXT;
	return accident < 20 && validators == NIGHTS_NONE ? NIGHTS_UNASKED : NIGHTS_PAGE;
}

static bool has_changed(const struct nights_spec *self, unsigned number, unsigned night)
{
	return night <= birth_of(self, number) || draw(self, CHANGE, number, night, 100) < 30;
}

static void add_link(struct nights_links *links, unsigned target)
{
	for (unsigned i = 0; i < links->count; i++) {
		if (links->target[i] == target)
			return;
	}
	links->target[links->count++] = target;
}

/* version is the night on which they became what they are. */
static void draw_links(
    const struct nights_spec *self, unsigned number, unsigned version, struct nights_links *links)
{
	unsigned more = draw(self, LINK_COUNT, number, version, NIGHTS_LINKS_MAX - 2);
	for (unsigned child = 2 * number + 1; child <= 2 * number + 2; child++) {
		if (child < self->pages)
			add_link(links, child);
	}
	for (unsigned i = 0; i < more; i++)
		add_link(links, draw(self, LINK, number, version * NIGHTS_LINKS_MAX + i, self->pages));
}

void nights_page(const struct nights_spec *self, unsigned number, unsigned night, struct nights_page *page)
{
	*page = (struct nights_page){.validators = draw(self, VALIDATORS, number, 0, NIGHTS_VALIDATORS)};
	page->answer = answer_of(self, number, night, page->validators);
	bool always_changes = page->validators == NIGHTS_SAME_SECOND;
	unsigned links_changed = night;
	page->changed = night;
	while (!always_changes && !has_changed(self, number, page->changed))
		page->changed--;
	/* Half of the changes are of the text alone. */
	while (!always_changes && links_changed > birth_of(self, number) &&
	       !(has_changed(self, number, links_changed) && draw(self, LINKS, number, links_changed, 2)))
		links_changed--;
	draw_links(self, number, links_changed, &page->links);
}

bool nights_is_unchanged(const struct nights_page *before, const struct nights_page *now)
{
	bool has_validators = now->validators != NIGHTS_NONE && now->validators < NIGHTS_CHANGING_TAG;
	return has_validators && now->answer == NIGHTS_PAGE && before->answer == NIGHTS_PAGE &&
	       before->changed == now->changed;
}

void nights_reach(const struct nights_spec *self, unsigned night, bool *reached)
{
	struct nights_page page;
	memset(reached, 0, self->pages * sizeof *reached);
	reached[0] = true;
	for (bool grows = true; grows;) {
		grows = false;
		for (unsigned number = 0; number < self->pages; number++) {
			nights_page(self, number, night, &page);
			if (!reached[number] || page.answer != NIGHTS_PAGE)
				continue;
			for (unsigned i = 0; i < page.links.count; i++) {
				grows |= !reached[page.links.target[i]];
				reached[page.links.target[i]] = true;
			}
		}
	}
}

void nights_known(const struct nights_spec *self, bool is_crawl, unsigned night, struct nights_links *known)
{
	bool reached[NIGHTS_PAGES_MAX];
	struct nights_page page;
	memset(known, 0, self->pages * sizeof *known);
	for (unsigned past = 0; past <= night; past++) {
		if (is_crawl)
			nights_reach(self, past, reached);
		for (unsigned number = 0; number < self->pages; number++) {
			nights_page(self, number, past, &page);
			if (is_crawl && !reached[number])
				continue;
			if (page.answer == NIGHTS_PAGE)
				known[number] = page.links;
			else if (page.answer == NIGHTS_MISSING || page.answer == NIGHTS_GONE)
				known[number].count = 0;
		}
	}
}

void nights_append_body(const struct nights_page *page, unsigned number, struct buf *out)
{
	buf_append_text(out, "<!doctype html>\n<title>Page ");
	buf_append_number(out, number);
	buf_append_text(out, "</title>\n<p>As it is since night ");
	buf_append_number(out, page->changed);
	buf_append_text(out, ".\n");
	for (unsigned i = 0; i < page->links.count; i++) {
		buf_append_text(out, "<p><a href=\"p");
		buf_append_number(out, page->links.target[i]);
		buf_append_text(out, "\">a link</a>\n");
	}
}
