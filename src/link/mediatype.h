/* What a Content-Type says about a body. */
#ifndef AREQ_LINK_MEDIATYPE_H
#define AREQ_LINK_MEDIATYPE_H

enum mediatype {
	MEDIATYPE_HTML,  /* also where the type is missing, unknown or no type at all */
	MEDIATYPE_XML,   /* XML, XHTML, SVG, feeds (RFC 7303) */
	MEDIATYPE_TEXT,  /* text in which a browser sees no links: plain text, CSS, scripts, JSON */
	MEDIATYPE_BINARY /* images, sound, video, archives and the like */
};

/* From the raw header value (RFC 9110, section 8.3); NULL: there was none. Parameters are passed over, letter
 * case does not matter. */
enum mediatype mediatype_of(const char *content_type);

#endif
