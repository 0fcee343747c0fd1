/* What is found in the tags of an HTML page. */
#include "link/page_internal.h"

#include "base/ascii.h"
#include "link/html/entity.h"

#include <assert.h>

static const char *decode_attribute(
    struct page *self, struct slice tag, const char *name, struct buf *to, struct slice *value)
{
	struct slice raw = extract_attribute(self->tools->patterns, tag, name);
	*value = raw;
	buf_clear(to);
	if (!raw.data || !entity_decode(raw.data, raw.len, to))
		return NULL;
	*value = (struct slice){to->data ? to->data : "", to->len};
	return value->data;
}

/* Uses the encoding that a <meta> declares, unless the encoding is certain already. The first such <meta>
 * makes it certain. */
static void apply_meta(struct page *self, struct slice tag)
{
	if (self->guess.confidence == CHARSET_CERTAIN)
		return;
	struct buf http_equiv_text;
	struct slice charset, http_equiv, content;
	buf_init(&http_equiv_text, EXTRACT_TAG_MAX * 3);
	decode_attribute(self, tag, "charset", &self->shared->decoded, &charset);
	decode_attribute(self, tag, "http-equiv", &http_equiv_text, &http_equiv);
	decode_attribute(self, tag, "content", &self->shared->value, &content);
	const struct charset *declared = charset_from_meta(charset, http_equiv, content);
	if (declared)
		self->guess = (struct charset_guess){.charset = declared, .confidence = CHARSET_CERTAIN};
	buf_release(&http_equiv_text);
}

static void record_robots(struct page *self, struct slice tag)
{
	struct slice name, content;
	decode_attribute(self, tag, "name", &self->shared->decoded, &name);
	if (!page_is_robots_name(self->tools, name))
		return;
	decode_attribute(self, tag, "content", &self->shared->value, &content);
	page_add_robots(self, name, content);
}

/* Returns the kind of a link by its element, as far as a crawl wants to know it. */
static enum link_kind kind_of_link(struct page *self, const struct extract_hit *hit)
{
	struct slice rel;
	bool leads_on =
	    ascii_equal_nocase(hit->name, slice_of("a")) || ascii_equal_nocase(hit->name, slice_of("area"));
	if (!leads_on)
		return LINK_RESOURCE;
	if (!self->tools->obeys_nofollow)
		return LINK_PAGE;
	decode_attribute(self, hit->tag, "rel", &self->shared->value, &rel);
	return ascii_has_word_nocase(rel, "nofollow") ? LINK_NOFOLLOW : LINK_PAGE;
}

static void add_link(
    struct page *self, const struct extract_hit *hit, enum attribute attribute, struct slice value)
{
	struct raw_link link = {.value = value, .tag = hit->name, .attribute = attribute};
	bool is_wanted = page_wants_attribute(self->tools, attribute, link.tag);
	if (self->tools->crawls && attribute == ATTRIBUTE_HREF) {
		link.kind = kind_of_link(self, hit);
		if (!is_wanted)
			link.kind = link_list_hidden_kind(link.kind);
	}
	if (self->tools->checks && attribute == ATTRIBUTE_HREF &&
	    ascii_equal_nocase(hit->name, slice_of("link"))) {
		struct slice rel;
		decode_attribute(self, hit->tag, "rel", &self->shared->value, &rel);
		if (page_rel_names_origin(rel))
			link.kind = LINK_ORIGIN;
	}
	if (!is_wanted && !link_list_is_hidden(link.kind))
		return;
	if (self->links.detailed) {
		link.rel = extract_attribute(self->tools->patterns, hit->tag, "rel");
		link.position = (int64_t)hit->offset;
		link.line = (uint32_t)hit->line;
		link.column = (uint32_t)hit->column;
	}
	bool added = page_add_link(self, &link);
	assert(added);
	(void)added;
}

static void add_anchor(struct page *self, struct slice value)
{
	bool added = page_add_anchor(self, value);
	assert(added);
	(void)added;
}

/* Adds the link of a <meta http-equiv=refresh>. */
static void add_refresh(struct page *self, const struct extract_hit *hit)
{
	struct slice http_equiv;
	if (!page_wants_attribute(self->tools, ATTRIBUTE_REFRESH, hit->name))
		return;
	decode_attribute(self, hit->tag, "http-equiv", &self->shared->value, &http_equiv);
	struct slice content = extract_attribute(self->tools->patterns, hit->tag, "content");
	if (ascii_equal_nocase(http_equiv, slice_of("refresh")) && content.data)
		add_link(self, hit, ATTRIBUTE_REFRESH, content);
}

void page_html_on_hit(void *ctx, const struct extract_hit *hit)
{
	struct page *self = ctx;
	switch (hit->kind) {
	case EXTRACT_LINK:
		add_link(self, hit, hit->attribute, hit->value);
		break;
	case EXTRACT_BASE:
		page_set_base(self, hit->value);
		break;
	case EXTRACT_ANCHOR:
		add_anchor(self, hit->value);
		break;
	case EXTRACT_META:
		apply_meta(self, hit->tag);
		if (self->tools->crawls)
			record_robots(self, hit->tag);
		add_refresh(self, hit);
		break;
	}
}

void page_html_on_meta(void *ctx, const struct extract_hit *hit)
{
	struct page *self = ctx;
	if (hit->kind != EXTRACT_META)
		return;
	apply_meta(self, hit->tag);
	if (self->tools->crawls)
		record_robots(self, hit->tag);
}
