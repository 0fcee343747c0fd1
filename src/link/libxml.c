#include "link/libxml.h"

#include <assert.h>
#include <dlfcn.h>
#include <stdlib.h>

/* A loaded library belongs to the whole process, as a linked one does, so this is state of the file. */
static struct libxml functions;
static void *library;

/* Loads no external entity or DTD, whatever the options of a parser say. */
static xmlParserInputPtr load_nothing(const char *url, const char *id, xmlParserCtxtPtr context)
{
	(void)url;
	(void)id;
	(void)context;
	return NULL;
}

const char *libxml_load(void)
{
	if (library)
		return NULL;
	void *loaded = dlopen(AREQ_LIBXML, RTLD_LAZY | RTLD_LOCAL);
	if (!loaded)
		return dlerror();
#define LIBXML_LOAD(name)                                                                                    \
	*(void **)&functions.name = dlsym(loaded, #name);                                                    \
	if (!*(void **)&functions.name)                                                                      \
		return dlerror();
	LIBXML_FUNCTIONS(LIBXML_LOAD)
#undef LIBXML_LOAD
	*(void **)&functions.free_text = dlsym(loaded, "xmlFree");
	if (!*(void **)&functions.free_text)
		return dlerror();
	*(void **)&functions.set_amplification = dlsym(loaded, "xmlCtxtSetMaxAmplification");
	library = loaded;
	functions.xmlSetExternalEntityLoader(load_nothing);
	return NULL;
}

const struct libxml *libxml_get(void)
{
	assert(library);
	return &functions;
}

bool libxml_has_met_limit(xmlParserCtxtPtr parser)
{
	enum { RESOURCE_LIMIT = 114 }; /* XML_ERR_RESOURCE_LIMIT, which older headers do not have */
	const xmlError *error = functions.xmlCtxtGetLastError(parser);
	return error && error->domain != XML_FROM_NONE && error->code == RESOURCE_LIMIT;
}
