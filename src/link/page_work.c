/* The work that a helper process does for a page, and how its results reach the page. */
#include "link/page_internal.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/child.h"
#include "link/filter.h"
#include "link/libxml.h"
#include "link/xml.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The number of bytes of an XML document that are read at a time. */
enum { READ_SIZE = 64 << 10 };

enum message_kind {
	MESSAGE_LINK,           /* a link that was found */
	MESSAGE_BASE,           /* the href of a base element */
	MESSAGE_BASE_FROM_HERE, /* see LINK_LIST_BASE */
	MESSAGE_ANCHOR,         /* an anchor */
	MESSAGE_ROBOTS,         /* a <meta> for page_robots: tag is its name, and value its content */
	MESSAGE_CHARSET,        /* the encoding that the text was converted from */
	MESSAGE_CHOICE,         /* the decision about the next undecided link, as one byte */
	MESSAGE_FAILURE         /* the page failed */
};

/* The header of each message. The bytes of value, tag and rel follow it. */
struct message {
	enum message_kind kind;
	enum page_state state;         /* the failure, with MESSAGE_FAILURE */
	const struct charset *charset; /* with MESSAGE_CHARSET; a constant, which both processes have */
	unsigned link_kind;            /* with MESSAGE_LINK */
	enum attribute attribute;      /* likewise */
	bool has_tag, has_rel;
	size_t value_len, tag_len, rel_len;
};

/* The functions from here on run in the helper process. */

struct worker {
	const struct work_order *order;
	struct slice url; /* the page's own */
	struct helper_io *io;
	size_t arrived_links; /* with order->is_partial: links for page_emit_arrived so far */
};

static void send_message(const struct worker *self, const struct message *message, struct slice value,
    struct slice tag, struct slice rel)
{
	struct message header = *message;
	/* A longer value cannot be a URL. One byte more than VALUE_MAX is enough for the program
	 * to see that. */
	if (value.len > VALUE_MAX)
		value.len = VALUE_MAX + 1;
	header.value_len = value.len;
	header.tag_len = tag.len;
	header.rel_len = rel.len;
	header.has_tag = tag.data;
	header.has_rel = rel.data;
	const struct slice parts[] = {{(const char *)&header, sizeof header}, value, tag, rel};
	helper_send(self->io, parts, sizeof parts / sizeof *parts);
}

static void send_failure(const struct worker *self, enum page_state state)
{
	send_message(self, &(struct message){.kind = MESSAGE_FAILURE, .state = state}, (struct slice){0},
	    (struct slice){0}, (struct slice){0});
}

static bool on_value(void *ctx, struct slice value)
{
	const struct message message = {.kind = MESSAGE_LINK, .link_kind = LINK_PAGE};
	send_message(ctx, &message, value, (struct slice){0}, (struct slice){0});
	return true;
}

static bool on_base(void *ctx, struct slice value)
{
	send_message(
	    ctx, &(struct message){.kind = MESSAGE_BASE}, value, (struct slice){0}, (struct slice){0});
	return true;
}

/* Returns true if what was found is wanted although more of the page follows, and is not known yet. */
static bool is_wanted_partial(struct worker *self, const struct xml_hit *hit)
{
	bool is_absolute = ascii_starts_with_nocase(hit->value, "http://") ||
	                   ascii_starts_with_nocase(hit->value, "https://");
	bool leads_on = hit->link_kind == LINK_PAGE || hit->link_kind == LINK_SITEMAP;
	if (hit->kind == XML_META)
		return true;
	return hit->kind == XML_LINK && is_absolute && leads_on &&
	       self->arrived_links++ >= self->order->known_links;
}

static bool is_wanted(const struct page_tools *tools, const struct xml_hit *hit)
{
	return hit->attribute == ATTRIBUTE_NONE ? filter_wants_tag(tools->options, hit->name)
	                                        : page_wants_attribute(tools, hit->attribute, hit->name);
}

