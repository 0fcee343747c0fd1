/* A sitemap may arrive over minutes, and its entries are to be followed meanwhile. A plain text is read as it
 * arrives anyway. XML is read by a helper process, which must not wait for a slow server; so what has arrived
 * is read again and again from its beginning, by a background job that ends where the bytes end. When the
 * page is complete, it is read once more, like any other page, and only that decides about its rows and its
 * outcome. */
#include "link/page_internal.h"

#include "base/ascii.h"
#include "base/clock.h"

#include <assert.h>
#include <string.h>

/* A sitemap is read at most once in READ_INTERVAL_MS, so that most sitemaps arrive before they are read the
 * first time, and reading it again and again takes at most 1 / (1 + PAUSE_FACTOR) of the time in which it
 * arrives. */
enum { READ_INTERVAL_MS = 250, PAUSE_FACTOR = 4 };

void page_set_sitemap(struct page *self, const struct page_source *source)
{
	struct page_shared *shared = self->shared;
	assert(self->size == 0 && !self->arrival.is_open);
	self->is_sitemap = true;
	self->source = *source;
	self->failure = PAGE_DONE;
	self->cost = 0;
	self->arrival = (struct page_arrival){
	    .is_open = true, .next = shared->arriving, .due_ms = clock_now_ms() + READ_INTERVAL_MS};
	if (shared->arriving)
		shared->arriving->arrival.previous = self;
	shared->arriving = self;
}

void page_arrival_end(struct page *self)
{
	struct page_arrival *arrival = &self->arrival;
	if (!arrival->is_open)
		return;
	*(arrival->previous ? &arrival->previous->arrival.next : &self->shared->arriving) = arrival->next;
	if (arrival->next)
		arrival->next->arrival.previous = arrival->previous;
	arrival->is_open = false;
	helpers_remove(self->shared->helpers, &self->job);
	if (self->find_method == FIND_IN_XML) {
		link_list_clear(&self->links);
		buf_clear(&self->robots);
	}
}

static size_t declaration_len(struct slice head)
{
	bool is_xml = mediatype_sniff_gzip_file(head) == MEDIATYPE_XML;
	const char *end = memchr(head.data, is_xml ? '>' : '\n', head.len);
	bool is_list = !memchr(head.data, '<', head.len) && ascii_trim(head).len > 0;
	return end && (is_xml || is_list) ? (size_t)(end - head.data) + 1 : 0;
}

struct slice page_arrival_declaration(struct slice head)
{
	size_t len = declaration_len(head);
	return len > 0 ? (struct slice){head.data, len} : head;
}

/* Begins to read a sitemap of which few bytes have arrived, if they tell what it is. */
static void begin_text(struct page *self)
{
	struct slice head = {self->head.data ? self->head.data : "", self->head.len};
	if (declaration_len(head) > 0)
		page_final_type(self);
}

void page_arrival_end_read(struct page *self)
{
	struct page_arrival *arrival = &self->arrival;
	int64_t now = clock_now_ms(), pause = PAUSE_FACTOR * (now - arrival->began_ms);
	arrival->is_reading = false;
	arrival->due_ms = now + (pause > READ_INTERVAL_MS ? pause : READ_INTERVAL_MS);
	if (self->links.pieces.size > arrival->emitted)
		self->source.ready(self->source.ctx);
}

static void read_arrived(struct page *self, int64_t now)
{
	if (!self->is_encoding_detected)
		begin_text(self);
	self->arrival.is_reading = true;
	self->arrival.began_ms = now;
	self->arrival.read_size = self->size;
	if (self->is_encoding_detected && self->find_method == FIND_IN_XML)
		page_work_start_partial(self);
	else
		page_arrival_end_read(self);
}

/* A sitemap that has failed in a helper process, or whose links are too many, is not read again before it is
 * complete. */
static bool has_unread(const struct page *self)
{
	return self->failure == PAGE_DONE && !self->arrival.is_reading &&
	       self->size > self->arrival.read_size;
}

void page_arrival_perform(struct page_shared *shared, struct wait *wait)
{
	int64_t now = shared->arriving ? clock_now_ms() : 0;
	for (struct page *page = shared->arriving; page; page = page->arrival.next) {
		if (!has_unread(page))
			continue;
		if (page->arrival.due_ms <= now)
			read_arrived(page, now);
		else
			wait_until(wait, page->arrival.due_ms);
	}
}
