#include "link/html/foreign.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "link/html/entity.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum foreign_namespace { FOREIGN_HTML, FOREIGN_SVG, FOREIGN_MATH };

enum foreign_trait {
	FOREIGN_HTML_INTEGRATION = 1 << 0, /* an HTML integration point */
	FOREIGN_MATH_TEXT = 1 << 1,        /* a MathML text integration point */
	FOREIGN_ANNOTATION = 1 << 2,       /* MathML annotation-xml, whose svg child is processed as HTML */
	FOREIGN_SCOPE = 1 << 3,            /* an HTML end tag closes no element outside of it */
	FOREIGN_TEMPLATE = 1 << 4          /* an HTML template */
};

/* A longer value of an encoding attribute is none of those that matter. */
enum { ENCODING_MAX = 64 };

struct foreign_element {
	char name[FOREIGN_NAME_MAX]; /* in lower case, padded with zeros, cut if it is too long */
	unsigned char name_space;    /* an enum foreign_namespace */
	unsigned char traits;        /* a set of enum foreign_trait */
};

void foreign_release(struct foreign *self)
{
	free(self->stack);
	*self = (struct foreign){0};
}

void foreign_clear(struct foreign *self)
{
	self->depth = 0;
	self->unrecorded = 0;
}

static const struct foreign_element *top(const struct foreign *self)
{
	assert(self->depth > 0);
	return &self->stack[self->depth - 1];
}

bool foreign_is_current(const struct foreign *self)
{
	return self->depth > 0 && top(self)->name_space != FOREIGN_HTML;
}

static void pop_to(struct foreign *self, size_t depth)
{
	self->depth = depth;
	self->unrecorded = 0;
}

static void copy_name(char *to, struct slice name)
{
	memset(to, 0, FOREIGN_NAME_MAX);
	for (size_t i = 0; i < name.len && i < FOREIGN_NAME_MAX; i++)
		to[i] = ascii_lower(name.data[i]);
}

static void push(
    struct foreign *self, const struct foreign_tag *tag, enum foreign_namespace name_space, unsigned traits)
{
	if (self->depth == FOREIGN_DEPTH_MAX) {
		self->unrecorded++;
		return;
	}
	if (self->depth == self->room) {
		self->room = self->room ? 2 * self->room : 16;
		self->stack = alloc_resize(self->stack, self->room, sizeof *self->stack);
	}
	struct foreign_element *added = &self->stack[self->depth++];
	copy_name(added->name, tag->name);
	added->name_space = (unsigned char)name_space;
	added->traits = (unsigned char)traits;
}

static bool declares_html(struct extract_patterns *patterns, struct slice tag)
{
	struct slice encoding = extract_attribute(patterns, tag, "encoding");
	struct buf text;
	buf_init(&text, ENCODING_MAX);
	bool decoded = encoding.data && entity_decode(encoding.data, encoding.len, &text);
	encoding = (struct slice){text.data ? text.data : "", text.len};
	bool html = decoded && (extract_element_is_named(encoding, "text/html") ||
	                           extract_element_is_named(encoding, "application/xhtml+xml"));
	buf_release(&text);
	return html;
}

static unsigned traits_of(
    enum foreign_namespace name_space, struct extract_patterns *patterns, const struct foreign_tag *tag)
{
	enum extract_element_id id = tag->element->id;
	if (name_space == FOREIGN_SVG) {
		bool inside = id == EXTRACT_ELEMENT_FOREIGN_OBJECT || id == EXTRACT_ELEMENT_DESC ||
		              id == EXTRACT_ELEMENT_TITLE;
		return inside ? FOREIGN_HTML_INTEGRATION | FOREIGN_SCOPE : 0;
	}
	if (tag->element->traits & EXTRACT_MATH_TEXT)
		return FOREIGN_MATH_TEXT | FOREIGN_SCOPE;
	if (id == EXTRACT_ELEMENT_ANNOTATION_XML)
		return FOREIGN_ANNOTATION | FOREIGN_SCOPE |
		       (declares_html(patterns, tag->tag) ? FOREIGN_HTML_INTEGRATION : 0);
	return 0;
}

static bool html_rules_apply(const struct foreign *self, enum extract_element_id id)
{
	const struct foreign_element *current = top(self);
	if (current->name_space == FOREIGN_HTML || current->traits & FOREIGN_HTML_INTEGRATION)
		return true;
	if (current->traits & FOREIGN_MATH_TEXT)
		return id != EXTRACT_ELEMENT_MGLYPH && id != EXTRACT_ELEMENT_MALIGNMARK;
	return current->traits & FOREIGN_ANNOTATION && id == EXTRACT_ELEMENT_SVG;
}

