#include "run/page_changes.h"

#include "base/alloc.h"
#include "base/clock.h"

#include <stdlib.h>

enum { LINKS_PER_CLOCK_READ = 64 };

struct page_changes *page_changes_new(void)
{
	struct page_changes *self = alloc_new(sizeof *self);
	link_reader_init(&self->before);
	link_reader_init(&self->after);
	seen_init(&self->before_urls);
	seen_init(&self->after_urls);
	return self;
}

void page_changes_free(struct page_changes *self)
{
	if (!self)
		return;
	link_reader_release(&self->before);
	link_reader_release(&self->after);
	seen_release(&self->before_urls);
	seen_release(&self->after_urls);
	free(self);
}

void page_changes_set_after(struct page_changes *self, const struct link_records *after)
{
	if (after)
		link_reader_open_list(&self->after, after);
}

static void add(struct seen *urls, const struct link_record *record)
{
	seen_add(urls, record->url.data, record->url.len);
}

static void take(
    struct page_changes *self, const struct link_record *record, page_changes_fn on_change, void *ctx)
{
	bool is_gone = self->step == PAGE_CHANGES_GONE;
	const struct seen *others = is_gone ? &self->after_urls : &self->before_urls;
	if (self->step == PAGE_CHANGES_READ) {
		add(&self->after_urls, record);
		return;
	}
	if (is_gone)
		add(&self->before_urls, record);
	if (!seen_has(others, record->url.data, record->url.len))
		on_change(ctx, record, is_gone ? '-' : '+');
}

/* Returns false if the time is over before the last link of the step. */
static bool run_step(struct page_changes *self, int64_t until_us, page_changes_fn on_change, void *ctx)
{
	struct link_record record;
	struct link_reader *reader = self->step == PAGE_CHANGES_GONE ? &self->before : &self->after;
	for (unsigned i = 1; link_reader_next(reader, &record); i++) {
		if (record.is_row)
			take(self, &record, on_change, ctx);
		if (i % LINKS_PER_CLOCK_READ == 0 && clock_now_us() >= until_us)
			return false;
	}
	link_reader_rewind(reader);
	return true;
}

bool page_changes_emit(struct page_changes *self, int64_t until_us, page_changes_fn on_change, void *ctx)
{
	/* Nothing needs to be looked up in the links of a page that had none. */
	if (self->step == PAGE_CHANGES_BEGIN)
		self->step = self->before.count > 0 ? PAGE_CHANGES_READ : PAGE_CHANGES_NEW;
	while (self->step != PAGE_CHANGES_DONE) {
		if (!run_step(self, until_us, on_change, ctx))
			return false;
		self->step++;
	}
	return true;
}
