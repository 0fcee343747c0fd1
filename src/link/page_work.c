/* What is done for a page in a helper process, and how the page is told. */
#include "link/page_internal.h"

#include "base/alloc.h"
#include "base/child.h"
#include "link/libxml.h"
#include "link/xml.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Of the text of an XML document so much is read at once. */
enum { TEXT_PIECE = 64 << 10 };

/* What a message begins with. */
enum message_kind {
	MESSAGE_LINK,
	MESSAGE_BASE,
	MESSAGE_CHOICE, /* a byte for the next of the open links */
	MESSAGE_END     /* … of another kind than that all was found */
};

struct message {
	enum message_kind kind;
	enum page_state state; /* of the end */
	bool has_tag, has_rel;
	size_t value_len, tag_len, rel_len;
};

/* In the helper process. */

struct worker {
	const struct work_order *order;
	struct helper_io *io;
};

static void tell(const struct worker *self, const struct message *message, struct slice value,
    struct slice tag, struct slice rel)
{
	struct message head = *message;
	/* It is too long for a URL, and the end of it is not needed to see that. */
	if (value.len > VALUE_MAX)
		value.len = VALUE_MAX + 1;
	head.value_len = value.len;
	head.tag_len = tag.len;
	head.rel_len = rel.len;
	head.has_tag = tag.data;
	head.has_rel = rel.data;
	const struct slice parts[] = {{(const char *)&head, sizeof head}, value, tag, rel};
	helper_tell(self->io, parts, sizeof parts / sizeof *parts);
}

static void tell_end(const struct worker *self, enum page_state state)
{
	tell(self, &(struct message){.kind = MESSAGE_END, .state = state}, (struct slice){0},
	    (struct slice){0}, (struct slice){0});
}

static bool on_value(void *ctx, struct slice value)
{
	tell(ctx, &(struct message){.kind = MESSAGE_LINK}, value, (struct slice){0}, (struct slice){0});
	return true;
}

static bool on_base(void *ctx, struct slice value)
{
	tell(ctx, &(struct message){.kind = MESSAGE_BASE}, value, (struct slice){0}, (struct slice){0});
	return true;
}

static void on_xml_link(void *ctx, const struct xml_hit *hit)
{
	const struct worker *self = ctx;
	const struct slice nothing = {0};
	if (hit->kind == XML_BASE)
		on_base(ctx, hit->value);
	else if (filter_wants_tag(self->order->tools->options, hit->name))
		tell(self, &(struct message){.kind = MESSAGE_LINK}, hit->value,
		    self->order->detailed ? hit->name : nothing, self->order->detailed ? hit->rel : nothing);
}

/* From here on nothing but the page can be read, whatever it names. */
static void prepare_libxml(void)
{
	if (libxml_load())
		helper_miss_library();
	child_close_in();
}

static void find_in_xml(struct worker *self)
{
	const struct charset *charset = self->order->charset;
	struct charset_decoder *decoder = charset == charset_utf8() ? NULL : charset_decoder_new(charset);
	struct buf text;
	char bytes[TEXT_PIECE];
	prepare_libxml();
	struct xml *xml = xml_new(on_xml_link, self);
	buf_init(&text, 3 * TEXT_PIECE + 64);
	bool last;
	do {
		size_t len = helper_read(self->io, bytes, sizeof bytes);
		last = helper_left(self->io) == 0;
		if (decoder) {
			buf_clear(&text);
			charset_decoder_feed(decoder, bytes, len, last, &text);
		}
		xml_feed(xml, decoder ? text.data : bytes, decoder ? text.len : len, last);
	} while (!last);
	if (xml_has_too_many_entities(xml))
		tell_end(self, PAGE_ENTITIES);
	xml_free(xml);
	charset_decoder_free(decoder);
	buf_release(&text);
}

static const struct charset *text_charset(const struct work_order *order, struct slice text)
{
	if (order->charset)
		return order->charset;
	return charset_is_utf8(text.data, text.len) ? charset_utf8() : charset_windows_1252();
}

static enum page_state search(struct worker *self, struct slice text)
{
	const struct page_tools *tools = self->order->tools;
	if (tools->pattern)
		return pattern_each(tools->pattern, text, on_value, self) ? PAGE_GIVEN : PAGE_TOO_COSTLY;
	prepare_libxml();
	switch (xpath_each(tools->xpath, text, self->order->type == MEDIATYPE_XML, on_base, on_value, self)) {
	case XPATH_TOO_COSTLY:
		return PAGE_TOO_COSTLY;
	case XPATH_ENTITIES:
		return PAGE_ENTITIES;
	default:
		return PAGE_GIVEN;
	}
}

