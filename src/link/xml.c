#include "link/xml.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "link/feed.h"
#include "link/html/entity.h"
#include "link/xml_base.h"
#include "link/xml_entities.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char xhtml[] = "http://www.w3.org/1999/xhtml";
static const char atom[] = "http://www.w3.org/2005/Atom";
static const char xlink[] = "http://www.w3.org/1999/xlink";
static const char xml_namespace[] = "http://www.w3.org/XML/1998/namespace";

struct xml {
	uint32_t attributes; /* the wanted ones */
	xml_fn on_link;
	void *ctx;
	xmlParserCtxtPtr parser;
	unsigned template_depth; /* open XHTML templates; their contents are not in the document */
	bool has_html_entities;  /* true if the document type is XHTML, which declares HTML's entities */
	xmlDocPtr declared;      /* holds the declared entities; NULL if there are none */
	struct xml_entities entities;
	struct buf entity_text; /* the text of the entity of HTML that was looked up last */
	bool has_begun;         /* a byte that is no white space was given to the parser */
	bool has_leading_space; /* white space before it was skipped */
	struct feed feed;
	struct xml_base base;
};

static bool is_text(const xmlChar *text, const char *wanted)
{
	return text && strcmp((const char *)text, wanted) == 0;
}

static bool is_xhtml(const xmlChar *name, const xmlChar *uri, const char *wanted)
{
	return is_text(uri, xhtml) && is_text(name, wanted);
}

/* The names of HTML elements are in lower case in XHTML. */
static bool has_upper_case(const xmlChar *name)
{
	while (*name && !(*name >= 'A' && *name <= 'Z'))
		name++;
	return *name;
}

/* Finds the attribute of that name in that namespace; uri is NULL for none. libxml2 gives five pointers for
 * each attribute: local name, prefix, namespace, start of the value, end of the value. */
static struct slice find_attribute_in(
    const xmlChar **attributes, int count, const char *uri, const char *name)
{
	for (int i = 0; i < count; i++, attributes += 5) {
		bool matches = uri ? is_text(attributes[2], uri) : !attributes[1];
		if (matches && is_text(attributes[0], name))
			return (struct slice){
			    (const char *)attributes[3], (size_t)(attributes[4] - attributes[3])};
	}
	return (struct slice){0};
}

static struct slice find_attribute(const xmlChar **attributes, int count, const char *name)
{
	return find_attribute_in(attributes, count, NULL, name);
}

static enum link_kind kind_of_hit(const struct feed_hit *hit)
{
	if (!hit->is_page)
		return LINK_RESOURCE;
	return hit->is_sitemap ? LINK_SITEMAP : LINK_PAGE;
}

static void on_feed_link(void *ctx, const struct feed_hit *hit)
{
	struct xml *self = ctx;
	self->on_link(self->ctx,
	    &(struct xml_hit){
	        .kind = XML_LINK, .link_kind = kind_of_hit(hit), .name = hit->name, .value = hit->text});
}

/* Returns the kind of an element with an href: a and area of XHTML lead to a page, and so does an alternate
 * link of Atom, which is the default of rel (RFC 4287, section 4.2.7.2). */
static enum link_kind kind_of_link(const xmlChar *name, const xmlChar *uri, struct slice rel)
{
	if (is_xhtml(name, uri, "a") || is_xhtml(name, uri, "area"))
		return ascii_has_word_nocase(rel, "nofollow") ? LINK_NOFOLLOW : LINK_PAGE;
	if (!is_text(uri, atom) || !is_text(name, "link"))
		return LINK_RESOURCE;
	static const char full_name[] = "http://www.iana.org/assignments/relation/alternate";
	bool is_alternate = !rel.data || ascii_equal_nocase(rel, slice_of("alternate")) ||
	                    slice_equal(rel, slice_of(full_name));
	return is_alternate ? LINK_PAGE : LINK_RESOURCE;
}

/* Reports the base of the next link if an xml:base has changed it since the last link. */
static void report_base(struct xml *self)
{
	struct slice url;
	if (xml_base_take_change(&self->base, &url))
		self->on_link(self->ctx, &(struct xml_hit){.kind = XML_BASE_FROM_HERE, .value = url});
}

