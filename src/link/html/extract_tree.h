/* What tree construction makes of a page's tags (HTML standard, section 13.2.6), as far as it can be told
 * without the tree: which start tags make an element in the document, and by which rules. Only for extract.c.
 */
#ifndef AREQ_LINK_HTML_EXTRACT_TREE_H
#define AREQ_LINK_HTML_EXTRACT_TREE_H

#include "link/html/foreign.h"

#include <stdbool.h>
#include <stddef.h>

/* The insertion modes, joined where they do not differ in what counts here. */
enum extract_place {
	EXTRACT_BEFORE_HEAD, /* not even an implied head */
	EXTRACT_HEAD,        /* in the head or behind it; the body or a frameset may follow */
	EXTRACT_BODY,
	EXTRACT_FRAMESET /* instead of a body, until the page's end */
};

/* All zero is the start of a page. */
struct extract_tree {
	enum extract_place place;
	struct foreign foreign;
	size_t templates; /* open ones */
	size_t tables;    /* open ones outside of templates */
	bool form_open;
	bool noscript_open; /* in the head: one inside another is ignored */
	bool html_has_href;
	bool body_has_href;
};

enum extract_fate {
	EXTRACT_IGNORED, /* the tag makes no element */
	EXTRACT_HIDDEN,  /* an HTML element, but not one of the document: template contents */
	EXTRACT_HTML,    /* an HTML element of the document */
	EXTRACT_FOREIGN, /* an svg or MathML element of the document */
	EXTRACT_FOREIGN_HIDDEN
};

void extract_tree_release(struct extract_tree *self);

/* A new page; keeps the memory. */
void extract_tree_reset(struct extract_tree *self);

/* True where the tree must be told of every tag and text. */
static inline bool extract_tree_wants_all(const struct extract_tree *self)
{
	return self->place != EXTRACT_BODY || foreign_is_open(&self->foreign);
}

/* Text between tags; pieces of it in any cut. */
void extract_tree_text(struct extract_tree *self, const char *bytes, size_t len);

/* Only for the one below. */
enum extract_fate extract_tree_start_any(struct extract_tree *self, struct extract_patterns *patterns,
    const struct foreign_tag *tag, bool has_href);

/* A start tag: what becomes of it? */
static inline enum extract_fate extract_tree_start(struct extract_tree *self,
    struct extract_patterns *patterns, const struct foreign_tag *tag, bool has_href)
{
	/* Most tags are in a body, and change nothing there. */
	bool is_usual = !extract_tree_wants_all(self) && self->templates == 0 &&
	                tag->element->id == EXTRACT_ELEMENT_OTHER &&
	                !(tag->element->traits & EXTRACT_TABLE_PART);
	return is_usual ? EXTRACT_HTML : extract_tree_start_any(self, patterns, tag, has_href);
}

void extract_tree_end(struct extract_tree *self, const struct foreign_tag *tag);

#endif
