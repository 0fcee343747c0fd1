/* Keeps idle pages for reuse. They are a stack, so that the page that was used last is used again first. */
#ifndef AREQ_LINK_PAGE_POOL_H
#define AREQ_LINK_PAGE_POOL_H

#include "link/page.h"

#include <stddef.h>

struct page_pool {
	const struct page_tools *tools; /* borrowed */
	struct page **idle;
	size_t count, max; /* number of idle pages, and the most that are kept */
};

/* Makes an empty pool that keeps at most max idle pages. tools is borrowed until page_pool_release, which may
 * be called after all pages were given back. */
void page_pool_init(struct page_pool *self, const struct page_tools *tools, size_t max);
void page_pool_release(struct page_pool *self);

/* Returns an idle page, or a new one if there is none. It belongs to the caller until page_pool_return. */
struct page *page_pool_get(struct page_pool *self);

/* Drops the data of a page and keeps the page for reuse. It is freed instead if it is large or if max pages
 * are idle already, so that memory is not kept for the rest of the run. */
void page_pool_return(struct page_pool *self, struct page *page);

#endif
