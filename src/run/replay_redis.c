#include "run/replay_source.h"

#include "base/alloc.h"
#include "base/log.h"
#include "run/page_answer.h"
#include "run/shared_options.h"
#include "store/redis_crawl.h"

#include <inttypes.h>
#include <stdlib.h>

struct replay_redis {
	const struct options *options;
	struct redis_address address;
	struct redis_crawl *crawl;
	struct redis_crawl_status stands;
	size_t held;      /* see struct page_answer */
	uint64_t damaged; /* pages */
};

static enum status open_crawl(void *ctx, const char **options)
{
	struct replay_redis *self = ctx;
	static const struct redis_crawl_handlers no_handlers = {.ctx = NULL};
	enum status status = shared_options_parse_address(&self->address, self->options);
	if (status != STATUS_OK)
		return status;
	self->crawl = redis_crawl_new(
	    &(struct redis_crawl_settings){
	        .address = &self->address, .options = "{}", .name = "", .lease_ms = REDIS_CRAWL_LEASE_MS},
	    &no_handlers);
	status = redis_crawl_read_status(self->crawl, &self->stands);
	if (status != STATUS_OK)
		return status;
	if (!self->stands.exists || !self->stands.keeps_answers) {
		log_error("%s: %s", self->address.name,
		    self->stands.exists ? "the last run has kept no links, which it does with --changes or "
		                          "--changes-to"
		                        : "knows no run yet, so there are no rows");
		return STATUS_OUTPUT;
	}
	*options = self->stands.options;
	return STATUS_OK;
}

static enum status next_page(void *ctx, struct stored_page *stored, struct link_reader *links, bool *found)
{
	struct replay_redis *self = ctx;
	struct redis_crawl_stored kept;
	enum status status;
	while ((status = redis_crawl_next_stored(self->crawl, &kept, found)) == STATUS_OK && *found) {
		struct page_answer *answer =
		    page_answer_new(kept.answer, kept.links, kept.number, &self->held);
		bool is_of_run =
		    answer && answer->answer.was_ok && answer->answer.page.run == self->stands.run;
		self->damaged += !answer;
		if (is_of_run) {
			page_answer_open_links(answer, links);
			stored_page_set(stored, &answer->answer.page, answer->answer.via);
		}
		page_answer_free(answer);
		if (is_of_run)
			return STATUS_OK;
	}
	if (status != STATUS_OK || self->damaged == 0)
		return status;
	log_error("%s: %" PRIu64 " page%s damaged in Redis, and left out", self->address.name, self->damaged,
	    self->damaged == 1 ? " is" : "s are");
	return STATUS_OUTPUT;
}

static bool is_unfinished(void *ctx, uint64_t *done, uint64_t *all)
{
	const struct replay_redis *self = ctx;
	*done = self->stands.settled;
	*all = self->stands.settled + self->stands.left;
	return !self->stands.has_ended;
}

static void free_crawl(void *ctx)
{
	struct replay_redis *self = ctx;
	redis_crawl_free(self->crawl);
	redis_address_release(&self->address);
	free(self);
}

struct replay_source replay_redis(const struct options *options)
{
	struct replay_redis *self = alloc_new(sizeof *self);
	self->options = options;
	return (struct replay_source){.self = self,
	    .open = open_crawl,
	    .next = next_page,
	    .is_unfinished = is_unfinished,
	    .free = free_crawl};
}
