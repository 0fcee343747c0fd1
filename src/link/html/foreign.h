/* The open elements of foreign content, svg and math (HTML standard, section 13.2.6.5), as far as they decide
 * how tags are read. Nothing is known of the HTML elements around it. Only for extract.c and its parts. */
#ifndef AREQ_LINK_HTML_FOREIGN_H
#define AREQ_LINK_HTML_FOREIGN_H

#include "base/slice.h"
#include "link/html/extract.h"
#include "link/html/extract_element.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	/* Deeper elements are only counted, so that hostile nesting costs neither memory nor time. */
	FOREIGN_DEPTH_MAX = 512,
	FOREIGN_NAME_MAX = 16
};

struct foreign_element;

/* All zero is a valid start: no foreign content is open. */
struct foreign {
	struct foreign_element *stack;
	size_t depth;
	size_t room;
	size_t unrecorded; /* elements open beyond FOREIGN_DEPTH_MAX */
};

struct foreign_tag {
	const struct extract_element *element;
	struct slice name;
	struct slice tag; /* all of it, for its attributes */
	bool self_closing;
};

void foreign_release(struct foreign *self);

/* Leaves all foreign content. */
void foreign_clear(struct foreign *self);

static inline bool foreign_is_open(const struct foreign *self)
{
	return self->depth > 0;
}

/* True where "<![CDATA[" starts a CDATA section: the current element is not an HTML one. */
bool foreign_is_current(const struct foreign *self);

/* A start tag. True where it makes a foreign element; else the rules for HTML apply to it, and
 * foreign_push_html tells of the element that they make. */
bool foreign_start(struct foreign *self, struct extract_patterns *patterns, const struct foreign_tag *tag);

/* An HTML element with content was opened. Nothing happens outside foreign content. */
void foreign_push_html(struct foreign *self, const struct foreign_tag *tag);

/* An end tag. True where it is done with; else the rules for HTML apply to it, and one of the next two tells
 * of the element that they close. */
bool foreign_end(struct foreign *self, const struct foreign_tag *tag);

/* The rules for HTML have an end tag for any element but template. One that can only belong to an HTML
 * element around the foreign content leaves it. */
void foreign_end_html(struct foreign *self, const struct foreign_tag *tag);

/* The rules for HTML close the innermost template, wherever it is. */
void foreign_end_template(struct foreign *self);

#endif