/* What the user asked for, in the whole text of the page. */
static void find_in_text(struct worker *self)
{
	size_t len = (size_t)helper_left(self->io);
	char *bytes = alloc_resize(NULL, len, 1);
	helper_read(self->io, bytes, len);
	struct slice text = {bytes, len};
	const struct charset *charset = text_charset(self->order, text);
	struct buf converted;
	buf_init(&converted, len * 3 + 3);
	if (charset != charset_utf8() || !charset_is_utf8(text.data, text.len)) {
		charset_decode(charset, text.data, text.len, &converted);
		text = (struct slice){converted.data ? converted.data : "", converted.len};
	}
	enum page_state state = search(self, text);
	if (state != PAGE_GIVEN)
		tell_end(self, state);
	buf_release(&converted);
	free(bytes);
}

/* The input is what link_list_add makes of URLs. */
static void choose_open(struct worker *self)
{
	struct buf url;
	uint32_t len;
	buf_init(&url, SIZE_MAX / 2);
	while (helper_left(self->io) > 0) {
		helper_read(self->io, (char *)&len, sizeof len);
		buf_clear(&url);
		helper_read(self->io, buf_reserve(&url, len), len);
		enum pattern_found found =
		    filter_search(self->order->tools->filter, (struct slice){url.data, len});
		if (found == PATTERN_TOO_LONG) {
			tell_end(self, PAGE_TOO_COSTLY);
			break;
		}
		char choice = found == PATTERN_FOUND ? CHOICE_YES : CHOICE_NO;
		tell(self, &(struct message){.kind = MESSAGE_CHOICE}, (struct slice){&choice, 1},
		    (struct slice){0}, (struct slice){0});
	}
	buf_release(&url);
}

void page_work(void *ctx, struct slice order, struct helper_io *io)
{
	struct work_order copy;
	struct worker worker = {&copy, io};
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
		choose_open(&worker);
		break;
	}
}

/* In the program. */

static struct page *page_of(struct helper_job *job)
{
	return (struct page *)((char *)job - offsetof(struct page, job));
}

static void take_link(struct page *self, const struct raw_link *link)
{
	if (!link_list_add(&self->links, link))
		self->failed = PAGE_TOO_MUCH;
}

/* Of the open links those that were told of are no longer open. */
static void take_choice(struct page *self, char choice)
{
	char *open = memchr(self->choice.data + self->next, CHOICE_OPEN, self->choice.len - self->next);
	assert(open);
	*open = choice;
	self->next = (size_t)(open - self->choice.data) + 1;
}

static void on_message(struct helper_job *job, struct slice bytes)
{
	struct page *self = page_of(job);
	struct message message;
	memcpy(&message, bytes.data, sizeof message);
	const char *value = bytes.data + sizeof message, *tag = value + message.value_len;
	struct raw_link link = {.value = {value, message.value_len}, .position = -1};
	if (message.has_tag)
		link.tag = (struct slice){tag, message.tag_len};
	if (message.has_rel)
		link.rel = (struct slice){tag + message.tag_len, message.rel_len};
	switch (message.kind) {
	case MESSAGE_LINK:
		take_link(self, &link);
		break;
	case MESSAGE_BASE:
		page_keep_base(self, link.value);
		break;
	case MESSAGE_CHOICE:
		take_choice(self, *value);
		break;
	case MESSAGE_END:
		self->failed = message.state;
		break;
	}
}

static enum page_state state_of(enum helper_end end)
{
	switch (end) {
	case HELPER_TOO_LONG:
		return PAGE_TOO_COSTLY;
	case HELPER_TOO_LARGE:
		return PAGE_TOO_HUNGRY;
	case HELPER_BROKEN:
		return PAGE_BROKEN;
	case HELPER_MISSING:
		return PAGE_UNSERVED;
	case HELPER_LOST:
		return PAGE_LOST;
	default:
		return PAGE_GIVEN;
	}
}

static void on_end(struct helper_job *job, enum helper_end end)
{
	struct page *self = page_of(job);
	if (end != HELPER_DONE)
		self->failed = state_of(end);
	pieces_clear(&self->body);
	self->stage = self->stage == PAGE_STAGE_FIND ? PAGE_STAGE_BEGIN : PAGE_STAGE_GIVE;
	self->next = 0;
	self->source.ready(self->source.ctx);
}

void page_work_start(struct page *self, enum work_kind kind, const struct pieces *input)
{
	self->order = (struct work_order){.kind = kind,
	    .tools = self->tools,
	    .charset = self->guess.charset,
	    .type = self->type,
	    .detailed = self->links.detailed};
	self->job = (struct helper_job){.order = {(const char *)&self->order, sizeof self->order},
	    .input = input,
	    .take = on_message,
	    .end = on_end};
	self->next = 0;
	helpers_add(self->shared->helpers, &self->job);
}
