#include "store/redis_library.h"

#include "base/library.h"

#include <assert.h>

/* The name of the shared library, as a program that is linked with it has it. */
#define TEXT_OF(token)   #token
#define LIBRARY(version) "libhiredis.so." TEXT_OF(version)

/* A loaded library belongs to the whole process, as a linked one does, so this is state of the file. */
static struct redis_library functions;
static bool is_loaded;

const char *redis_library_load(void)
{
#define LOADED_FUNCTION(name) {#name, &functions.name, false},
	static const struct library_function list[] = {REDIS_LIBRARY_FUNCTIONS(LOADED_FUNCTION)};
#undef LOADED_FUNCTION
	if (is_loaded)
		return NULL;
	const char *problem = library_load(LIBRARY(HIREDIS_SONAME), list, sizeof list / sizeof *list);
	is_loaded = !problem;
	return problem;
}

const struct redis_library *redis_library_get(void)
{
	assert(is_loaded);
	return &functions;
}
