#include "night_site.h"

#include "request.h"
#include "text.h"

enum { HOUR = 3600 };

bool night_site_set(struct night_site *self, struct slice query, struct buf *error)
{
	struct nights_spec spec = {.seed = 1, .pages = 60};
	struct slice name, value;
	uint64_t number;
	while (request_query_next(&query, &name, &value)) {
		bool is_seed = slice_equal(name, slice_of("seed"));
		bool fits = text_number(value, &number) && number <= UINT32_MAX &&
		            (is_seed || slice_equal(name, slice_of("pages")));
		if (!fits) {
			text_printf(error, "no such key, or no number: %.*s=%.*s\n", (int)name.len, name.data,
			    (int)value.len, value.data);
			return false;
		}
		*(is_seed ? &spec.seed : &spec.pages) = (unsigned)number;
	}
	if (spec.pages == 0 || spec.pages > NIGHTS_PAGES_MAX) {
		text_printf(error, "pages is not between 1 and %d\n", NIGHTS_PAGES_MAX);
		return false;
	}
	*self = (struct night_site){.spec = spec};
	return true;
}

static void set_etag(struct plan *plan, const char *format, unsigned number, unsigned version)
{
	struct buf etag;
	buf_init(&etag, TEXT_MAX);
	text_printf(&etag, format, number, version);
	plan_text_set(&plan->etag, (struct slice){etag.data, etag.len});
	buf_release(&etag);
}

static void set_modified(struct plan *plan, uint64_t seconds)
{
	plan->has_modified = true;
	plan->modified = seconds;
}

static void set_validators(struct plan *plan, const struct nights_page *page, unsigned number, unsigned night)
{
	const uint64_t century = UINT64_C(100) * 365 * 24 * HOUR;
	plan->has_date = page->validators != NIGHTS_NO_DATE;
	plan->date = nights_time(night) + HOUR;
	switch (page->validators) {
	case NIGHTS_NONE:
	case NIGHTS_VALIDATORS:
		break;
	case NIGHTS_STRONG:
		set_etag(plan, "\"%u-%u\"", number, page->changed);
		set_modified(plan, nights_time(page->changed));
		break;
	case NIGHTS_WEAK:
		set_etag(plan, "W/\"%u-%u\"", number, page->changed);
		break;
	case NIGHTS_OTHER_TAG:
		plan->not_modified = 1;
		set_etag(plan, "\"%u-%u\"", number, page->changed);
		break;
	case NIGHTS_TAG:
		set_etag(plan, "\"%u-%u\"", number, page->changed);
		break;
	case NIGHTS_MODIFIED:
	case NIGHTS_NO_DATE:
		set_modified(plan, nights_time(page->changed));
		break;
	case NIGHTS_AHEAD:
		set_modified(plan, nights_time(page->changed) + century);
		plan->date += century;
		break;
	case NIGHTS_CHANGING_TAG:
		plan->etag_each = 1;
		break;
	case NIGHTS_BARE_TAG:
		set_etag(plan, "page-%u", number, 0);
		break;
	case NIGHTS_FUTURE:
		set_modified(plan, nights_time(0) + century);
		break;
	case NIGHTS_SAME_SECOND:
		set_modified(plan, nights_time(night - night % 2) + HOUR);
		break;
	}
}

static void set_page(struct plan *plan, const struct nights_page *page, unsigned number, unsigned night)
{
	struct buf body;
	buf_init(&body, TEXT_MAX);
	nights_append_body(page, number, &body);
	plan_text_set(&plan->body, (struct slice){body.data, body.len});
	buf_release(&body);
	set_validators(plan, page, number, night);
}

void night_site_plan(const struct night_site *self, struct slice name, struct plan *plan)
{
	static const uint64_t statuses[] = {[NIGHTS_PAGE] = 200,
	    [NIGHTS_MISSING] = 404,
	    [NIGHTS_GONE] = 410,
	    [NIGHTS_BROKEN] = 501,
	    [NIGHTS_UNASKED] = 304,
	    [NIGHTS_NOT_TEXT] = 200};
	struct nights_page page;
	uint64_t number;
	bool is_page = name.len > 1 && *name.data == 'p' &&
	               text_number((struct slice){name.data + 1, name.len - 1}, &number) &&
	               number < self->spec.pages;
	plan->status = 404;
	if (!is_page)
		return;
	nights_page(&self->spec, (unsigned)number, self->night, &page);
	plan->status = statuses[page.answer];
	if (page.answer == NIGHTS_NOT_TEXT)
		plan_text_set(&plan->type, slice_of("image/png"));
	if (page.answer == NIGHTS_PAGE)
		set_page(plan, &page, (unsigned)number, self->night);
}
