#include "base/status.h"

#include <assert.h>

int status_exit_code(enum status status)
{
#define STATUS_CODE(name, code, text) code,
	static const int codes[] = {STATUS_LIST(STATUS_CODE)};
#undef STATUS_CODE
	assert(status < STATUS_COUNT);
	return codes[status];
}

const char *status_text(enum status status)
{
#define STATUS_TEXT(name, code, text) text,
	static const char *const texts[] = {STATUS_LIST(STATUS_TEXT)};
#undef STATUS_TEXT
	assert(status < STATUS_COUNT);
	return texts[status];
}
