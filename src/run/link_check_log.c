#include "run/link_check_log.h"

#include <string.h>

/* A length for a text that there is not. */
#define NO_TEXT UINT32_MAX

/* The heads of the records. Their texts follow, in the order of the lengths. */
struct waiting_head {
	uint64_t previous;
	uint64_t page;     /* its place; 0 for a redirect */
	uint32_t text_len; /* the fragment of the link with '#', all of its URL, or the target */
	uint8_t is_redirect;
	uint8_t is_whole; /* the text is all of the URL */
	uint8_t has_details;
};

struct details {
	int64_t position;
	uint64_t line, column;
	uint32_t raw_len, tag_len, attr_len, rel_len;
};

struct page_head {
	long http_status;
	uint64_t number;
	uint32_t depth, source_len, final_len, via_len;
};

struct verdict_head {
	long http_status;
	uint32_t target_len, final_len, moved_len; /* final_len is NO_TEXT if it is the target */
	uint8_t kind, outcome, anchors;
	uint16_t cause;
};

void link_check_log_init(struct link_check_log *self)
{
	*self = (struct link_check_log){0};
	record_log_init(&self->links, LINK_CHECK_MEMORY / 2);
	record_log_init(&self->pages, LINK_CHECK_MEMORY / 4);
	record_log_init(&self->verdicts, LINK_CHECK_MEMORY / 4);
	buf_init(&self->url, SIZE_MAX / 2);
}

void link_check_log_release(struct link_check_log *self)
{
	record_log_release(&self->links);
	record_log_release(&self->pages);
	record_log_release(&self->verdicts);
	buf_release(&self->url);
}

void link_check_log_clear_links(struct link_check_log *self)
{
	if (self->links.file_end == 0 && self->pages.file_end == 0)
		return;
	record_log_clear(&self->links);
	record_log_clear(&self->pages);
	self->epoch++;
}

static uint32_t length_of(struct slice text)
{
	return text.data ? (uint32_t)text.len : NO_TEXT;
}

/* Takes a text of that length off the bytes. */
static struct slice take(struct slice *bytes, uint32_t len)
{
	if (len == NO_TEXT)
		return (struct slice){0};
	struct slice text = {bytes->data, len};
	bytes->data += len;
	bytes->len -= len;
	return text;
}

static void take_head(struct slice *bytes, void *head, size_t size)
{
	memcpy(head, bytes->data, size);
	bytes->data += size;
	bytes->len -= size;
}

/* A text with its NUL, so that it can be read as a string. */
static struct slice string_slice(const char *text)
{
	return text ? (struct slice){text, strlen(text) + 1} : (struct slice){0};
}

uint64_t link_check_log_add_page(struct link_check_log *self, const struct outcome *page)
{
	const struct slice source = string_slice(page->source_url), final = string_slice(page->final_url),
	                   via = string_slice(page->via);
	const struct page_head head = {.http_status = page->http_status,
	    .number = page->number,
	    .depth = page->depth,
	    .source_len = length_of(source),
	    .final_len = length_of(final),
	    .via_len = length_of(via)};
	const struct slice parts[] = {{(const char *)&head, sizeof head}, source, final, via};
	return record_log_add(&self->pages, parts, sizeof parts / sizeof *parts);
}

uint64_t link_check_log_add_link(struct link_check_log *self, uint64_t previous, uint64_t page,
    const struct link *link, struct slice target)
{
	/* Only a URL with a user name differs from its target in more than the fragment. */
	bool is_whole = link->url.len < target.len || memcmp(link->url.data, target.data, target.len) != 0;
	size_t start = is_whole ? 0 : target.len;
	const struct slice text = {link->url.data + start, link->url.len - start};
	const struct details details = {.position = link->position,
	    .line = link->line,
	    .column = link->column,
	    .raw_len = length_of(link->raw),
	    .tag_len = length_of(link->tag),
	    .attr_len = length_of(link->attr),
	    .rel_len = length_of(link->rel)};
	bool has_details = link->raw.data || link->tag.data || link->attr.data;
	const struct waiting_head head = {.previous = previous,
	    .page = page,
	    .text_len = (uint32_t)text.len,
	    .is_whole = is_whole,
	    .has_details = has_details};
	const struct slice parts[] = {{(const char *)&head, sizeof head}, text,
	    {(const char *)&details, sizeof details}, link->raw, link->tag, link->attr, link->rel};
	return record_log_add(&self->links, parts, has_details ? sizeof parts / sizeof *parts : 2);
}

