#include "link/libxml.h"

#include "base/log.h"
#include "base/status.h"

#include <dlfcn.h>
#include <stdlib.h>

/* What is loaded belongs to the process, as what is linked does. */
static struct libxml functions;
static void *library;

static void must(const void *loaded)
{
	if (loaded)
		return;
	log_error("libxml2 cannot be loaded: %s", dlerror());
	exit(status_exit_code(STATUS_LIBRARY));
}

const struct libxml *libxml_get(void)
{
	if (library)
		return &functions;
	library = dlopen(AREQ_LIBXML, RTLD_LAZY | RTLD_LOCAL);
	must(library);
#define LIBXML_LOAD(name)                                                                                    \
	*(void **)&functions.name = dlsym(library, #name);                                                   \
	must(*(void **)&functions.name);
	LIBXML_FUNCTIONS(LIBXML_LOAD)
#undef LIBXML_LOAD
	*(void **)&functions.free_text = dlsym(library, "xmlFree");
	must(*(void **)&functions.free_text);
	return &functions;
}
