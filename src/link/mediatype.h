/* Decides from its Content-Type, or from its first bytes, how a body is read. */
#ifndef AREQ_LINK_MEDIATYPE_H
#define AREQ_LINK_MEDIATYPE_H

#include "base/slice.h"

enum mediatype {
	MEDIATYPE_HTML, /* HTML; also if the type is one that nobody knows */
	MEDIATYPE_XML,  /* XML, XHTML, SVG, feeds (RFC 7303) */
	MEDIATYPE_TEXT, /* what may be text, but has no links in a browser: plain text, CSS, scripts, JSON */
	MEDIATYPE_BINARY, /* images, sound, video, archives and similar types */
	MEDIATYPE_FILE,   /* gzip files, and types of any file, which may be one: a page if there is XML in it
	                   */
	MEDIATYPE_UNKNOWN, /* the type is missing, malformed or says that it is unknown; see mediatype_sniff
	                    */
};

/* content_type is the raw value of the header (RFC 9110, section 8.3), NULL if there was none. Parameters are
 * ignored, and letter case does not matter. */
enum mediatype mediatype_of(const char *content_type);

/* Decides from the first bytes of the body, some 1000 or all of them; never returns MEDIATYPE_UNKNOWN. The
 * rules are those of browsers (WHATWG MIME Sniffing, section 7.1), but every body that begins with a tag is
 * HTML, not only those that begin with a tag of the standard's list; or XML, if it is the root element of a
 * sitemap or feed (see feed.h). */
enum mediatype mediatype_sniff(struct slice head);

/* The same for the content of a gzip file, which is a page only if it is XML: returns MEDIATYPE_XML if it
 * begins with an XML declaration, in UTF-16, or with the root element of a sitemap or feed (see feed.h),
 * perhaps after comments, and MEDIATYPE_BINARY otherwise. */
enum mediatype mediatype_sniff_gzip_file(struct slice head);

#endif
