/* Finds the links of an XML document with libxml2: the href attributes, as a browser's XML parser would, and
 * those in the text of sitemaps and feeds (see feed.h). The document comes in chunks. */
#ifndef AREQ_LINK_XML_H
#define AREQ_LINK_XML_H

#include "base/attribute.h"
#include "base/link.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum xml_kind {
	/* A wanted attribute: href in no namespace of an element that is not named base, href of XLink, or,
	 * in an XHTML element that has it (see attribute_set_of_element), another one; or a text. */
	XML_LINK,
	XML_BASE, /* an XHTML base element that has an href attribute in no namespace */
	/* The value is the absolute URL that the links from here on are resolved against, because of an
	 * xml:base;
	 * "" means that of the document. */
	XML_BASE_FROM_HERE,
	XML_ANCHOR, /* if they are wanted: an id, or the name of an XHTML a; both in no namespace */
	XML_META    /* an XHTML meta element with a name; the value is that of its content attribute */
};

/* One link that was found. The slices are borrowed for the call of xml_fn. */
struct xml_hit {
	enum xml_kind kind;
	enum link_kind link_kind;
	struct slice
	    name; /* the element's local name; for a text see feed_hit, for XML_META its name attribute */
	enum attribute attribute; /* that has the value, with XML_LINK; ATTRIBUTE_NONE for a text */
	struct slice value;       /* the text or the value of the href attribute, with references replaced */
	struct slice rel; /* the text of the rel attribute in no namespace; data == NULL if there is none */
};

typedef void (*xml_fn)(void *ctx, const struct xml_hit *hit);

struct xml;

/* Starts reading a document. url is its own, absolute and borrowed for the call. attributes is the set of the
 * wanted ones; href is always wanted. libxml_load must have succeeded before. Free with xml_free. */
struct xml *xml_new(struct slice url, uint32_t attributes, xml_fn on_link, void *ctx);
void xml_free(struct xml *self);

/* Gives the next bytes of the document, borrowed for the call. They are UTF-8, whatever encoding the document
 * declares; last says that no more follow. Calls on_link for what is found in them. After the first
 * well-formedness error nothing more is found, as in a browser. White space before the XML declaration is
 * such an error, but not in a sitemap or feed, where it is common. External entities are never read. A single
 * call may take any time. */
void xml_feed(struct xml *self, const char *bytes, size_t len, bool last);

/* True if parsing was stopped because the entities expand to too much text (see xml_entities.h). */
bool xml_has_too_many_entities(const struct xml *self);

/* True if parsing was stopped by a limit of libxml2 (see libxml_has_met_limit). */
bool xml_has_met_limit(const struct xml *self);

#endif
