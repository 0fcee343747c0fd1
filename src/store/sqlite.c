#include "store/sqlite.h"

#include "base/library.h"

#include <assert.h>

/* A loaded library belongs to the whole process, as a linked one does, so this is state of the file. */
static struct sqlite functions;
static bool is_loaded;

const char *sqlite_load(void)
{
#define LOADED_FUNCTION(name) {#name, &functions.name, false},
	static const struct library_function list[] = {SQLITE_FUNCTIONS(LOADED_FUNCTION)};
#undef LOADED_FUNCTION
	if (is_loaded)
		return NULL;
	const char *problem = library_load(AREQ_SQLITE, list, sizeof list / sizeof *list);
	is_loaded = !problem;
	return problem;
}

const struct sqlite *sqlite_get(void)
{
	assert(is_loaded);
	return &functions;
}
