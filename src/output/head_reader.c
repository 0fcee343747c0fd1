#include "output/head_reader.h"

#include "base/ascii.h"

#include <stdint.h>
#include <string.h>

/* Returns false if no complete line is left. */
static bool next_line(struct slice *rest, struct slice *line)
{
	const char *end = rest->len ? memchr(rest->data, '\n', rest->len) : NULL;
	if (!end)
		return false;
	size_t len = (size_t)(end - rest->data);
	*line = (struct slice){rest->data, len};
	*rest = (struct slice){end + 1, rest->len - len - 1};
	while (line->len > 0 && ascii_is_space(line->data[line->len - 1]))
		line->len--;
	return true;
}

/* Appends the lines that continue a folded value, each as a space and its text (RFC 9112, section 5.2). */
static void unfold(struct head_reader *self)
{
	struct slice line;
	if (self->rest.len == 0 || (*self->rest.data != ' ' && *self->rest.data != '\t'))
		return;
	buf_clear(&self->unfolded);
	buf_append(&self->unfolded, self->value.data, self->value.len);
	while (self->rest.len > 0 && (*self->rest.data == ' ' || *self->rest.data == '\t') &&
	       next_line(&self->rest, &line)) {
		struct slice text = ascii_trim(line);
		buf_append_byte(&self->unfolded, ' ');
		buf_append(&self->unfolded, text.data, text.len);
	}
	self->value = ascii_trim((struct slice){self->unfolded.data, self->unfolded.len});
}

void head_reader_init(struct head_reader *self, struct slice head)
{
	*self = (struct head_reader){.rest = head};
	buf_init(&self->unfolded, SIZE_MAX / 2);
	next_line(&self->rest, &self->start_line);
}

void head_reader_release(struct head_reader *self)
{
	buf_release(&self->unfolded);
}

bool head_reader_next(struct head_reader *self)
{
	for (struct slice line; next_line(&self->rest, &line);) {
		const char *colon = line.len ? memchr(line.data, ':', line.len) : NULL;
		if (!colon)
			continue;
		size_t name_len = (size_t)(colon - line.data);
		self->name = ascii_trim((struct slice){line.data, name_len});
		self->value = ascii_trim((struct slice){colon + 1, line.len - name_len - 1});
		unfold(self);
		if (self->name.len > 0)
			return true;
	}
	return false;
}

/* Removes the first word and the spaces after it from *line, and returns it. */
static struct slice take_word(struct slice *line)
{
	if (line->len == 0)
		return (struct slice){0};
	const char *space = memchr(line->data, ' ', line->len);
	struct slice word = {line->data, space ? (size_t)(space - line->data) : line->len};
	*line = ascii_trim((struct slice){line->data + word.len, line->len - word.len});
	return word;
}

struct slice head_reader_word(struct slice start_line, unsigned index)
{
	while (index-- > 0)
		take_word(&start_line);
	return take_word(&start_line);
}

struct slice head_reader_after(struct slice start_line, unsigned index)
{
	for (unsigned i = 0; i <= index; i++)
		take_word(&start_line);
	return start_line;
}
