#include "link/xpath.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/status.h"
#include "link/xml_entities.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct xpath {
	xmlXPathCompExprPtr expression;
	xmlXPathCompExprPtr base; /* selects the href of the first base element */
};

/* Ignores errors. Without this handler libxml2 writes them to stderr. */
static void ignore_error(void *ctx, const char *format, ...)
{
	(void)ctx;
	(void)format;
}

static xmlXPathCompExprPtr compile(const char *expression)
{
	libxml_get()->xmlSetGenericErrorFunc(NULL, ignore_error);
	return libxml_get()->xmlXPathCompile((const xmlChar *)expression);
}

struct xpath *xpath_new(const char *expression)
{
	const char *problem = libxml_load();
	if (problem) {
		log_error("--xpath: libxml2 cannot be loaded: %s", problem);
		exit(status_exit_code(STATUS_LIBRARY));
	}
	xmlXPathCompExprPtr compiled = compile(expression);
	if (!compiled) {
		const xmlError *error = libxml_get()->xmlGetLastError();
		const char *why = error && error->message ? error->message : "cannot be compiled";
		log_error("--xpath: bad expression: %.*s:", (int)strcspn(why, "\n"), why);
		log_error("  %s", expression);
		if (error && error->int1 >= 0 && (size_t)error->int1 <= strlen(expression))
			log_error("  %*s", error->int1 + 1, "^");
		return NULL;
	}
	struct xpath *self = alloc_new(sizeof *self);
	self->expression = compiled;
	self->base = compile("(//*[local-name() = 'base']/@href)[1]");
	if (!self->base)
		alloc_fail();
	return self;
}

void xpath_free(struct xpath *self)
{
	if (!self)
		return;
	libxml_get()->xmlXPathFreeCompExpr(self->expression);
	libxml_get()->xmlXPathFreeCompExpr(self->base);
	free(self);
}

static bool report_value(xmlChar *value, xpath_fn on_value, void *ctx)
{
	if (!value)
		alloc_fail();
	bool more = on_value(ctx, slice_of((const char *)value));
	(*libxml_get()->free_text)(value);
	return more;
}

static bool report_values(const xmlXPathObject *result, xpath_fn on_value, void *ctx)
{
	if (result->type == XPATH_STRING)
		return on_value(ctx, slice_of((const char *)result->stringval));
	if (result->type != XPATH_NODESET || !result->nodesetval)
		return true;
	for (int i = 0; i < result->nodesetval->nodeNr; i++) {
		if (!report_value(libxml_get()->xmlXPathCastNodeToString(result->nodesetval->nodeTab[i]),
		        on_value, ctx))
			return false;
	}
	return true;
}

static bool evaluate(xmlDocPtr document, xmlXPathCompExprPtr expression, xpath_fn on_value, void *ctx)
{
	xmlXPathContextPtr context = libxml_get()->xmlXPathNewContext(document);
	if (!context)
		alloc_fail();
	xmlXPathObjectPtr result = libxml_get()->xmlXPathCompiledEval(expression, context);
	if (result && result->type == XPATH_NODESET && result->nodesetval)
		libxml_get()->xmlXPathNodeSetSort(result->nodesetval);
	bool finished = result && report_values(result, on_value, ctx);
	libxml_get()->xmlXPathFreeObject(result);
	libxml_get()->xmlXPathFreeContext(context);
	return finished;
}

static void on_declaration(void *ctx, const xmlChar *name, int type, const xmlChar *public_id,
    const xmlChar *system_id, xmlChar *content)
{
	if (xml_entities_are_internal(type))
		libxml_get()->xmlSAX2EntityDecl(ctx, name, type, public_id, system_id, content);
}

static xmlEntityPtr on_entity(void *ctx, const xmlChar *name)
{
	xmlParserCtxtPtr parser = ctx;
	return xml_entities_count(parser->_private, parser, libxml_get()->xmlSAX2GetEntity(ctx, name));
}