static void on_xml_link(void *ctx, const struct xml_hit *hit)
{
	struct worker *self = ctx;
	const struct slice nothing = {0};
	const struct message base = {.kind = MESSAGE_BASE_FROM_HERE}, robots = {.kind = MESSAGE_ROBOTS},
	                     anchor = {.kind = MESSAGE_ANCHOR};
	const struct page_tools *tools = self->order->tools;
	struct message link = {
	    .kind = MESSAGE_LINK, .link_kind = hit->link_kind, .attribute = hit->attribute};
	if (hit->link_kind == LINK_NOFOLLOW && tools->crawls && !tools->obeys_nofollow)
		link.link_kind = LINK_PAGE;
	if (tools->checks && hit->kind == XML_LINK && ascii_equal_nocase(hit->name, slice_of("link")) &&
	    page_rel_names_origin(hit->rel))
		link.link_kind = LINK_ORIGIN;
	if (self->order->is_partial && !is_wanted_partial(self, hit))
		return;
	switch (hit->kind) {
	case XML_BASE:
		on_base(ctx, hit->value);
		break;
	case XML_BASE_FROM_HERE:
		send_message(self, &base, hit->value, nothing, nothing);
		break;
	case XML_ANCHOR:
		send_message(self, &anchor, hit->value, nothing, nothing);
		break;
	case XML_META:
		if (tools->crawls && page_is_robots_name(tools, hit->name))
			send_message(self, &robots, hit->value, hit->name, nothing);
		break;
	case XML_LINK:
		if (!is_wanted(tools, hit)) {
			link.link_kind = link_list_hidden_kind(link.link_kind);
			if (!tools->crawls || !link_list_is_hidden(link.link_kind))
				break;
		}
		send_message(self, &link, hit->value, self->order->detailed ? hit->name : nothing,
		    self->order->detailed ? hit->rel : nothing);
	}
}

/* Loads libxml2. After that the process can open no file or connection, whatever the page names. */
static void prepare_libxml(void)
{
	if (libxml_load())
		helper_exit_without_library();
	child_forbid_files();
}

static void find_in_xml(struct worker *self)
{
	const struct charset *charset = self->order->charset;
	struct charset_decoder *decoder = charset == charset_utf8() ? NULL : charset_decoder_new(charset);
	struct buf text;
	char bytes[READ_SIZE];
	prepare_libxml();
	uint32_t attributes = options_attributes(self->order->tools->options) |
	                      (self->order->tools->wants_anchors ? ATTRIBUTES_OF_ANCHORS : 0);
	struct xml *xml = xml_new(self->url, attributes, on_xml_link, self);
	buf_init(&text, 3 * READ_SIZE + 64);
	bool is_all_read;
	do {
		size_t len = helper_read(self->io, bytes, sizeof bytes);
		is_all_read = helper_remaining(self->io) == 0;
		bool last = is_all_read && !self->order->is_partial;
		if (decoder) {
			buf_clear(&text);
			charset_decoder_feed(decoder, bytes, len, last, &text);
		}
		xml_feed(xml, decoder ? text.data : bytes, decoder ? text.len : len, last);
	} while (!is_all_read);
	if (xml_has_too_many_entities(xml))
		send_failure(self, PAGE_TOO_MANY_ENTITIES);
	else if (xml_has_met_limit(xml))
		send_failure(self, PAGE_LIBRARY_LIMIT);
	xml_free(xml);
	charset_decoder_free(decoder);
	buf_release(&text);
}

/* Finds the encoding of a text for which the page declares none, and tells the page. As for a single link,
 * ASCII bytes do not suggest UTF-8, except in XML; but they need no conversion. */
static const struct charset *guess_charset(const struct worker *self, struct slice text)
{
	bool is_utf8 = charset_is_utf8(text.data, text.len), is_ascii = true;
	for (size_t i = 0; is_ascii && i < text.len; i++)
		is_ascii = (unsigned char)text.data[i] < 0x80;
	bool suggests_utf8 = is_utf8 && (!is_ascii || self->order->type == MEDIATYPE_XML);
	const struct charset *guess = suggests_utf8 ? charset_utf8() : charset_windows_1252();
	send_message(self, &(struct message){.kind = MESSAGE_CHARSET, .charset = guess}, (struct slice){0},
	    (struct slice){0}, (struct slice){0});
	return is_utf8 ? charset_utf8() : guess;
}