static void start_feed_element(struct xml *self, const xmlChar *name, const xmlChar *prefix,
    const xmlChar *uri, const xmlChar **attributes, int attribute_count)
{
	feed_start(
	    &self->feed, &(struct feed_element){.name = (const char *)name,
	                     .prefix = (const char *)prefix,
	                     .uri = (const char *)uri,
	                     .is_permalink = find_attribute(attributes, attribute_count, "isPermaLink")});
	struct slice base = {0};
	if (self->feed.kind == FEED_ATOM)
		base = find_attribute_in(attributes, attribute_count, xml_namespace, "base");
	xml_base_start(&self->base, base);
}

/* Returns true if white space before the XML declaration is an error of this document. The parser sets
 * standalone to another value than -1 if there is a declaration. */
static bool is_spoiled_by_space(const struct xml *self)
{
	return self->has_leading_space && self->feed.kind == FEED_NONE && self->parser->standalone != -1;
}

/* Reports the content of a <meta http-equiv=refresh>. */
static void report_refresh(struct xml *self, const xmlChar **attributes, int attribute_count)
{
	struct slice http_equiv = find_attribute(attributes, attribute_count, "http-equiv");
	struct slice content = find_attribute(attributes, attribute_count, "content");
	if (self->attributes & ATTRIBUTE_BIT(ATTRIBUTE_REFRESH) && content.data &&
	    ascii_equal_nocase(http_equiv, slice_of("refresh")) && self->template_depth == 0)
		self->on_link(self->ctx, &(struct xml_hit){.kind = XML_LINK,
		                             .name = slice_of("meta"),
		                             .attribute = ATTRIBUTE_REFRESH,
		                             .value = content});
}

static void report_meta(struct xml *self, const xmlChar **attributes, int attribute_count)
{
	report_refresh(self, attributes, attribute_count);
	struct slice name = find_attribute(attributes, attribute_count, "name");
	if (name.data && self->template_depth == 0)
		self->on_link(
		    self->ctx, &(struct xml_hit){.kind = XML_META,
		                   .name = name,
		                   .value = find_attribute(attributes, attribute_count, "content")});
}

/* Returns which wanted attribute of an XML element that is, of which libxml2 gives the five pointers. */
static enum attribute attribute_of(
    const struct xml *self, const xmlChar *element, const xmlChar *uri, const xmlChar *const *attribute)
{
	struct slice name = slice_of((const char *)attribute[0]);
	if (attribute[1])
		return is_text(attribute[2], xlink) && slice_equal(name, slice_of("href"))
		           ? ATTRIBUTE_XLINK_HREF
		           : ATTRIBUTE_NONE;
	uint32_t allowed = ATTRIBUTE_BIT(ATTRIBUTE_HREF) | ATTRIBUTE_BIT(ATTRIBUTE_ID);
	if (is_text(uri, xhtml) && !has_upper_case(element))
		allowed |= attribute_set_of_element(slice_of((const char *)element));
	if (is_xhtml(element, uri, "a"))
		allowed |= ATTRIBUTE_BIT(ATTRIBUTE_NAME);
	allowed &=
	    self->attributes & ~(ATTRIBUTE_BIT(ATTRIBUTE_REFRESH) | ATTRIBUTE_BIT(ATTRIBUTE_XLINK_HREF));
	for (enum attribute i = ATTRIBUTE_HREF; i < ATTRIBUTE_COUNT; i++) {
		if (allowed & ATTRIBUTE_BIT(i) && slice_equal(name, attribute_name(i)))
			return i;
	}
	return ATTRIBUTE_NONE;
}

