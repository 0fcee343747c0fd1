/* Decides from its Content-Type how a body is read. */
#ifndef AREQ_LINK_MEDIATYPE_H
#define AREQ_LINK_MEDIATYPE_H

enum mediatype {
	MEDIATYPE_HTML,  /* HTML; also if the type is missing, unknown or malformed */
	MEDIATYPE_XML,   /* XML, XHTML, SVG, feeds (RFC 7303) */
	MEDIATYPE_TEXT,  /* text in which a browser finds no links: plain text, CSS, scripts, JSON */
	MEDIATYPE_BINARY /* images, sound, video, archives and similar types */
};

/* content_type is the raw value of the header (RFC 9110, section 8.3), NULL if there was none. Parameters are
 * ignored, and letter case does not matter. */
enum mediatype mediatype_of(const char *content_type);

#endif