static enum page_state search(struct worker *self, struct slice text)
{
	const struct page_tools *tools = self->order->tools;
	if (tools->pattern)
		return pattern_each(tools->pattern, text, on_value, self) ? PAGE_DONE : PAGE_TOO_COSTLY;
	prepare_libxml();
	switch (xpath_each(tools->xpath, text, self->order->type == MEDIATYPE_XML, on_base, on_value, self)) {
	case XPATH_TOO_COSTLY:
		return PAGE_TOO_COSTLY;
	case XPATH_LIBRARY_LIMIT:
		return PAGE_LIBRARY_LIMIT;
	case XPATH_TOO_MANY_ENTITIES:
		return PAGE_TOO_MANY_ENTITIES;
	default:
		return PAGE_DONE;
	}
}

/* Applies the user's pattern or XPath expression to the whole text of the page. */
static void find_in_text(struct worker *self)
{
	size_t len = (size_t)helper_remaining(self->io);
	char *bytes = alloc_resize(NULL, len, 1);
	helper_read(self->io, bytes, len);
	struct slice text = {bytes, len};
	const struct charset *charset =
	    self->order->charset ? self->order->charset : guess_charset(self, text);
	struct buf converted;
	buf_init(&converted, buf_limit((uint64_t)len + 1, 3));
	if (charset != charset_utf8() || !charset_is_utf8(text.data, text.len)) {
		charset_decode(charset, text.data, text.len, &converted);
		text = (struct slice){converted.data ? converted.data : "", converted.len};
	}
	enum page_state state = search(self, text);
	if (state != PAGE_DONE)
		send_failure(self, state);
	buf_release(&converted);
	free(bytes);
}

/* Applies the user's patterns to the undecided URLs. The input has the format of a link_list that is not
 * detailed: a length and a value for each URL. */
static void filter_undecided(struct worker *self)
{
	struct buf url;
	uint32_t len;
	buf_init(&url, SIZE_MAX / 2);
	while (helper_remaining(self->io) > 0) {
		helper_read(self->io, (char *)&len, sizeof len);
		buf_clear(&url);
		helper_read(self->io, buf_reserve(&url, len), len);
		enum pattern_found found =
		    pattern_filter_search(self->order->tools->filter, (struct slice){url.data, len});
		if (found == PATTERN_TOO_LONG) {
			send_failure(self, PAGE_TOO_COSTLY);
			break;
		}
		char choice = found == PATTERN_FOUND ? CHOICE_YES : CHOICE_NO;
		send_message(self, &(struct message){.kind = MESSAGE_CHOICE}, (struct slice){&choice, 1},
		    (struct slice){0}, (struct slice){0});
	}
	buf_release(&url);
}

void page_work(void *ctx, struct slice order, struct helper_io *io)
{
	struct work_order copy;
	struct worker worker = {
	    .order = &copy, .url = {order.data + sizeof copy, order.len - sizeof copy}, .io = io};
	(void)ctx;
	memcpy(&copy, order.data, sizeof copy);
	switch (copy.kind) {
	case WORK_XML:
		find_in_xml(&worker);
		break;
	case WORK_TEXT:
		find_in_text(&worker);
		break;
	case WORK_FILTER:
		filter_undecided(&worker);
		break;
	}
}

/* The functions from here on run in the program. */

static struct page *page_of(struct helper_job *job)
{
	return (struct page *)((char *)job - offsetof(struct page, job));
}

static void add_link(struct page *self, const struct raw_link *link)
{
	if (!page_add_link(self, link))
		self->failure = PAGE_OUTPUT_TOO_LARGE;
}

static void add_base(struct page *self, struct slice url)
{
	add_link(self, &(struct raw_link){.value = url, .position = -1, .kind = LINK_LIST_BASE});
	if (url.len > self->longest_base)
		self->longest_base = url.len;
}

/* Records the decision about the first link that is still undecided. The decisions arrive in the order
 * of the links. */
