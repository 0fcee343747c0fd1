#include "run/replay_source.h"

#include "base/alloc.h"
#include "base/log.h"
#include "store/state.h"

#include <stdlib.h>

struct replay_file {
	const char *path;
	struct state *state;
	uint64_t pages, settled; /* of the run */
};

static enum status fail_state(const struct replay_file *self, enum status status)
{
	log_error("%s", state_problem(self->state));
	return status;
}

static enum status open_file(void *ctx, const char **options)
{
	struct replay_file *self = ctx;
	self->state = state_new(self->path);
	enum status status = state_open(self->state, STATE_READ);
	if (status != STATUS_OK)
		return fail_state(self, status);
	const struct state_run *run = state_last_run(self->state);
	if (run->id == 0) {
		log_error("%s: knows no run yet, so there are no rows", self->path);
		return STATUS_OUTPUT;
	}
	*options = run->options;
	return STATUS_OK;
}

static enum status next_page(void *ctx, struct stored_page *stored, struct link_reader *links, bool *found)
{
	struct replay_file *self = ctx;
	struct state_page page;
	enum status status = STATUS_OK;
	enum state_find step;
	*found = false;
	while ((step = state_next_page(self->state, &page, &status)) == STATE_FOUND) {
		/* The run may have gone on, or another one begun, since the file was opened. */
		if (page.run != state_last_run(self->state)->id)
			continue;
		self->pages++;
		self->settled += page.is_settled;
		if (!page.is_settled || page.outcome != OUTCOME_OK)
			continue;
		enum state_find has_links = state_find_links(self->state, &page, links, &status);
		if (has_links == STATE_FAILED)
			return fail_state(self, status);
		if (has_links == STATE_END)
			continue;
		*found = true;
		status = stored_page_read(stored, self->state, &page);
		return status == STATUS_OK ? status : fail_state(self, status);
	}
	return step == STATE_FAILED ? fail_state(self, status) : STATUS_OK;
}

static bool is_unfinished(void *ctx, uint64_t *done, uint64_t *all)
{
	const struct replay_file *self = ctx;
	*done = self->settled;
	*all = self->pages;
	return state_last_run(self->state)->ended <= 0;
}

static void free_file(void *ctx)
{
	struct replay_file *self = ctx;
	state_free(self->state);
	free(self);
}

struct replay_source replay_file(const struct options *options)
{
	struct replay_file *self = alloc_new(sizeof *self);
	self->path = options->state;
	return (struct replay_source){.self = self,
	    .open = open_file,
	    .next = next_page,
	    .is_unfinished = is_unfinished,
	    .free = free_file};
}