/* Reports the wanted attributes of an element, in their order. */
static void report_attributes(struct xml *self, const xmlChar *name, const xmlChar *uri,
    const xmlChar **attributes, int attribute_count)
{
	struct slice rel = find_attribute(attributes, attribute_count, "rel");
	bool is_base = is_xhtml(name, uri, "base"), is_named_base = is_text(name, "base");
	for (int i = 0; i < attribute_count; i++, attributes += 5) {
		struct xml_hit hit = {.kind = XML_LINK,
		    .name = slice_of((const char *)name),
		    .attribute = attribute_of(self, name, uri, attributes),
		    .value = {(const char *)attributes[3], (size_t)(attributes[4] - attributes[3])},
		    .rel = rel};
		if (!(self->attributes & ATTRIBUTE_BIT(hit.attribute)))
			continue;
		if (hit.attribute == ATTRIBUTE_HREF) {
			if (is_named_base && !is_base)
				continue;
			hit.kind = is_base ? XML_BASE : XML_LINK;
			hit.link_kind = kind_of_link(name, uri, rel);
		} else if (ATTRIBUTES_OF_ANCHORS & ATTRIBUTE_BIT(hit.attribute)) {
			hit.kind = XML_ANCHOR;
		}
		report_base(self);
		self->on_link(self->ctx, &hit);
	}
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
    int namespace_count, const xmlChar **namespaces, int attribute_count, int defaulted,
    const xmlChar **attributes)
{
	struct xml *self = ((xmlParserCtxtPtr)ctx)->_private;
	(void)namespace_count, (void)namespaces, (void)defaulted;
	start_feed_element(self, name, prefix, uri, attributes, attribute_count);
	if (is_spoiled_by_space(self)) {
		libxml_get()->xmlStopParser(ctx);
		return;
	}
	if (self->template_depth == 0)
		report_attributes(self, name, uri, attributes, attribute_count);
	if (is_xhtml(name, uri, "meta"))
		report_meta(self, attributes, attribute_count);
	if (is_xhtml(name, uri, "template"))
		self->template_depth++;
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct xml *self = ((xmlParserCtxtPtr)ctx)->_private;
	(void)prefix;
	if (is_xhtml(name, uri, "template") && self->template_depth > 0)
		self->template_depth--;
	feed_end(&self->feed);
	xml_base_end(&self->base);
}

static void on_text(void *ctx, const xmlChar *text, int len)
{
	struct xml *self = ((xmlParserCtxtPtr)ctx)->_private;
	feed_text(&self->feed, (const char *)text, (size_t)len);
}

static void on_doctype(void *ctx, const xmlChar *name, const xmlChar *public_id, const xmlChar *system_id)
{
	static const char prefix[] = "-//W3C//DTD XHTML";
	struct xml *self = ((xmlParserCtxtPtr)ctx)->_private;
	(void)name, (void)system_id;
	self->has_html_entities =
	    public_id && strncmp((const char *)public_id, prefix, sizeof prefix - 1) == 0;
}

/* Records an entity. xmlAddDocEntity ignores a second declaration of a name, as XML 1.0,
 * section 4.2, requires. */
static void declare(struct xml *self, const xmlChar *name, int type, const xmlChar *public_id,
    const xmlChar *system_id, xmlChar *content)
{
	const struct libxml *libxml = libxml_get();
	if (!self->declared) {
		self->declared = libxml->xmlNewDoc(BAD_CAST "1.0");
		libxml->xmlCreateIntSubset(self->declared, BAD_CAST "any", NULL, NULL);
	}
	libxml->xmlAddDocEntity(self->declared, name, type, public_id, system_id, content);
}

static void on_declaration(void *ctx, const xmlChar *name, int type, const xmlChar *public_id,
    const xmlChar *system_id, xmlChar *content)
{
	/* Without a public identifier, libxml2 does not ask the loader for an entity, but reports an error.
	 */
	if (type != XML_EXTERNAL_GENERAL_UNPARSED_ENTITY)
		declare(((xmlParserCtxtPtr)ctx)->_private, name, type, public_id ? public_id : system_id,
		    system_id, content);
}

static xmlEntityPtr on_parameter_entity(void *ctx, const xmlChar *name)
{
	struct xml *self = ((xmlParserCtxtPtr)ctx)->_private;
	if (!self->declared)
		return NULL;
	return xml_entities_count(
	    &self->entities, ctx, libxml_get()->xmlGetParameterEntity(self->declared, name));
}

/* Declares an entity of HTML, such as &nbsp;, if the document type is one of XHTML. Returns NULL if there is
 * none. */
