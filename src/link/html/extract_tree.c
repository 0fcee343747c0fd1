#include "link/html/extract_tree.h"

#include "base/ascii.h"

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

/* True for white space, and for a NUL, which is dropped. After such bytes alone a frameset
 * may still follow. */
static bool is_blank(char c)
{
	return ascii_is_space(c) || c == '\0';
}

void extract_tree_text(struct extract_tree *self, const char *bytes, size_t len)
{
	if (self->mode > EXTRACT_MODE_HEAD || self->open_templates > 0)
		return;
	for (size_t i = 0; i < len; i++)
		if (!is_blank(bytes[i])) {
			self->mode = EXTRACT_MODE_BODY;
			return;
		}
}

/* Adds the attributes of an html or body tag to those of the element, and removes those that the element has
 * already. */
static void add_attributes(uint32_t *of_element, uint32_t *of_tag)
{
	*of_tag &= ~*of_element;
	*of_element |= *of_tag;
}

/* Changes the insertion mode for a start tag. Returns false if the tag is ignored. */
static bool update_mode(struct extract_tree *self, const struct extract_element *element)
{
	enum extract_mode before = self->mode;
	switch (element->id) {
	case EXTRACT_ELEMENT_HTML:
		return true;
	case EXTRACT_ELEMENT_HEAD:
		if (before == EXTRACT_MODE_BEFORE_HEAD)
			self->mode = EXTRACT_MODE_HEAD;
		return before == EXTRACT_MODE_BEFORE_HEAD;
	case EXTRACT_ELEMENT_FRAMESET:
		if (before <= EXTRACT_MODE_HEAD)
			self->mode = EXTRACT_MODE_FRAMESET;
		return before != EXTRACT_MODE_BODY;
	case EXTRACT_ELEMENT_FRAME:
		return before == EXTRACT_MODE_FRAMESET;
	default:
		break;
	}
	if (before == EXTRACT_MODE_FRAMESET)
		return element->id == EXTRACT_ELEMENT_NOFRAMES;
	if (before <= EXTRACT_MODE_HEAD && element->id == EXTRACT_ELEMENT_NOSCRIPT && self->noscript_open)
		return false;
	if (before <= EXTRACT_MODE_HEAD)
		self->mode = element->traits & EXTRACT_IN_HEAD ? EXTRACT_MODE_HEAD : EXTRACT_MODE_BODY;
	return !(element->traits & EXTRACT_TABLE_PART) || self->open_tables > 0;
}

/* Processes a start tag outside of templates by the rules for HTML. Returns false if the tag is ignored. */
static bool start_html_element(
    struct extract_tree *self, const struct extract_element *element, uint32_t *attributes)
{
	if (!update_mode(self, element))
		return false;
	switch (element->id) {
	case EXTRACT_ELEMENT_HTML:
		add_attributes(&self->html_attributes, attributes);
		return true;
	case EXTRACT_ELEMENT_BODY:
		add_attributes(&self->body_attributes, attributes);
		return true;
	case EXTRACT_ELEMENT_TABLE:
		self->open_tables++;
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

/* True for elements that are not put on the stack of open elements in foreign content. The standard ignores
 * their tags there, or adds their attributes to the element that is open already. */
static bool is_structure(const struct extract_element *element)
{
	return element->traits & EXTRACT_TABLE_PART || element->id == EXTRACT_ELEMENT_HTML ||
	       element->id == EXTRACT_ELEMENT_BODY || element->id == EXTRACT_ELEMENT_HEAD ||
	       element->id == EXTRACT_ELEMENT_FRAMESET;
}

enum extract_effect extract_tree_start_slow(struct extract_tree *self, struct extract_patterns *patterns,
    const struct foreign_tag *tag, uint32_t *attributes)
{
	bool hidden = self->open_templates > 0;
	if (self->mode != EXTRACT_MODE_FRAMESET && foreign_start(&self->foreign, patterns, tag)) {
		if (!hidden)
			self->mode = EXTRACT_MODE_BODY;
		return hidden ? EXTRACT_FOREIGN_HIDDEN : EXTRACT_FOREIGN;
	}
	if (!hidden && !start_html_element(self, tag->element, attributes))
		return EXTRACT_IGNORED;
	if (tag->element->id == EXTRACT_ELEMENT_TEMPLATE)
		self->open_templates++;
	if (!is_structure(tag->element))
		foreign_push_html(&self->foreign, tag);
	return hidden ? EXTRACT_HIDDEN : EXTRACT_HTML;
}

static bool implies_head(enum extract_element_id end_tag)
{
	return end_tag == EXTRACT_ELEMENT_HEAD || end_tag == EXTRACT_ELEMENT_BODY ||
	       end_tag == EXTRACT_ELEMENT_HTML || end_tag == EXTRACT_ELEMENT_BR;
}

/* Processes an end tag outside of templates by the rules for HTML. Returns false if no such element
 * can be open. */
static bool end_html_element(struct extract_tree *self, const struct extract_element *element)
{
	bool was_open = true;
	if (element->traits & EXTRACT_TABLE_PART || element->id == EXTRACT_ELEMENT_TABLE)
		was_open = self->open_tables > 0;
	switch (element->id) {
	case EXTRACT_ELEMENT_TABLE:
		self->open_tables -= was_open;
		break;
	case EXTRACT_ELEMENT_FORM:
		was_open = self->form_open;
		self->form_open = false;
		break;
	case EXTRACT_ELEMENT_NOSCRIPT:
		self->noscript_open = false;
		break;
	default:
		if (self->mode == EXTRACT_MODE_BEFORE_HEAD && implies_head(element->id))
			self->mode = EXTRACT_MODE_HEAD;
	}
	return was_open;
}

void extract_tree_end(struct extract_tree *self, const struct foreign_tag *tag)
{
	if (self->mode == EXTRACT_MODE_FRAMESET || foreign_end(&self->foreign, tag))
		return;
	if (tag->element->id == EXTRACT_ELEMENT_TEMPLATE) {
		if (self->open_templates > 0) {
			self->open_templates--;
			foreign_end_template(&self->foreign);
		}
		return;
	}
	if (self->open_templates == 0 && !end_html_element(self, tag->element))
		return;
	if (tag->element->id == EXTRACT_ELEMENT_FORM && self->open_templates == 0)
		foreign_end_form(&self->foreign, tag);
	else
		foreign_end_html(&self->foreign, tag);
}
