/* Loads libxml2 when it is first needed. Few runs meet an XML document, but libxml2, with the ICU and C++
 * libraries that it depends on, would take a fifth of the time and memory of a short run. */
#ifndef AREQ_LINK_LIBXML_H
#define AREQ_LINK_LIBXML_H

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>
#include <stdbool.h>

#define LIBXML_FUNCTIONS(X)                                                                                  \
	X(htmlCtxtReadMemory)                                                                                \
	X(htmlNewParserCtxt)                                                                                 \
	X(xmlAddDocEntity)                                                                                   \
	X(xmlCreateIntSubset)                                                                                \
	X(xmlCreatePushParserCtxt)                                                                           \
	X(xmlCtxtGetLastError)                                                                               \
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

/* The functions of libxml2, under their own names. */
struct libxml {
#define LIBXML_MEMBER(name) __typeof__(name) *(name);
	LIBXML_FUNCTIONS(LIBXML_MEMBER)
#undef LIBXML_MEMBER
	xmlFreeFunc *free_text; /* xmlFree, for strings that libxml2 returns to its caller */
	void (*set_amplification)(xmlParserCtxtPtr, unsigned); /* NULL before libxml2 2.13 */
};

/* Loads libxml2 if it is not loaded yet. It stays loaded until the process ends, and is kept from opening any
 * file or URL that a document names. Returns NULL, or a message that says why it cannot be loaded. */
const char *libxml_load(void);

/* Returns the functions. libxml_load must have succeeded before. */
const struct libxml *libxml_get(void);

/* Returns true if the parser has not read the document to its end because of a limit of libxml2 itself, such
 * as that of 2048 elements in each other, which it has since 2.13. */
bool libxml_has_met_limit(xmlParserCtxtPtr parser);

#endif
