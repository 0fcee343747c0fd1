/* A page from its last byte to its last link, as a loop would have it. */
#ifndef SUPPORT_WHOLE_PAGE_H
#define SUPPORT_WHOLE_PAGE_H

#include "base/clock.h"
#include "link/page.h"

#include <poll.h>

static inline void whole_page_ready(void *ctx)
{
	*(bool *)ctx = true;
}

static inline void whole_page_wait(struct page_shared *shared, const bool *ready)
{
	while (!*ready) {
		struct wait wait = {.wake_ms = CLOCK_NEVER};
		struct pollfd fds[WAIT_DESCRIPTORS];
		page_shared_perform(shared, INT64_MAX, &wait);
		for (size_t i = 0; i < wait.count; i++)
			fds[i] =
			    (struct pollfd){.fd = wait.list[i].descriptor, .events = wait.list[i].events};
		if (!*ready)
			poll(fds, (nfds_t)wait.count, 100);
	}
}

/* Ends the page, which came from that URL, and gives its links out, with a stop after each step where
 * in_steps is set. What is known of it stays until page_drop. */
static inline enum page_state whole_page_emit_links(struct page *page, struct page_shared *shared,
    const char *url, bool in_steps, page_link_fn on_link, void *ctx)
{
	bool ready = false;
	enum page_state state;
	page_end(page, &(struct page_source){.url = url, .ready = whole_page_ready, .ctx = &ready});
	do {
		whole_page_wait(shared, &ready);
		state = page_emit_links(page, in_steps ? 0 : INT64_MAX, on_link, ctx);
		ready = state != PAGE_WAITING;
	} while (state == PAGE_HAS_MORE || state == PAGE_WAITING);
	return state;
}

#endif
