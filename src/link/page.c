#include "link/page.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "link/filter.h"
#include "link/html/entity.h"
#include "link/page_internal.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct page_shared *page_shared_new(size_t memory)
{
	struct page_shared *self = alloc_new(sizeof *self);
	self->store = piece_store_new(memory);
	self->helpers = helpers_new(page_work, NULL);
	buf_init(&self->joined, SIZE_MAX / 2);
	buf_init(&self->decoded, VALUE_MAX);
	buf_init(&self->value, VALUE_MAX);
	buf_init(&self->parts, VALUE_MAX);
	buf_init(&self->raw, VALUE_MAX);
	buf_init(&self->tag, VALUE_MAX);
	buf_init(&self->rel, VALUE_MAX);
	url_init(&self->document);
	url_init(&self->base);
	url_init(&self->url);
	seen_init(&self->seen);
	seen_init(&self->pages);
	return self;
}

void page_shared_free(struct page_shared *self)
{
	if (!self)
		return;
	helpers_free(self->helpers);
	piece_store_free(self->store);
	buf_release(&self->joined);
	buf_release(&self->decoded);
	buf_release(&self->value);
	buf_release(&self->parts);
	buf_release(&self->raw);
	buf_release(&self->tag);
	buf_release(&self->rel);
	url_release(&self->document);
	url_release(&self->base);
	url_release(&self->url);
	seen_release(&self->seen);
	seen_release(&self->pages);
	free(self);
}

void page_shared_perform(struct page_shared *self, int64_t until_us, struct wait *wait)
{
	page_arrival_perform(self, wait);
	helpers_perform(self->helpers, until_us, wait);
}

static void on_list_url(void *ctx, struct slice url)
{
	struct page *self = ctx;
	bool added = page_add_link(self, &(struct raw_link){.value = url, .position = -1, .kind = LINK_PAGE});
	assert(added);
	(void)added;
}

struct page *page_new(const struct page_tools *tools)
{
	struct page *self = alloc_new(sizeof *self);
	uint64_t body_max = (uint64_t)tools->options->max_size;
	self->tools = tools;
	self->shared = tools->shared;
	self->detailed = options_want_details(tools->options);
	self->extract = extract_new(tools->patterns);
	if (tools->wants_lines)
		extract_count_lines(self->extract);
	buf_init(&self->head, CHARSET_PRESCAN);
	/* One byte of the page may become three bytes of UTF-8. */
	buf_init(&self->text, buf_limit(body_max + 1, 3));
	pieces_init(&self->body, self->shared->store);
	/* In HTML at least 6 bytes of the page stand before each raw value, so an HTML page never reaches
	 * this limit. */
	link_list_init(&self->links, self->shared->store, body_max * 16);
	link_list_init(&self->anchors, self->shared->store, body_max * 16);
	link_list_init(&self->undecided, self->shared->store, UINT64_MAX / 2);
	buf_init(&self->base_href, EXTRACT_TAG_MAX * 3);
	buf_init(&self->choices, SIZE_MAX / 2);
	buf_init(&self->order, SIZE_MAX / 2);
	buf_init(&self->robots, PAGE_ROBOTS_MAX);
	text_list_init(&self->list, on_list_url, self);
	return self;
}

void page_shared_trim(struct page_shared *self)
{
	struct buf *const bufs[] = {&self->joined, &self->decoded, &self->value, &self->parts, &self->raw,
	    &self->tag, &self->rel, &self->document.href, &self->base.href, &self->url.href};
	for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++) {
		if (bufs[i]->room > PAGE_KEPT_MAX)
			buf_release(bufs[i]);
	}
}

void page_drop(struct page *self)
{
	page_arrival_end(self);
	helpers_remove(self->shared->helpers, &self->job);
	if (self->shared->emitting == self) {
		self->shared->emitting = NULL;
		page_shared_trim(self->shared);
	}
	link_list_reader_release(&self->reader);
	charset_decoder_free(self->decoder);
	free(self->content_type);
	self->decoder = NULL;
	self->content_type = NULL;
	buf_release(&self->head);
	buf_release(&self->choices);
	buf_release(&self->order);
	buf_release(&self->robots);
	buf_clear(&self->text);
	buf_clear(&self->base_href);
	pieces_clear(&self->body);
	link_list_clear(&self->links);
	link_list_clear(&self->anchors);
	link_list_clear(&self->undecided);
}

void page_free(struct page *self)
{
	if (!self)
		return;
	page_drop(self);
	extract_free(self->extract);
	buf_release(&self->text);
	text_list_release(&self->list);
	pieces_release(&self->body);
	link_list_release(&self->links);
	link_list_release(&self->anchors);
	link_list_release(&self->undecided);
	buf_release(&self->base_href);
	free(self);
}

