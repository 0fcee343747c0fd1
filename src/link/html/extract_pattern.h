/* The PCRE2 patterns that read HTML, and how they are run. Only for extract.c and its parts. */
#ifndef AREQ_LINK_HTML_EXTRACT_PATTERN_H
#define AREQ_LINK_HTML_EXTRACT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

struct extract_patterns;

enum extract_pattern {
	EXTRACT_PATTERN_LINKS,   /* the next thing of interest outside foreign content; other tags are skipped
	                          */
	EXTRACT_PATTERN_TAGS,    /* the next tag or comment of any kind */
	EXTRACT_PATTERN_COMMENT, /* the end of a comment */
	EXTRACT_PATTERN_CDATA,   /* the end of a CDATA section */
	EXTRACT_PATTERN_RAW,     /* what may end or escape the text of a script, style, title, ... */
	EXTRACT_PATTERN_ATTRIBUTE, /* one attribute, at the start */
	EXTRACT_PATTERN_UNFINISHED /* a tag that has no end yet, at the start */
};

/* Groups of LINKS and TAGS. What is found starts one byte before EXTRACT_GROUP_SLASH and ends with the match,
 * which may have begun earlier. Without EXTRACT_GROUP_NAME it is a whole comment or a bare '<' that starts a
 * construct which the pattern does not finish: the caller looks at what follows it. */
enum {
	EXTRACT_GROUP_SLASH = 1, /* not empty in an end tag */
	EXTRACT_GROUP_NAME,
	EXTRACT_GROUP_HREF, /* the first href's value without its quotes */
	EXTRACT_GROUP_TAIL  /* the white space and slashes before the '>' */
};

/* Group of RAW: the element's name of a start or end tag. */
enum { EXTRACT_GROUP_RAW_NAME = 1 };

/* Groups of ATTRIBUTE: the value is unset in an attribute without one. */
enum { EXTRACT_GROUP_KEY = 1, EXTRACT_GROUP_VALUE };

/* Groups of UNFINISHED: what the tokenizer has seen of the attribute that it is in. Each may be unset. */
enum {
	EXTRACT_GROUP_OPEN_NAME = 1, /* the tag's name, once it is complete */
	EXTRACT_GROUP_OPEN_SEPARATOR,
	EXTRACT_GROUP_OPEN_KEY,
	EXTRACT_GROUP_OPEN_SPACE,
	EXTRACT_GROUP_OPEN_EQUALS,
	EXTRACT_GROUP_OPEN_VALUE /* its first byte: a quote, or that of an unquoted value */
};

/* The first match at or behind start: pairs of offsets into bytes, a pair for the whole and one for each
 * group; the pair of an unset group is (size_t)-1. NULL where there is none. They live until the next call.
 */
const size_t *extract_pattern_find(
    struct extract_patterns *self, enum extract_pattern pattern, const char *bytes, size_t len, size_t start);

/* As extract_patterns_new, without the JIT: the same answers, slower. */
struct extract_patterns *extract_patterns_new_interpreted(void);

#endif