uint64_t link_check_log_add_redirect(
    struct link_check_log *self, uint64_t previous, struct slice from, struct slice moved_to)
{
	const uint32_t moved_len = length_of(moved_to);
	const struct waiting_head head = {
	    .previous = previous, .text_len = (uint32_t)from.len, .is_redirect = true};
	const struct slice parts[] = {
	    {(const char *)&head, sizeof head}, from, {(const char *)&moved_len, sizeof moved_len}, moved_to};
	return record_log_add(&self->links, parts, sizeof parts / sizeof *parts);
}

uint64_t link_check_log_add_verdict(
    struct link_check_log *self, struct slice target, const struct target_verdict *verdict)
{
	struct slice final = verdict->final_url;
	if (slice_equal(final, target))
		final = (struct slice){0};
	const struct verdict_head head = {.http_status = verdict->http_status,
	    .target_len = (uint32_t)target.len,
	    .final_len = length_of(final),
	    .moved_len = length_of(verdict->moved_to),
	    .kind = (uint8_t)verdict->kind,
	    .outcome = (uint8_t)verdict->outcome,
	    .anchors = (uint8_t)verdict->anchors,
	    .cause = (uint16_t)verdict->cause};
	const struct slice parts[] = {{(const char *)&head, sizeof head}, target, final, verdict->moved_to};
	return record_log_add(&self->verdicts, parts, sizeof parts / sizeof *parts);
}

static bool read_record(
    struct link_check_log *self, struct record_log *log, uint64_t place, struct slice *bytes)
{
	if (record_log_read(log, place, bytes))
		return true;
	self->failed = true;
	return false;
}

static void take_link(struct link_check_log *self, const struct waiting_head *head, struct slice target,
    struct slice *bytes, struct link *link)
{
	struct details details = {
	    .position = -1, .raw_len = NO_TEXT, .tag_len = NO_TEXT, .attr_len = NO_TEXT, .rel_len = NO_TEXT};
	struct slice text = take(bytes, head->text_len);
	buf_clear(&self->url);
	if (!head->is_whole)
		buf_append(&self->url, target.data, target.len);
	buf_append(&self->url, text.data, text.len);
	if (head->has_details)
		take_head(bytes, &details, sizeof details);
	*link = (struct link){.url = {self->url.data, self->url.len},
	    .is_row = true,
	    .position = details.position,
	    .line = details.line,
	    .column = details.column};
	link->raw = take(bytes, details.raw_len);
	link->tag = take(bytes, details.tag_len);
	link->attr = take(bytes, details.attr_len);
	link->rel = take(bytes, details.rel_len);
}

bool link_check_log_read_waiting(
    struct link_check_log *self, uint64_t place, struct slice target, struct waiting_record *record)
{
	struct slice bytes;
	struct waiting_head head;
	if (!read_record(self, &self->links, place, &bytes))
		return false;
	take_head(&bytes, &head, sizeof head);
	*record = (struct waiting_record){.previous = head.previous, .is_redirect = head.is_redirect};
	if (!head.is_redirect) {
		record->page = head.page;
		take_link(self, &head, target, &bytes, &record->link);
		return true;
	}
	uint32_t moved_len;
	record->from = take(&bytes, head.text_len);
	take_head(&bytes, &moved_len, sizeof moved_len);
	record->moved_to = take(&bytes, moved_len);
	return true;
}

bool link_check_log_read_page(struct link_check_log *self, uint64_t place, struct outcome *page)
{
	struct slice bytes;
	struct page_head head;
	if (!read_record(self, &self->pages, place, &bytes))
		return false;
	take_head(&bytes, &head, sizeof head);
	*page = (struct outcome){.number = head.number,
	    .kind = OUTCOME_OK,
	    .stage = STAGE_RECEIVE,
	    .http_status = head.http_status,
	    .depth = head.depth,
	    .phases = {-1, -1, -1, -1, -1, -1}};
	page->source_url = take(&bytes, head.source_len).data;
	page->final_url = take(&bytes, head.final_len).data;
	page->via = take(&bytes, head.via_len).data;
	return true;
}

bool link_check_log_read_verdict(struct link_check_log *self, uint64_t place, struct verdict_record *record)
{
	struct slice bytes;
	struct verdict_head head;
	if (!read_record(self, &self->verdicts, place, &bytes))
		return false;
	take_head(&bytes, &head, sizeof head);
	struct target_verdict *verdict = &record->verdict;
	*verdict = (struct target_verdict){.kind = head.kind,
	    .outcome = (enum outcome_kind)head.outcome,
	    .cause = (enum cause)head.cause,
	    .http_status = head.http_status,
	    .anchors = (enum anchors)head.anchors};
	record->target = take(&bytes, head.target_len);
	verdict->final_url = head.final_len == NO_TEXT ? record->target : take(&bytes, head.final_len);
	verdict->moved_to = take(&bytes, head.moved_len);
	return true;
}
