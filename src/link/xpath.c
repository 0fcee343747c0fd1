#include "link/xpath.h"

#include "base/alloc.h"
#include "base/log.h"
#include "link/libxml.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct xpath {
	xmlXPathCompExprPtr expression;
	xmlXPathCompExprPtr base; /* finds the base element */
};

/* libxml2 would write to stderr on its own. */
static void keep_quiet(void *ctx, const char *format, ...)
{
	(void)ctx;
	(void)format;
}

static xmlXPathCompExprPtr compile(const char *expression)
{
	libxml_get()->xmlSetGenericErrorFunc(NULL, keep_quiet);
	return libxml_get()->xmlXPathCompile((const xmlChar *)expression);
}

struct xpath *xpath_new(const char *expression)
{
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

static bool give(xmlChar *value, xpath_fn on_value, void *ctx)
{
	if (!value)
		alloc_fail();
	bool more = on_value(ctx, slice_of((const char *)value));
	(*libxml_get()->free_text)(value);
	return more;
}

static bool give_all(const xmlXPathObject *result, xpath_fn on_value, void *ctx)
{
	if (result->type == XPATH_STRING)
		return on_value(ctx, slice_of((const char *)result->stringval));
	if (result->type != XPATH_NODESET || !result->nodesetval)
		return true;
	for (int i = 0; i < result->nodesetval->nodeNr; i++) {
		if (!give(libxml_get()->xmlXPathCastNodeToString(result->nodesetval->nodeTab[i]), on_value,
		        ctx))
			return false;
	}
	return true;
}

static bool evaluate(xmlDocPtr document, xmlXPathCompExprPtr expression, xpath_fn on_value, void *ctx)
{
	xmlXPathContextPtr context = libxml_get()->xmlXPathNewContext(document);
	if (!context)
		alloc_fail();
	context->opLimit = XPATH_STEPS;
	xmlXPathObjectPtr result = libxml_get()->xmlXPathCompiledEval(expression, context);
	if (result && result->type == XPATH_NODESET && result->nodesetval)
		libxml_get()->xmlXPathNodeSetSort(result->nodesetval);
	bool finished = result && give_all(result, on_value, ctx);
	libxml_get()->xmlXPathFreeObject(result);
	libxml_get()->xmlXPathFreeContext(context);
	return finished;
}

static xmlDocPtr parse(struct slice text, bool is_xml)
{
	/* XML_PARSE_HUGE holds for the HTML parser too: without it a page nested 256 deep has no links at
	 * all. */
	if (is_xml)
		return libxml_get()->xmlReadMemory(text.data, (int)text.len, NULL, "UTF-8",
		    XML_PARSE_RECOVER | XML_PARSE_HUGE | XML_PARSE_NONET | XML_PARSE_NOERROR |
		        XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC);
	return libxml_get()->htmlReadMemory(text.data, (int)text.len, NULL, "UTF-8",
	    HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
	        (int)XML_PARSE_HUGE);
}

bool xpath_each(
    struct xpath *self, struct slice text, bool is_xml, xpath_fn on_base, xpath_fn on_value, void *ctx)
{
	if (text.len == 0)
		return true;
	if (text.len > INT_MAX)
		return false;
	xmlDocPtr document = parse(text, is_xml);
	if (!document)
		return true;
	bool finished = evaluate(document, self->base, on_base, ctx) &&
	                evaluate(document, self->expression, on_value, ctx);
	libxml_get()->xmlFreeDoc(document);
	return finished;
}
