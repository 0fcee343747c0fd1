/* Finds the href attributes of a page in its raw bytes, as they arrive, the way a browser's tokenizer would
 * (HTML standard, section 13.2.5), with PCRE2.
 *
 * Of tree construction (section 13.2.6) it knows what decides how the bytes are read or whether a tag makes
 * an element of the document: raw text, templates, svg and math, framesets, and start tags that are ignored.
 * It builds no tree, so these differ from a browser:
 * - a frameset that follows an empty body without a <body> tag ("<p></p><frameset>") is not seen;
 * - <select href> inside a select, and a table part's href inside a select or a table that others than its
 *   end tag have closed, are kept;
 * - in svg that was never closed, an end tag that only an HTML element can have is taken to close it. */
#ifndef AREQ_LINK_HTML_EXTRACT_H
#define AREQ_LINK_HTML_EXTRACT_H

#include "base/slice.h"
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* An unfinished tag is held up to this many bytes (real pages carry data: links of hundreds of KiB). A longer
 * one is read to its end all the same, but counts as one without attributes. */
enum { EXTRACT_TAG_MAX = 1 << 20 };

/* The patterns, made once and shared by all pages; not for use by two threads at once. */
struct extract_patterns;

/* With the JIT, where it is allowed. Each is compiled when it is first needed. */
struct extract_patterns *extract_patterns_new(void);
void extract_patterns_free(struct extract_patterns *self);

enum extract_kind {
	EXTRACT_LINK, /* an element other than base with an href attribute that will be in the document */
	EXTRACT_BASE, /* an HTML <base> with an href attribute */
	EXTRACT_META  /* an HTML <meta>, with or without href, whose attributes may declare the encoding; one
	               * that  has an href comes a second time as EXTRACT_LINK */
};

/* One find. The slices are raw bytes of the page (character references not decoded, NULs in place) and live
 * only as long as the call. */
struct extract_hit {
	enum extract_kind kind;
	struct slice
	    tag; /* the whole start tag, from '<' to '>'; to the name's end in one that was too long */
	struct slice name;  /* the element's name as the page has it, in any letter case */
	struct slice value; /* of the first href attribute, without quotes; empty, not NULL, for <a href> */
	uint64_t offset;    /* of the '<' in the page, in bytes fed */
};

typedef void (*extract_fn)(void *ctx, const struct extract_hit *hit);

/* The state of one page being read: an unfinished tag and which kind of text one is in. */
struct extract;

/* patterns is borrowed and must outlive it. Free with extract_free. */
struct extract *extract_new(struct extract_patterns *patterns);
void extract_free(struct extract *self);

/* How many bytes it holds on to for the next page. */
size_t extract_memory(const struct extract *self);

/* Starts a new page; keeps the memory. */
void extract_reset(struct extract *self);

/* Gives the next bytes of the page; calls on_hit for each find that they complete, in the order of the page.
 * Where the page is cut into pieces changes nothing. bytes is borrowed for the call. */
void extract_feed(struct extract *self, const char *bytes, size_t len, extract_fn on_hit, void *ctx);

/* The page has ended: what was held back is decided (an unfinished tag is dropped, as the standard has it).
 */
void extract_finish(struct extract *self, extract_fn on_hit, void *ctx);

/* The value of the first attribute of that lower-case name in a start tag (a hit's tag), raw, without quotes;
 * empty for an attribute without a value, data == NULL where there is none. */
struct slice extract_attribute(struct extract_patterns *patterns, struct slice tag, const char *name);

#endif
