#include "run/stored_page.h"

#include <string.h>

void stored_page_init(struct stored_page *self)
{
	*self = (struct stored_page){.task = NULL};
	url_init(&self->url);
	url_init(&self->via_url);
	buf_init(&self->text, SIZE_MAX / 2);
	buf_init(&self->final_url, SIZE_MAX / 2);
	buf_init(&self->via, SIZE_MAX / 2);
}

static void free_task(struct stored_page *self)
{
	if (self->task)
		task_free(self->task);
	self->task = NULL;
}

void stored_page_release(struct stored_page *self)
{
	free_task(self);
	url_release(&self->url);
	url_release(&self->via_url);
	buf_release(&self->text);
	buf_release(&self->final_url);
	buf_release(&self->via);
}

static const char *text_of(const struct state_page *page)
{
	return page->listed ? page->listed : page->url;
}

static void copy_text(struct buf *to, const char *text)
{
	buf_clear(to);
	buf_append_text(to, text ? text : "");
}

/* Reads the URL of the page that led to this one; a sitemap that robots.txt has named has none in the
 * state. */
static enum status read_via(
    struct stored_page *self, struct state *state, const struct state_page *page, const char **via)
{
	static const char robots[] = "/robots.txt";
	struct state_page source;
	enum status status = STATUS_OK;
	*via = NULL;
	if (page->via && state_find_page(state, page->via, &source, &status) == STATE_FOUND) {
		buf_clear(&self->via);
		url_append_redacted(&self->via, text_of(&source));
		*via = self->via.data;
	} else if (!page->via && page->sitemap &&
	           url_parse(&self->via_url, robots, sizeof robots - 1, &self->url, NULL)) {
		*via = url_href(&self->via_url).data;
	}
	return status;
}

/* Takes over the texts of the page. */
static void take_texts(struct stored_page *self, const struct state_page *page)
{
	copy_text(&self->text, text_of(page));
	copy_text(&self->final_url, page->final_url);
	url_parse(&self->url, self->text.data, self->text.len, NULL, NULL);
}

/* Makes the task of the page, whose texts were taken over. */
static void make_task(struct stored_page *self, const struct state_page *page, const char *via)
{
	const struct store_url url = {.url = &self->url,
	    .text = self->text.data,
	    .number = page->id,
	    .depth = page->depth,
	    .sitemap_level = page->sitemap,
	    .is_guess = page->is_guess,
	    .id = page->id,
	    .via = via};
	free_task(self);
	self->task = task_new(&url, NULL);
	task_begin_without_request(self->task);
	self->task->tries->http_status = page->http_status;
	if (self->final_url.len > 0)
		task_set_final_url(self->task, self->final_url.data);
}

enum status stored_page_read(struct stored_page *self, struct state *state, const struct state_page *page)
{
	const char *via;
	/* They may be lost when the other page is read. */
	take_texts(self, page);
	enum status status = read_via(self, state, page, &via);
	make_task(self, page, via);
	return status;
}

void stored_page_set(struct stored_page *self, const struct state_page *page, const char *via)
{
	take_texts(self, page);
	buf_clear(&self->via);
	url_append_redacted(&self->via, via ? via : "");
	make_task(self, page, via ? self->via.data : NULL);
}

struct outcome stored_page_outcome(const struct stored_page *self)
{
	return task_outcome(self->task);
}

struct link stored_page_link(const struct link_record *record, const struct url *parsed)
{
	return (struct link){.url = record->url,
	    .parsed = parsed,
	    .kind = record->kind,
	    .is_row = record->is_row,
	    .raw = record->raw,
	    .tag = record->tag,
	    .attr = record->attr,
	    .rel = record->rel,
	    .position = record->position,
	    .line = record->line,
	    .column = record->column};
}
