#include "link/libxml.h"

#include "base/library.h"

#include <assert.h>
#include <stdlib.h>

/* A loaded library belongs to the whole process, as a linked one does, so this is state of the file. */
static struct libxml functions;
static bool is_loaded;

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
#define LIBXML_FUNCTION(name) {#name, &functions.name, false},
	static const struct library_function list[] = {
	    LIBXML_FUNCTIONS(LIBXML_FUNCTION){"xmlFree", &functions.free_text, false},
	    {"xmlCtxtSetMaxAmplification", &functions.set_amplification, true},
	};
#undef LIBXML_FUNCTION
	if (is_loaded)
		return NULL;
	const char *problem = library_load(AREQ_LIBXML, list, sizeof list / sizeof *list);
	if (problem)
		return problem;
	is_loaded = true;
	functions.xmlSetExternalEntityLoader(load_nothing);
	return NULL;
}

const struct libxml *libxml_get(void)
{
	assert(is_loaded);
	return &functions;
}

bool libxml_has_met_limit(xmlParserCtxtPtr parser)
{
	enum { RESOURCE_LIMIT = 114 }; /* XML_ERR_RESOURCE_LIMIT, which older headers do not have */
	const xmlError *error = functions.xmlCtxtGetLastError(parser);
	return error && error->domain != XML_FROM_NONE && error->code == RESOURCE_LIMIT;
}