static void record_choice(struct page *self, char choice)
{
	char *undecided =
	    memchr(self->choices.data + self->next, CHOICE_UNDECIDED, self->choices.len - self->next);
	assert(undecided);
	*undecided = choice;
	self->next = (size_t)(undecided - self->choices.data) + 1;
}

static void on_message(struct helper_job *job, struct slice bytes)
{
	struct page *self = page_of(job);
	struct message message;
	memcpy(&message, bytes.data, sizeof message);
	const char *value = bytes.data + sizeof message, *tag = value + message.value_len;
	struct raw_link link = {.value = {value, message.value_len},
	    .position = -1,
	    .kind = message.link_kind,
	    .attribute = message.attribute};
	if (message.has_tag)
		link.tag = (struct slice){tag, message.tag_len};
	if (message.has_rel)
		link.rel = (struct slice){tag + message.tag_len, message.rel_len};
	switch (message.kind) {
	case MESSAGE_LINK:
		add_link(self, &link);
		break;
	case MESSAGE_BASE:
		page_set_base(self, link.value);
		break;
	case MESSAGE_BASE_FROM_HERE:
		add_base(self, link.value);
		break;
	case MESSAGE_ANCHOR:
		if (!page_add_anchor(self, link.value))
			self->failure = PAGE_OUTPUT_TOO_LARGE;
		break;
	case MESSAGE_ROBOTS:
		page_add_robots(self, link.tag, link.value);
		break;
	case MESSAGE_CHARSET:
		self->text_charset = message.charset;
		break;
	case MESSAGE_CHOICE:
		record_choice(self, *value);
		break;
	case MESSAGE_FAILURE:
		self->failure = message.state;
		break;
	}
}

static enum page_state state_of_result(enum helper_result result)
{
	switch (result) {
	case HELPER_OUT_OF_TIME:
		return PAGE_TOO_COSTLY;
	case HELPER_OUT_OF_MEMORY:
		return PAGE_OUT_OF_MEMORY;
	case HELPER_CRASHED:
		return PAGE_LIBRARY_CRASHED;
	case HELPER_UNAVAILABLE:
		return PAGE_NO_HELPER;
	case HELPER_INPUT_LOST:
		return PAGE_UNREADABLE;
	default:
		return PAGE_DONE;
	}
}

static void on_finished(struct helper_job *job, enum helper_result result)
{
	struct page *self = page_of(job);
	if (result != HELPER_DONE)
		self->failure = state_of_result(result);
	pieces_clear(&self->body);
	self->stage = self->stage == PAGE_STAGE_FIND ? PAGE_STAGE_BEGIN : PAGE_STAGE_EMIT;
	self->next = 0;
	self->source.ready(self->source.ctx);
}

static void on_partial_finished(struct helper_job *job, enum helper_result result)
{
	struct page *self = page_of(job);
	if (result != HELPER_DONE)
		self->failure = state_of_result(result);
	page_arrival_end_read(self);
}

/* Starts the job with the order for it, whose first fields the caller has set. */
static void start_job(struct page *self, struct work_order order)
{
	order.tools = self->tools;
	order.charset = self->guess.charset;
	order.type = self->type;
	order.detailed = self->links.detailed;
	buf_clear(&self->order);
	buf_append(&self->order, &order, sizeof order);
	buf_append_text(&self->order, self->source.url);
	self->job.order = (struct slice){self->order.data, self->order.len};
	self->job.on_message = on_message;
	helpers_add(self->shared->helpers, &self->job);
}

void page_work_start(struct page *self, enum work_kind kind, const struct pieces *input)
{
	self->next = 0;
	self->job = (struct helper_job){.input = input, .on_finished = on_finished};
	start_job(self, (struct work_order){.kind = kind});
}

void page_work_start_partial(struct page *self)
{
	/* All <meta> that have arrived are found again. */
	buf_clear(&self->robots);
	self->job = (struct helper_job){
	    .input = &self->body, .is_background = true, .on_finished = on_partial_finished};
	start_job(self,
	    (struct work_order){.kind = WORK_XML, .is_partial = true, .known_links = self->links.count});
}
