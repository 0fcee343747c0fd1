/* The stack of open elements in foreign content, which is svg and math (HTML standard, section 13.2.6.5). It
 * decides by which rules tags are processed. HTML elements outside of foreign content are not on the stack.
 * Only for extract.c and the files that it uses. */
#ifndef AREQ_LINK_HTML_FOREIGN_H
#define AREQ_LINK_HTML_FOREIGN_H

#include "base/slice.h"
#include "link/html/extract.h"
#include "link/html/extract_element.h"

#include <stdbool.h>
#include <stddef.h>

enum {
	/* Deeper elements are only counted, so that hostile nesting takes neither memory nor time. */
	FOREIGN_DEPTH_MAX = 512,
	/* Only so many bytes of a name are compared. */
	FOREIGN_NAME_MAX = 16
};

struct foreign_element;

/* A struct of zeros has no open element. */
struct foreign {
	struct foreign_element *stack;
	size_t depth;      /* elements on the stack */
	size_t room;       /* elements that stack has memory for */
	size_t unrecorded; /* open elements beyond FOREIGN_DEPTH_MAX */
};

struct foreign_tag {
	const struct extract_element *element;
	struct slice name;
	struct slice tag; /* the whole tag, with its attributes */
	bool self_closing;
};

void foreign_release(struct foreign *self);

/* Removes all open elements. The memory is kept. */
void foreign_clear(struct foreign *self);

static inline bool foreign_is_open(const struct foreign *self)
{
	return self->depth > 0;
}

/* True if the current element is not an HTML element, so that "<![CDATA[" starts a CDATA section. */
bool foreign_is_current(const struct foreign *self);

/* Processes a start tag. Returns true if it creates a foreign element. Otherwise the rules for HTML apply to
 * it, and the caller reports the element that they create with foreign_push_html. */
bool foreign_start(struct foreign *self, struct extract_patterns *patterns, const struct foreign_tag *tag);

/* Records that the rules for HTML have opened an element. Does nothing outside of foreign content, or if the
 * element never has content. */
void foreign_push_html(struct foreign *self, const struct foreign_tag *tag);

/* Processes an end tag. Returns true if nothing more is to be done. Otherwise the rules for HTML apply to it,
 * and the caller reports it with foreign_end_html or foreign_end_template. */
bool foreign_end(struct foreign *self, const struct foreign_tag *tag);

/* Processes an end tag by the rules for HTML; it must not be one of template. An end tag that can only belong
 * to an HTML element around the foreign content removes all open elements. */
void foreign_end_html(struct foreign *self, const struct foreign_tag *tag);

/* Records that the rules for HTML have removed the open form, wherever it is: unlike other end tags, that of
 * a form closes nothing inside it (section 13.2.6.4.7). A form around the foreign content is not on the
 * stack. */
void foreign_end_form(struct foreign *self, const struct foreign_tag *tag);

/* Closes the innermost open template, and all open elements inside of it. If there is none,
 * all are removed. */
void foreign_end_template(struct foreign *self);

#endif