bool page_is_large(const struct page *self)
{
	size_t pieces = self->links.pieces.room + self->anchors.pieces.room + self->body.room +
	                self->undecided.pieces.room;
	size_t memory = extract_memory(self->extract) + self->text.room + self->base_href.room +
	                pieces * sizeof(struct piece);
	return memory > PAGE_KEPT_MAX;
}

static enum find_method find_method_for(const struct page_tools *tools, enum mediatype type)
{
	if ((tools->pattern || tools->xpath) && type != MEDIATYPE_BINARY)
		return FIND_IN_TEXT;
	switch (type) {
	case MEDIATYPE_HTML:
		return FIND_IN_HTML;
	case MEDIATYPE_XML:
		return FIND_IN_XML;
	default:
		return FIND_NOTHING;
	}
}

static void set_type(struct page *self, enum mediatype type)
{
	self->type = type;
	self->find_method = find_method_for(self->tools, type);
	self->links.detailed =
	    self->detailed && (self->find_method == FIND_IN_HTML || self->find_method == FIND_IN_XML);
}

void page_begin(struct page *self, const char *content_type)
{
	page_drop(self);
	extract_reset(self->extract);
	self->content_type = content_type ? alloc_copy(content_type, strlen(content_type)) : NULL;
	set_type(self, mediatype_of(content_type));
	self->is_gzip_file = self->is_sitemap = false;
	self->size = 0;
	self->is_encoding_detected = false;
	self->guess = (struct charset_guess){0};
	self->has_base = false;
	self->longest_base = 0;
	self->more_links = 0;
}

const char *page_charset(const struct page *self)
{
	return self->guess.charset ? charset_name(self->guess.charset) : NULL;
}

uint64_t page_size(const struct page *self)
{
	return self->size;
}

struct page_counts page_counts(const struct page *self)
{
	return self->counts;
}

bool page_knows_anchors(const struct page *self)
{
	return self->find_method == FIND_IN_HTML || self->find_method == FIND_IN_XML;
}

bool page_rel_names_origin(struct slice rel)
{
	struct slice word;
	bool names_origin = false;
	while (ascii_take_word(&rel, &word)) {
		names_origin = ascii_equal_nocase(word, slice_of("preconnect")) ||
		               ascii_equal_nocase(word, slice_of("dns-prefetch"));
		if (!names_origin)
			return false;
	}
	return names_origin;
}

bool page_is_robots_name(const struct page_tools *tools, struct slice name)
{
	return ascii_equal_nocase(name, slice_of("robots")) ||
	       (tools->robots_name && ascii_equal_nocase(name, slice_of(tools->robots_name)));
}

void page_add_robots(struct page *self, struct slice name, struct slice content)
{
	struct buf *robots = &self->robots;
	size_t before = robots->len;
	bool fits = buf_append(robots, name.data, name.len) && buf_append_byte(robots, '\0') &&
	            buf_append(robots, content.data, content.len) && buf_append_byte(robots, '\0');
	if (!fits)
		robots->len = before;
}

void page_robots(const struct page *self, page_robots_fn fn, void *ctx)
{
	for (size_t at = 0; at < self->robots.len;) {
		struct slice name = slice_of(self->robots.data + at);
		struct slice content = slice_of(name.data + name.len + 1);
		fn(ctx, name, content);
		at += name.len + content.len + 2;
	}
}

bool page_add_anchor(struct page *self, struct slice value)
{
	return value.len == 0 || link_list_add(&self->anchors, &(struct raw_link){.value = value});
}

void page_set_base(struct page *self, struct slice value)
{
	if (!self->has_base)
		buf_append(&self->base_href, value.data, value.len);
	self->has_base = true;
}

/* True if the links are found in the text of an HTML page, and its <meta> are wanted: they may still declare
 * the encoding, or be for crawlers. */
static bool needs_meta(const struct page *self)
{
	return self->find_method == FIND_IN_TEXT && self->type == MEDIATYPE_HTML &&
	       (self->guess.confidence != CHARSET_CERTAIN || self->tools->crawls) &&
	       !(self->guess.charset && charset_needs_whole_text(self->guess.charset));
}

static void process_text(struct page *self, const char *bytes, size_t len, bool last)
{
	if (self->find_method == FIND_NOTHING)
		return;
	if (self->find_method == FIND_IN_LIST) {
		text_list_feed(&self->list, bytes, len);
		if (last)
			text_list_finish(&self->list);
		return;
	}
	if (self->find_method != FIND_IN_HTML) {
		pieces_append(&self->body, bytes, len);
		if (len && needs_meta(self))
			extract_feed(self->extract, bytes, len, page_html_on_meta, self);
		if (last && needs_meta(self))
			extract_finish(self->extract, page_html_on_meta, self);
		return;
	}
	if (self->decoder) {
		buf_clear(&self->text);
		charset_decoder_feed(self->decoder, bytes, len, last, &self->text);
		bytes = self->text.data;
		len = self->text.len;
	}
	if (len)
		extract_feed(self->extract, bytes, len, page_html_on_hit, self);
	if (last)
		extract_finish(self->extract, page_html_on_hit, self);
}