static xmlEntityPtr declare_html_entity(struct xml *self, const xmlChar *name)
{
	char reference[40];
	int len = snprintf(reference, sizeof reference, "&%s;", (const char *)name);
	if (!self->has_html_entities || len < 0 || (size_t)len >= sizeof reference)
		return NULL;
	buf_clear(&self->entity_text);
	if (!entity_decode(reference, (size_t)len, &self->entity_text) || self->entity_text.data[0] == '&')
		return NULL;
	/* The text of a general entity is read again, so its < is written as a reference (XML 1.0,
	 * section 4.6). */
	char *text = self->entity_text.data;
	char escaped[32];
	snprintf(
	    escaped, sizeof escaped, "%s%s", *text == '<' ? "&#60;" : "", *text == '<' ? text + 1 : text);
	declare(self, name, XML_INTERNAL_GENERAL_ENTITY, NULL, NULL, BAD_CAST escaped);
	return libxml_get()->xmlGetDocEntity(self->declared, name);
}

static xmlEntityPtr on_entity(void *ctx, const xmlChar *name)
{
	struct xml *self = ((xmlParserCtxtPtr)ctx)->_private;
	xmlEntityPtr own = self->declared ? libxml_get()->xmlGetDocEntity(self->declared, name) : NULL;
	/* libxml2 reports an error if it gets an external entity in an attribute (XML 1.0, section 3.1, "No
	 * External Entity References"). Elsewhere the loader gives it no text, as browsers have it. */
	if (own && own->etype == XML_EXTERNAL_GENERAL_PARSED_ENTITY)
		return own;
	return own ? xml_entities_count(&self->entities, ctx, own) : declare_html_entity(self, name);
}

struct xml *xml_new(struct slice url, uint32_t attributes, xml_fn on_link, void *ctx)
{
	struct xml *self = alloc_new(sizeof *self);
	xmlSAXHandler handler = {
	    .initialized = XML_SAX2_MAGIC,
	    .startElementNs = on_start,
	    .endElementNs = on_end,
	    .characters = on_text,
	    .ignorableWhitespace = on_text,
	    .cdataBlock = on_text,
	    .internalSubset = on_doctype,
	    .entityDecl = on_declaration,
	    .getEntity = on_entity,
	    .getParameterEntity = on_parameter_entity,
	};
	self->attributes = attributes | ATTRIBUTE_BIT(ATTRIBUTE_HREF);
	self->on_link = on_link;
	self->ctx = ctx;
	feed_init(&self->feed, on_feed_link, self);
	xml_base_init(&self->base, url);
	buf_init(&self->entity_text, 64);
	self->parser = libxml_get()->xmlCreatePushParserCtxt(&handler, NULL, NULL, 0, NULL);
	if (!self->parser || libxml_get()->xmlCtxtResetPush(self->parser, NULL, 0, NULL, "UTF-8") != 0)
		alloc_fail();
	self->parser->_private = self;
	xml_entities_begin(&self->entities, self->parser);
	/* Without a document, libxml2 creates one, keeps all entities in it, and searches it for entities
	 * that on_entity does not find. */
	self->parser->myDoc = libxml_get()->xmlNewDoc(BAD_CAST "1.0");
	libxml_get()->xmlCtxtUseOptions(
	    self->parser, XML_PARSE_NOENT | XML_PARSE_HUGE | XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
	return self;
}

void xml_free(struct xml *self)
{
	if (!self)
		return;
	libxml_get()->xmlFreeDoc(self->parser->myDoc);
	libxml_get()->xmlFreeParserCtxt(self->parser);
	libxml_get()->xmlFreeDoc(self->declared);
	buf_release(&self->entity_text);
	feed_release(&self->feed);
	xml_base_release(&self->base);
	free(self);
}

void xml_feed(struct xml *self, const char *bytes, size_t len, bool last)
{
	static const size_t largest = INT_MAX / 2;
	self->entities.document += len;
	while (!self->has_begun && len > 0 && ascii_is_space((unsigned char)*bytes)) {
		self->has_leading_space = true;
		bytes++;
		len--;
	}
	self->has_begun |= len > 0;
	for (; len > largest; bytes += largest, len -= largest)
		libxml_get()->xmlParseChunk(self->parser, bytes, (int)largest, 0);
	libxml_get()->xmlParseChunk(self->parser, bytes, (int)len, last);
}

bool xml_has_too_many_entities(const struct xml *self)
{
	return self->entities.too_many;
}

bool xml_has_met_limit(const struct xml *self)
{
	return libxml_has_met_limit(self->parser);
}
