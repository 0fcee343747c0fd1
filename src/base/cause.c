#include "base/cause.h"

#include <assert.h>
#include <stddef.h>

#define CAUSE_ROW(name, word, transient, hint) {word, transient, hint},

static const struct row {
	const char *word;
	bool is_transient;
	enum hint hint;
} rows[] = {CAUSE_LIST(CAUSE_ROW)};

static const struct row *row_of(enum cause cause)
{
	assert(cause < CAUSES);
	return &rows[cause];
}

const char *cause_word(enum cause cause)
{
	return row_of(cause)->word;
}

bool cause_is_transient(enum cause cause)
{
	return row_of(cause)->is_transient;
}

enum hint cause_hint(enum cause cause)
{
	return row_of(cause)->hint;
}