static bool leaves_foreign_content(struct extract_patterns *patterns, const struct foreign_tag *tag)
{
	if (tag->element->traits & EXTRACT_LEAVES_FOREIGN)
		return true;
	return tag->element->id == EXTRACT_ELEMENT_FONT &&
	       (extract_attribute(patterns, tag->tag, "color").data ||
	           extract_attribute(patterns, tag->tag, "face").data ||
	           extract_attribute(patterns, tag->tag, "size").data);
}

static void pop_to_html(struct foreign *self)
{
	size_t depth = self->depth;
	while (depth > 0 && self->stack[depth - 1].name_space != FOREIGN_HTML &&
	       !(self->stack[depth - 1].traits & (FOREIGN_HTML_INTEGRATION | FOREIGN_MATH_TEXT)))
		depth--;
	pop_to(self, depth);
}

bool foreign_start(struct foreign *self, struct extract_patterns *patterns, const struct foreign_tag *tag)
{
	enum foreign_namespace name_space;
	if (self->depth == 0 || html_rules_apply(self, tag->element->id)) {
		if (tag->element->id == EXTRACT_ELEMENT_SVG)
			name_space = FOREIGN_SVG;
		else if (tag->element->id == EXTRACT_ELEMENT_MATH)
			name_space = FOREIGN_MATH;
		else
			return false;
	} else if (leaves_foreign_content(patterns, tag)) {
		pop_to_html(self);
		return false;
	} else {
		name_space = top(self)->name_space;
	}
	if (!tag->self_closing)
		push(self, tag, name_space, traits_of(name_space, patterns, tag));
	return true;
}

void foreign_push_html(struct foreign *self, const struct foreign_tag *tag)
{
	if (self->depth == 0 || tag->element->traits & EXTRACT_VOID)
		return;
	bool is_template = tag->element->id == EXTRACT_ELEMENT_TEMPLATE;
	push(self, tag, FOREIGN_HTML, is_template ? FOREIGN_TEMPLATE | FOREIGN_SCOPE : 0);
}

bool foreign_end(struct foreign *self, const struct foreign_tag *tag)
{
	if (!foreign_is_current(self))
		return false;
	if (self->unrecorded > 0) {
		self->unrecorded--;
		return true;
	}
	if (tag->element->id == EXTRACT_ELEMENT_BR || tag->element->id == EXTRACT_ELEMENT_P) {
		pop_to_html(self);
		return false;
	}
	char name[FOREIGN_NAME_MAX];
	copy_name(name, tag->name);
	for (size_t i = self->depth; i > 0 && self->stack[i - 1].name_space != FOREIGN_HTML; i--)
		if (memcmp(self->stack[i - 1].name, name, sizeof name) == 0) {
			pop_to(self, i - 1);
			return true;
		}
	return false;
}

/* True if an end tag most likely belongs to an HTML element around the foreign content. An unclosed svg
 * inside an HTML element is not rare, but an unmatched end tag of an HTML element inside svg is. */
static bool is_likely_outer(const struct foreign_tag *tag)
{
	return tag->element->traits & EXTRACT_CONTAINER ||
	       (tag->element->id == EXTRACT_ELEMENT_OTHER && memchr(tag->name.data, '-', tag->name.len));
}

void foreign_end_html(struct foreign *self, const struct foreign_tag *tag)
{
	if (self->depth == 0)
		return;
	if (self->unrecorded > 0) {
		self->unrecorded--;
		return;
	}
	char name[FOREIGN_NAME_MAX];
	copy_name(name, tag->name);
	for (size_t i = self->depth; i > 0; i--) {
		const struct foreign_element *open = &self->stack[i - 1];
		if (open->name_space == FOREIGN_HTML && memcmp(open->name, name, sizeof name) == 0) {
			pop_to(self, i - 1);
			return;
		}
		if (open->traits & FOREIGN_SCOPE)
			return;
	}
	if (is_likely_outer(tag))
		foreign_clear(self);
}

void foreign_end_form(struct foreign *self, const struct foreign_tag *tag)
{
	char name[FOREIGN_NAME_MAX];
	copy_name(name, tag->name);
	for (size_t i = self->depth; i > 0; i--) {
		struct foreign_element *open = &self->stack[i - 1];
		if (open->name_space == FOREIGN_HTML && memcmp(open->name, name, sizeof name) == 0) {
			memmove(open, open + 1, (self->depth - i) * sizeof *open);
			self->depth--;
			return;
		}
	}
}

void foreign_end_template(struct foreign *self)
{
	size_t depth = self->depth;
	while (depth > 0 && !(self->stack[depth - 1].traits & FOREIGN_TEMPLATE))
		depth--;
	pop_to(self, depth ? depth - 1 : 0);
}
