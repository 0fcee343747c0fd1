/* Finds the attributes that are links in the raw bytes of an HTML page, as a browser's tokenizer would (HTML
 * standard, section 13.2.5), with PCRE2. The page comes in chunks.
 *
 * Tree construction (section 13.2.6) is only followed as far as it decides how the bytes are read, or whether
 * a tag creates an element of the document: raw text, templates, svg and math, framesets, and ignored start
 * tags. Since no tree is built, the result differs from a browser's in these cases:
 * - A frameset after an empty body without a <body> tag ("<p></p><frameset>") is not found.
 * - The href of a select inside a select is reported. So is the href of a table part (such as td) inside a
 *   select, or inside a table that was closed by another tag than its end tag.
 * - If an svg element was never closed, an end tag that only an HTML element can have closes it. */
#ifndef AREQ_LINK_HTML_EXTRACT_H
#define AREQ_LINK_HTML_EXTRACT_H

#include "base/attribute.h"
#include "base/slice.h"
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* The size in bytes up to which an unfinished tag is kept until its end arrives. Real pages have
 * tags with data: URLs of hundreds of KiB. A longer tag is read to its end, too, but handled as a
 * tag without attributes. */
enum { EXTRACT_TAG_MAX = 1 << 20 };

/* The patterns, which all pages share. Two threads must not use them at the same time. */
struct extract_patterns;

/* The patterns find the attributes of that set, and href in any case. They are run by the JIT compiler if the
 * system allows it. Each pattern is compiled when it is first needed. Free with extract_patterns_free. */
struct extract_patterns *extract_patterns_new(uint32_t attributes);
void extract_patterns_free(struct extract_patterns *self);

enum extract_kind {
	/* A wanted attribute of an element of the document: an href of any element but base; another one only
	 * of an HTML element that has it (see attribute_set_of_element), or the xlink:href of an svg or
	 * MathML element. ATTRIBUTE_REFRESH is left to the one who gets EXTRACT_META. */
	EXTRACT_LINK,
	EXTRACT_BASE, /* the href attribute of an HTML <base> */
	/* An HTML <meta>, whose attributes may declare the encoding. Its own attributes that are wanted are
	 * reported after this. */
	EXTRACT_META,
	EXTRACT_ANCHOR /* if they are wanted: the id of any element, or the name of an HTML <a> */
};

/* One attribute or <meta> that was found. The slices are raw bytes of the page: character references are not
 * decoded and NULs are not replaced. They are borrowed for the call of extract_fn. */
struct extract_hit {
	enum extract_kind kind;
	struct slice tag;  /* the start tag from '<' to '>'; only '<' and the name if it was too long */
	struct slice name; /* the element's name as it stands in the page, in any letter case */
	enum attribute attribute; /* ATTRIBUTE_NONE for a <meta> */
	/* The value of the first attribute of that name, without quotes; empty but not NULL for <a href>.
	 * NULL for a <meta>. */
	struct slice value;
	uint64_t offset; /* offset of the '<' in the page, in bytes */
	uint64_t line;   /* line of the '<', and its byte in that line, both from 1; 0 where lines are not */
	uint64_t column; /* counted */
};

typedef void (*extract_fn)(void *ctx, const struct extract_hit *hit);

/* The state of reading one page: the tokenizer's state, and the bytes of an unfinished tag. */
struct extract;

/* patterns is borrowed until extract_free. */
struct extract *extract_new(struct extract_patterns *patterns);
void extract_free(struct extract *self);

/* Returns how many bytes of memory are kept for the next page. */
size_t extract_memory(const struct extract *self);

/* Makes it count lines, in all pages from the next one on. That takes time for each byte. */
void extract_count_lines(struct extract *self);

/* Starts a new page. The memory is kept. */
void extract_reset(struct extract *self);

/* Gives the next bytes of the page, borrowed for the call. Calls on_hit for what is in the tags that they
 * complete, in the order of the page. The result does not depend on how the page is cut into chunks. */
void extract_feed(struct extract *self, const char *bytes, size_t len, extract_fn on_hit, void *ctx);

/* Ends the page. Bytes that were kept are read; an unfinished tag is dropped, as the standard requires. */
void extract_finish(struct extract *self, extract_fn on_hit, void *ctx);

/* Returns the raw value, without quotes, of the first attribute with that name in a start tag, such as the
 * tag of a hit. name must be in lower case. The value is empty for an attribute without a value; data == NULL
 * means that there is no such attribute. */
struct slice extract_attribute(struct extract_patterns *patterns, struct slice tag, const char *name);

#endif