/* True if the page starts with an XML declaration that names an encoding. */
static bool declares_xml_encoding(struct slice head)
{
	static const char start[] = "<?xml", word[] = "encoding";
	if (head.len < sizeof start || memcmp(head.data, start, sizeof start - 1) != 0)
		return false;
	const char *end = memchr(head.data, '>', head.len);
	for (const char *at = head.data; end && at + sizeof word < end; at++) {
		if (memcmp(at, word, sizeof word - 1) == 0)
			return true;
	}
	return false;
}

/* Sets the encoding of an XML document to UTF-8 if it declares none (XML 1.0, section 4.3.3). A <meta>, which
 * the prescan also finds, declares nothing in XML. */
static void guess_xml_charset(struct page *self, struct slice head)
{
	bool is_utf16 = head.len > 1 && (head.data[0] == '\0' || head.data[1] == '\0');
	bool by_meta =
	    self->guess.confidence == CHARSET_TENTATIVE && !is_utf16 && !declares_xml_encoding(head);
	if (!self->guess.charset || by_meta)
		self->guess.charset = charset_utf8();
}

/* A sitemap is XML or a plain text, whatever its type says. */
static void set_type_of_sitemap(struct page *self, struct slice head)
{
	bool is_xml = mediatype_sniff_gzip_file(head) == MEDIATYPE_XML;
	self->type = is_xml ? MEDIATYPE_XML : MEDIATYPE_TEXT;
	self->find_method = is_xml ? FIND_IN_XML : FIND_IN_LIST;
	self->links.detailed = self->detailed;
}

/* Detects the type, if it is not known yet, and the encoding from head, which is complete, and then processes
 * head as the start of the text. */
static void start_text(struct page *self)
{
	struct slice content_type = {0};
	if (self->content_type)
		content_type = slice_of(self->content_type);
	struct slice head = {self->head.data ? self->head.data : "", self->head.len};
	if (self->is_sitemap)
		set_type_of_sitemap(self, head);
	else if (self->is_gzip_file)
		set_type(self, mediatype_sniff_gzip_file(head));
	else if (self->type == MEDIATYPE_UNKNOWN)
		set_type(self, mediatype_sniff(head));
	else if (self->type == MEDIATYPE_FILE)
		set_type(self, MEDIATYPE_BINARY);
	self->guess = charset_detect(content_type, self->is_sitemap ? page_arrival_declaration(head) : head);
	if (self->find_method == FIND_IN_XML)
		guess_xml_charset(self, head);
	else if (self->find_method == FIND_IN_HTML && self->guess.charset &&
	         charset_needs_whole_text(self->guess.charset))
		self->decoder = charset_decoder_new(self->guess.charset);
	self->is_encoding_detected = true;
	process_text(self, head.data + self->guess.bom_len, head.len - self->guess.bom_len, false);
	buf_release(&self->head);
}

void page_set_gzip_file(struct page *self)
{
	assert(self->size == 0 || self->is_gzip_file);
	self->is_gzip_file = true;
}

bool page_feed(struct page *self, const char *bytes, size_t len)
{
	if (len > (uint64_t)self->tools->options->max_size - self->size)
		return false;
	self->size += len;
	if (!self->is_encoding_detected) {
		size_t missing = CHARSET_PRESCAN - self->head.len;
		size_t used = len < missing ? len : missing;
		buf_append(&self->head, bytes, used);
		bytes += used;
		len -= used;
		if (self->head.len < CHARSET_PRESCAN &&
		    (self->type != MEDIATYPE_FILE || self->is_gzip_file || self->is_sitemap))
			return true;
		start_text(self);
	}
	if (len)
		process_text(self, bytes, len, false);
	return true;
}

enum mediatype page_type(const struct page *self)
{
	return self->type;
}

enum mediatype page_final_type(struct page *self)
{
	if (!self->is_encoding_detected)
		start_text(self);
	return self->type;
}

void page_end(struct page *self, const struct page_source *source)
{
	page_arrival_end(self);
	self->source = *source;
	self->counts = (struct page_counts){0};
	self->failure = PAGE_DONE;
	page_final_type(self);
	process_text(self, "", 0, true);
	if (self->find_method == FIND_IN_XML || self->find_method == FIND_IN_TEXT) {
		self->stage = PAGE_STAGE_FIND;
		page_work_start(self, self->find_method == FIND_IN_XML ? WORK_XML : WORK_TEXT, &self->body);
		return;
	}
	self->stage = PAGE_STAGE_BEGIN;
	source->ready(source->ctx);
}
