/* Evaluates the user's own XPath 1.0 expression on the tree of a page, with libxml2. */
#ifndef AREQ_LINK_XPATH_H
#define AREQ_LINK_XPATH_H

#include "base/slice.h"

#include <stdbool.h>

struct xpath;

/* Compiles the expression. Returns NULL if it is not valid; the reason was logged. Logs a message and ends
 * the process if libxml2 cannot be loaded. Free with xpath_free. */
struct xpath *xpath_new(const char *expression);
void xpath_free(struct xpath *self);

/* Called with each value that was found, borrowed for the call. Returns false to stop. */
typedef bool (*xpath_fn)(void *ctx, struct slice value);

enum xpath_result {
	XPATH_DONE,
	XPATH_TOO_COSTLY,       /* an evaluation failed, a callback returned false, or the text is too long */
	XPATH_LIBRARY_LIMIT,    /* libxml2 does not read all of the text (see libxml_has_met_limit) */
	XPATH_TOO_MANY_ENTITIES /* the declared entities expand to too much text (see xml_entities.h) */
};

/* Parses text, which is UTF-8, as XML or as HTML. Calls on_base with the href of the first base element, if
 * there is one. Then calls on_value with the string value of each selected node, in document order, or once
 * if the result of the expression is a string. May take any time and memory. */
enum xpath_result xpath_each(
    struct xpath *self, struct slice text, bool is_xml, xpath_fn on_base, xpath_fn on_value, void *ctx);

#endif
