/* libxml2, loaded when something first needs it: few runs meet an XML document, but with ICU and the C++
 * library, which it brings along, it would take a fifth of the time and memory of a short run. */
#ifndef AREQ_LINK_LIBXML_H
#define AREQ_LINK_LIBXML_H

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#define LIBXML_FUNCTIONS(X)                                                                                  \
	X(htmlReadMemory)                                                                                    \
	X(xmlAddDocEntity)                                                                                   \
	X(xmlCreateIntSubset)                                                                                \
	X(xmlCreatePushParserCtxt)                                                                           \
	X(xmlCtxtReadMemory)                                                                                 \
	X(xmlCtxtResetPush)                                                                                  \
	X(xmlCtxtUseOptions)                                                                                 \
	X(xmlFreeDoc)                                                                                        \
	X(xmlFreeParserCtxt)                                                                                 \
	X(xmlGetDocEntity)                                                                                   \
	X(xmlGetLastError)                                                                                   \
	X(xmlGetParameterEntity)                                                                             \
	X(xmlNewDoc)                                                                                         \
	X(xmlNewParserCtxt)                                                                                  \
	X(xmlParseChunk)                                                                                     \
	X(xmlSAX2EntityDecl)                                                                                 \
	X(xmlSAX2GetEntity)                                                                                  \
	X(xmlSAX2GetParameterEntity)                                                                         \
	X(xmlSetExternalEntityLoader)                                                                        \
	X(xmlSetGenericErrorFunc)                                                                            \
	X(xmlStopParser)                                                                                     \
	X(xmlXPathCastNodeToString)                                                                          \
	X(xmlXPathCompile)                                                                                   \
	X(xmlXPathCompiledEval)                                                                              \
	X(xmlXPathFreeCompExpr)                                                                              \
	X(xmlXPathFreeContext)                                                                               \
	X(xmlXPathFreeObject)                                                                                \
	X(xmlXPathNewContext)                                                                                \
	X(xmlXPathNodeSetSort)

/* Its functions, under their own names. */
struct libxml {
#define LIBXML_MEMBER(name) __typeof__(name) *(name);
	LIBXML_FUNCTIONS(LIBXML_MEMBER)
#undef LIBXML_MEMBER
	xmlFreeFunc *free_text; /* xmlFree, for the texts that it gives out */
};

/* Loads it the first time; it stays for the life of the process, and never opens anything by itself. NULL, or
 * why it cannot be loaded. */
const char *libxml_load(void);

/* Once it is loaded. */
const struct libxml *libxml_get(void);

#endif
