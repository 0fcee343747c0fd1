/* Follows tree construction (HTML standard, section 13.2.6) as far as that is possible without
 * building the tree. It decides which start tags create an element of the document, and by which
 * rules. Only for extract.c. */
#ifndef AREQ_LINK_HTML_EXTRACT_TREE_H
#define AREQ_LINK_HTML_EXTRACT_TREE_H

#include "link/html/foreign.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The insertion modes of the standard, in the order in which a page passes them. Modes that do not differ for
 * finding links are one mode here. */
enum extract_mode {
	EXTRACT_MODE_BEFORE_HEAD, /* there is no head yet, not even an implied one */
	EXTRACT_MODE_HEAD,        /* in the head or after it, so that a body or a frameset may follow */
	EXTRACT_MODE_BODY,
	EXTRACT_MODE_FRAMESET /* in or after a frameset, which the page has instead of a body */
};

/* A struct of zeros is the start of a page. */
struct extract_tree {
	enum extract_mode mode;
	struct foreign foreign;
	size_t open_templates;
	size_t open_tables; /* outside of templates */
	bool form_open;
	bool noscript_open;       /* in the head, where a noscript inside another one is ignored */
	uint32_t html_attributes; /* the wanted attributes that the html element has so far */
	uint32_t body_attributes; /* likewise */
};

/* The element that a start tag creates. The contents of templates are not a part of the document. */
enum extract_effect {
	EXTRACT_IGNORED,       /* no element */
	EXTRACT_HIDDEN,        /* an HTML element inside a template */
	EXTRACT_HTML,          /* an HTML element of the document */
	EXTRACT_FOREIGN,       /* an svg or MathML element of the document */
	EXTRACT_FOREIGN_HIDDEN /* an svg or MathML element inside a template */
};

void extract_tree_release(struct extract_tree *self);

/* Starts a new page. The memory is kept. */
void extract_tree_reset(struct extract_tree *self);

/* True if every tag and text must be passed to the functions below. Otherwise it is enough to pass those tags
 * that EXTRACT_PATTERN_LINKS finds. */
static inline bool extract_tree_needs_all(const struct extract_tree *self)
{
	return self->mode != EXTRACT_MODE_BODY || foreign_is_open(&self->foreign);
}

/* Processes text between tags. It may be cut into chunks at any byte. */
void extract_tree_text(struct extract_tree *self, const char *bytes, size_t len);

/* The general case of extract_tree_start, which calls it. */
enum extract_effect extract_tree_start_slow(struct extract_tree *self, struct extract_patterns *patterns,
    const struct foreign_tag *tag, uint32_t *attributes);

/* Processes a start tag. *attributes is the set of those that it has, as far as they are wanted. Attributes
 * that do not become those of an element are removed: html and body tags only add to the one element. */
static inline enum extract_effect extract_tree_start(struct extract_tree *self,
    struct extract_patterns *patterns, const struct foreign_tag *tag, uint32_t *attributes)
{
	/* Most tags are in the body and change no state. */
	bool is_usual = !extract_tree_needs_all(self) && self->open_templates == 0 &&
	                tag->element->id == EXTRACT_ELEMENT_OTHER &&
	                !(tag->element->traits & EXTRACT_TABLE_PART);
	return is_usual ? EXTRACT_HTML : extract_tree_start_slow(self, patterns, tag, attributes);
}

/* Processes an end tag. */
void extract_tree_end(struct extract_tree *self, const struct foreign_tag *tag);

#endif
