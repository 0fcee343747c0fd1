#include "link/xml_base.h"

#include "base/alloc.h"

#include <assert.h>
#include <stdlib.h>

void xml_base_init(struct xml_base *self, struct slice document)
{
	*self = (struct xml_base){0};
	url_init(&self->document);
	bool parsed = url_parse(&self->document, document.data, document.len, NULL, NULL);
	assert(parsed);
	(void)parsed;
}

static void pop(struct xml_base *self)
{
	struct xml_base_element *element = self->innermost;
	self->innermost = element->outer;
	buf_release(&element->url);
	free(element);
	self->has_changed = true;
}

static void push(struct xml_base *self, struct slice url)
{
	struct xml_base_element *element = alloc_new(sizeof *element);
	element->outer = self->innermost;
	element->depth = self->depth;
	buf_init(&element->url, URL_LENGTH_MAX);
	buf_append(&element->url, url.data, url.len);
	self->innermost = element;
	self->has_changed = true;
}

void xml_base_release(struct xml_base *self)
{
	while (self->innermost)
		pop(self);
	url_release(&self->document);
}

void xml_base_start(struct xml_base *self, struct slice value)
{
	self->depth++;
	if (!value.data)
		return;
	struct url outer, url;
	const struct xml_base_element *element = self->innermost;
	url_init(&outer);
	url_init(&url);
	if (element)
		url_parse(&outer, element->url.data, element->url.len, NULL, NULL);
	if (url_parse(&url, value.data, value.len, element ? &outer : &self->document, NULL))
		push(self, url_href(&url));
	url_release(&outer);
	url_release(&url);
}

void xml_base_end(struct xml_base *self)
{
	if (self->innermost && self->innermost->depth == self->depth)
		pop(self);
	self->depth--;
}

bool xml_base_take_change(struct xml_base *self, struct slice *url)
{
	const struct xml_base_element *element = self->innermost;
	bool has_changed = self->has_changed;
	self->has_changed = false;
	*url = element ? (struct slice){element->url.data, element->url.len} : slice_of("");
	return has_changed;
}
