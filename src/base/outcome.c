#include "base/outcome.h"

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

/* final_url is either a normalised URL without credentials or a line that is no URL. */
struct slice outcome_host(const struct outcome *self)
{
	const char *slashes = strstr(self->final_url, "://");
	const char *host = slashes ? slashes + 3 : self->final_url;
	return (struct slice){host, strcspn(host, "/?#")};
}
