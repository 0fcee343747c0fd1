/* The PCRE2 patterns that read HTML. Only for extract.c and the files that it uses. */
#ifndef AREQ_LINK_HTML_EXTRACT_PATTERN_H
#define AREQ_LINK_HTML_EXTRACT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct extract_patterns;

enum extract_pattern {
	/* The next tag outside foreign content that may matter, or an unfinished tag or comment. Other tags
	 * and complete comments are skipped. */
	EXTRACT_PATTERN_LINKS,
	EXTRACT_PATTERN_TAGS,      /* the next tag or comment of any kind */
	EXTRACT_PATTERN_COMMENT,   /* the end of a comment */
	EXTRACT_PATTERN_CDATA,     /* the end of a CDATA section */
	EXTRACT_PATTERN_RAW,       /* a mark that may end or escape the text of a script, style, title, ... */
	EXTRACT_PATTERN_ATTRIBUTE, /* one attribute, at start */
	EXTRACT_PATTERN_WANTED,    /* attributes, at start, up to the next wanted one */
	EXTRACT_PATTERN_UNFINISHED /* a tag that has no end yet, at start */
};

/* Groups of LINKS and TAGS. The tag or comment that was found starts one byte before EXTRACT_GROUP_SLASH,
 * which may be after the start of the match, and ends with the match. If EXTRACT_GROUP_NAME is unset, it is a
 * complete comment, or a single '<' that starts something unfinished, which the caller has to examine. */
enum {
	EXTRACT_GROUP_SLASH = 1, /* not empty in an end tag */
	EXTRACT_GROUP_NAME,
	EXTRACT_GROUP_WANTED, /* the value of the first wanted attribute, without quotes */
	EXTRACT_GROUP_TAIL    /* the white space and slashes before the '>' */
};

/* Group of RAW: the element's name in a start or end tag. */
enum { EXTRACT_GROUP_RAW_NAME = 1 };

/* Groups of ATTRIBUTE and WANTED. For an attribute without a value, EXTRACT_GROUP_VALUE is unset in
 * ATTRIBUTE, and empty in WANTED. */
enum { EXTRACT_GROUP_KEY = 1, EXTRACT_GROUP_VALUE };

/* Groups of UNFINISHED: the tag's name, and the parts of the last attribute as far as it has arrived. Each
 * may be unset. */
enum {
	EXTRACT_GROUP_OPEN_NAME = 1, /* the tag's name, if it is complete */
	EXTRACT_GROUP_OPEN_SEPARATOR,
	EXTRACT_GROUP_OPEN_KEY,
	EXTRACT_GROUP_OPEN_SPACE,
	EXTRACT_GROUP_OPEN_EQUALS,
	EXTRACT_GROUP_OPEN_VALUE /* the first byte of the value, which may be a quote */
};

/* Returns the set of wanted attributes that the patterns were made for. */
uint32_t extract_pattern_attributes(const struct extract_patterns *self);

/* Returns the first match at start or after it, as pairs of offsets into bytes: a pair for the whole match
 * and one for each group. Both offsets of an unset group are (size_t)-1. Returns NULL if there is no match.
 * The offsets are borrowed until the next call with the same patterns. */
const size_t *extract_pattern_find(
    struct extract_patterns *self, enum extract_pattern pattern, const char *bytes, size_t len, size_t start);

/* Makes patterns like extract_patterns_new, but without the JIT compiler, for tests. The results
 * are the same. */
struct extract_patterns *extract_patterns_new_interpreted(uint32_t attributes);

#endif
