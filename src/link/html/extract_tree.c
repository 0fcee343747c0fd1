#include "link/html/extract_tree.h"

void extract_tree_release(struct extract_tree *self)
{
	foreign_release(&self->foreign);
}

void extract_tree_reset(struct extract_tree *self)
{
	struct foreign foreign = self->foreign;
	foreign_clear(&foreign);
	*self = (struct extract_tree){.foreign = foreign};
}

/* A NUL is dropped and does not keep a frameset from following. */
static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' || c == '\0';
}

void extract_tree_text(struct extract_tree *self, const char *bytes, size_t len)
{
	if (self->place > EXTRACT_HEAD || self->templates > 0)
		return;
	for (size_t i = 0; i < len; i++)
		if (!is_blank(bytes[i])) {
			self->place = EXTRACT_BODY;
			return;
		}
}

/* True the first time that an html or body tag brings a href: later ones only add what is not there yet. */
static bool first_href(bool *seen, bool has_href)
{
	bool first = !*seen;
	*seen = *seen || has_href;
	return first;
}

/* Moves on to the place that this tag brings; false where it is ignored there. */
static bool move(struct extract_tree *self, const struct extract_element *element)
{
	enum extract_place before = self->place;
	switch (element->id) {
	case EXTRACT_ELEMENT_HTML:
		return true;
	case EXTRACT_ELEMENT_HEAD:
		if (before == EXTRACT_BEFORE_HEAD)
			self->place = EXTRACT_HEAD;
		return before == EXTRACT_BEFORE_HEAD;
	case EXTRACT_ELEMENT_FRAMESET:
		if (before <= EXTRACT_HEAD)
			self->place = EXTRACT_FRAMESET;
		return before != EXTRACT_BODY;
	case EXTRACT_ELEMENT_FRAME:
		return before == EXTRACT_FRAMESET;
	default:
		break;
	}
	if (before == EXTRACT_FRAMESET)
		return element->id == EXTRACT_ELEMENT_NOFRAMES;
	if (before <= EXTRACT_HEAD && element->id == EXTRACT_ELEMENT_NOSCRIPT && self->noscript_open)
		return false;
	if (before <= EXTRACT_HEAD)
		self->place = element->traits & EXTRACT_IN_HEAD ? EXTRACT_HEAD : EXTRACT_BODY;
	return !(element->traits & EXTRACT_TABLE_PART) || self->tables > 0;
}

/* The rules for HTML, outside of templates. False where the tag is ignored. */
static bool start_html(struct extract_tree *self, const struct extract_element *element, bool has_href)
{
	if (!move(self, element))
		return false;
	switch (element->id) {
	case EXTRACT_ELEMENT_HTML:
		return first_href(&self->html_has_href, has_href);
	case EXTRACT_ELEMENT_BODY:
		return first_href(&self->body_has_href, has_href);
	case EXTRACT_ELEMENT_TABLE:
		self->tables++;
		return true;
	case EXTRACT_ELEMENT_FORM:
		if (self->form_open)
			return false;
		self->form_open = true;
		return true;
	case EXTRACT_ELEMENT_NOSCRIPT:
		self->noscript_open = true;
		return true;
	default:
		return true;
	}
}

/* These are never pushed where foreign content can be: the standard ignores them or merges them into the one
 * that is there. */
static bool is_structure(const struct extract_element *element)
{
	return element->traits & EXTRACT_TABLE_PART || element->id == EXTRACT_ELEMENT_HTML ||
	       element->id == EXTRACT_ELEMENT_BODY || element->id == EXTRACT_ELEMENT_HEAD ||
	       element->id == EXTRACT_ELEMENT_FRAMESET;
}

enum extract_fate extract_tree_start_any(struct extract_tree *self, struct extract_patterns *patterns,
    const struct foreign_tag *tag, bool has_href)
{
	bool hidden = self->templates > 0;
	if (self->place != EXTRACT_FRAMESET && foreign_start(&self->foreign, patterns, tag)) {
		if (!hidden)
			self->place = EXTRACT_BODY;
		return hidden ? EXTRACT_FOREIGN_HIDDEN : EXTRACT_FOREIGN;
	}
	if (!hidden && !start_html(self, tag->element, has_href))
		return EXTRACT_IGNORED;
	if (tag->element->id == EXTRACT_ELEMENT_TEMPLATE)
		self->templates++;
	if (!is_structure(tag->element))
		foreign_push_html(&self->foreign, tag);
	return hidden ? EXTRACT_HIDDEN : EXTRACT_HTML;
}

static bool implies_head(enum extract_element_id end)
{
	return end == EXTRACT_ELEMENT_HEAD || end == EXTRACT_ELEMENT_BODY || end == EXTRACT_ELEMENT_HTML ||
	       end == EXTRACT_ELEMENT_BR;
}

/* The rules for HTML, outside of templates. False where no such element can be open. */
static bool end_html(struct extract_tree *self, const struct extract_element *element)
{
	bool was_open = true;
	if (element->traits & EXTRACT_TABLE_PART || element->id == EXTRACT_ELEMENT_TABLE)
		was_open = self->tables > 0;
	switch (element->id) {
	case EXTRACT_ELEMENT_TABLE:
		self->tables -= was_open;
		break;
	case EXTRACT_ELEMENT_FORM:
		was_open = self->form_open;
		self->form_open = false;
		break;
	case EXTRACT_ELEMENT_NOSCRIPT:
		self->noscript_open = false;
		break;
	default:
		if (self->place == EXTRACT_BEFORE_HEAD && implies_head(element->id))
			self->place = EXTRACT_HEAD;
	}
	return was_open;
}

void extract_tree_end(struct extract_tree *self, const struct foreign_tag *tag)
{
	if (self->place == EXTRACT_FRAMESET || foreign_end(&self->foreign, tag))
		return;
	if (tag->element->id == EXTRACT_ELEMENT_TEMPLATE) {
		if (self->templates > 0) {
			self->templates--;
			foreign_end_template(&self->foreign);
		}
		return;
	}
	if (self->templates == 0 && !end_html(self, tag->element))
		return;
	foreign_end_html(&self->foreign, tag);
}
