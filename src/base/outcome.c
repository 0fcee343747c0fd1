#include "base/outcome.h"

#include "base/url/url.h"

#include <assert.h>

#define OUTCOME_TEXT(name, text) text,

const char *outcome_kind_text(enum outcome_kind kind)
{
	static const char *const texts[] = {OUTCOME_LIST(OUTCOME_TEXT)};
	assert(kind < OUTCOME_KINDS);
	return texts[kind];
}

const char *outcome_stage_text(enum outcome_stage stage)
{
	static const char *const texts[] = {STAGE_LIST(OUTCOME_TEXT)};
	assert(stage < STAGES);
	return texts[stage];
}

struct slice outcome_host(const struct outcome *self)
{
	struct url_parts parts;
	struct slice url = slice_of(self->final_url);
	/* A line that is no URL stands for its own host. */
	return url_split(url, &parts) ? parts.server : (struct slice){url.data, strcspn(url.data, "/?#")};
}
