/* Pages that rest between two answers: a stack, so that the memory of the last one is used first. */
#ifndef AREQ_LINK_PAGE_POOL_H
#define AREQ_LINK_PAGE_POOL_H

#include "link/page.h"

#include <stddef.h>

struct page_pool {
	const struct page_tools *tools; /* borrowed */
	struct page **idle;
	size_t count, max;
};

/* At most max of them rest. Free with page_pool_release, after they all came back. */
void page_pool_init(struct page_pool *self, const struct page_tools *tools, size_t max);
void page_pool_release(struct page_pool *self);

struct page *page_pool_take(struct page_pool *self);

/* Done with this page. The memory of a large one, and of one too many, is not kept for the rest of the run.
 */
void page_pool_give_back(struct page_pool *self, struct page *page);

#endif