static xmlEntityPtr on_parameter_entity(void *ctx, const xmlChar *name)
{
	xmlParserCtxtPtr parser = ctx;
	return xml_entities_count(
	    parser->_private, parser, libxml_get()->xmlSAX2GetParameterEntity(ctx, name));
}

/* Why the rest of a document was not read. */
struct limits {
	struct xml_entities entities;
	bool is_met; /* a limit of libxml2 */
};

static xmlDocPtr parse_xml(struct slice text, struct limits *limits)
{
	xmlParserCtxtPtr parser = libxml_get()->xmlNewParserCtxt();
	if (!parser)
		alloc_fail();
	struct xml_entities *entities = &limits->entities;
	xml_entities_begin(entities, parser);
	entities->document = text.len;
	parser->_private = entities;
	parser->sax->entityDecl = on_declaration;
	parser->sax->getEntity = on_entity;
	parser->sax->getParameterEntity = on_parameter_entity;
	xmlDocPtr document = libxml_get()->xmlCtxtReadMemory(parser, text.data, (int)text.len, NULL, "UTF-8",
	    XML_PARSE_RECOVER | XML_PARSE_HUGE | XML_PARSE_NOENT | XML_PARSE_NONET | XML_PARSE_NOERROR |
	        XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC);
	limits->is_met = libxml_has_met_limit(parser);
	libxml_get()->xmlFreeParserCtxt(parser);
	return document;
}

/* Appends text with U+FFFD for each NUL, as the tokenizer of the HTML standard has it in tags. libxml2 takes
 * a NUL for the end of the page. */
static void append_without_nul(struct buf *out, struct slice text)
{
	while (text.len > 0) {
		const char *nul = memchr(text.data, '\0', text.len);
		size_t len = nul ? (size_t)(nul - text.data) : text.len;
		buf_append(out, text.data, len);
		if (!nul)
			return;
		buf_append_text(out, "\xef\xbf\xbd");
		text = (struct slice){nul + 1, text.len - len - 1};
	}
}

/* XML_PARSE_HUGE also applies to the HTML parser. Without it, no link is found in a page whose elements are
 * nested 256 deep. */
static xmlDocPtr parse_html(struct slice text, struct limits *limits)
{
	struct buf copy;
	buf_init(&copy, SIZE_MAX / 2);
	if (memchr(text.data, '\0', text.len)) {
		append_without_nul(&copy, text);
		text = (struct slice){copy.data, copy.len};
	}
	if (text.len > INT_MAX) {
		buf_release(&copy);
		return NULL;
	}
	htmlParserCtxtPtr parser = libxml_get()->htmlNewParserCtxt();
	if (!parser)
		alloc_fail();
	xmlDocPtr document = libxml_get()->htmlCtxtReadMemory(parser, text.data, (int)text.len, NULL, "UTF-8",
	    HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
	        (int)XML_PARSE_HUGE);
	limits->is_met = libxml_has_met_limit(parser);
	libxml_get()->xmlFreeParserCtxt(parser);
	buf_release(&copy);
	return document;
}

enum xpath_result xpath_each(
    struct xpath *self, struct slice text, bool is_xml, xpath_fn on_base, xpath_fn on_value, void *ctx)
{
	struct limits limits = {0};
	if (text.len == 0)
		return XPATH_DONE;
	if (text.len > INT_MAX)
		return XPATH_TOO_COSTLY;
	xmlDocPtr document = is_xml ? parse_xml(text, &limits) : parse_html(text, &limits);
	enum xpath_result result = XPATH_DONE;
	if (limits.entities.too_many)
		result = XPATH_TOO_MANY_ENTITIES;
	else if (limits.is_met)
		result = XPATH_LIBRARY_LIMIT;
	else if (document && !(evaluate(document, self->base, on_base, ctx) &&
	                         evaluate(document, self->expression, on_value, ctx)))
		result = XPATH_TOO_COSTLY;
	libxml_get()->xmlFreeDoc(document);
	return result;
}
