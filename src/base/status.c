#include "base/status.h"

#include <assert.h>

int status_exit_code(enum status status)
{
#define STATUS_CODE(name, code) code,
	static const int codes[] = {STATUS_LIST(STATUS_CODE)};
#undef STATUS_CODE
	assert(status < STATUS_COUNT);
	return codes[status];
}
