#include "base/options.h"

#include "base/alloc.h"

void options_list_add(struct option_list *list, const char *item)
{
	list->items = alloc_resize(list->items, list->count + 1, sizeof *list->items);
	list->items[list->count++] = item;
}

void options_own(struct options *self, char *text)
{
	self->owned = alloc_resize(self->owned, self->owned_count + 1, sizeof *self->owned);
	self->owned[self->owned_count++] = text;
}

static struct option_line *find_line(const struct options *self, size_t field)
{
	for (size_t i = 0; i < self->config_line_count; i++) {
		if (self->config_lines[i].field == field)
			return &self->config_lines[i];
	}
	return NULL;
}

size_t options_config_line(const struct options *self, size_t field)
{
	const struct option_line *line = find_line(self, field);
	return line ? line->line : 0;
}

void options_set_config_line(struct options *self, size_t field, size_t line)
{
	struct option_line *known = find_line(self, field);
	if (known) {
		known->line = line;
		return;
	}
	self->config_lines =
	    alloc_resize(self->config_lines, self->config_line_count + 1, sizeof *self->config_lines);
	self->config_lines[self->config_line_count++] = (struct option_line){field, line};
}

void options_append_origin(const struct options *self, size_t field, struct buf *text)
{
	size_t line = options_config_line(self, field);
	if (!line)
		return;
	buf_append_text(text, " (");
	buf_append_text(text, self->config);
	buf_append_byte(text, ':');
	buf_append_number(text, line);
	buf_append_byte(text, ')');
}
