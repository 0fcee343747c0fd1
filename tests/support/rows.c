#include "rows.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 20, MESSAGE_MAX = 1 << 20 };

void rows_init(struct rows *self)
{
	*self = (struct rows){0};
}

void rows_release(struct rows *self)
{
	for (size_t i = 0; i < self->count; i++)
		free(self->row[i]);
	free(self->row);
	rows_init(self);
}

/* There is room for the next power of two: the sanitizers copy all rows whenever it grows. */
static void add_row(struct rows *self, char *row)
{
	if ((self->count & (self->count - 1)) == 0)
		self->row = alloc_resize(self->row, self->count ? 2 * self->count : 1, sizeof *self->row);
	self->row[self->count++] = row;
}

/* A C string of it: each NUL as a backslash and a zero. */
static char *visible_copy(const char *bytes, size_t len)
{
	char *copy = alloc_array(2 * len + 1, 1), *to = copy;
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] == '\0') {
			*to++ = '\\';
			*to++ = '0';
		} else {
			*to++ = bytes[i];
		}
	}
	return copy;
}

void rows_parse(struct rows *self, const char *bytes, size_t len)
{
	for (size_t start = 0; start < len;) {
		const char *end = memchr(bytes + start, '\n', len - start);
		size_t row_len = end ? (size_t)(end - bytes) - start : len - start;
		add_row(self, visible_copy(bytes + start, row_len));
		self->torn = !end;
		start += row_len + 1;
	}
}

void rows_add(struct rows *self, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *row = alloc_array((size_t)len + 1, 1);
	vsnprintf(row, (size_t)len + 1, format, again);
	va_end(again);
	add_row(self, row);
}

bool rows_has(const struct rows *self, const char *row)
{
	for (size_t i = 0; i < self->count; i++)
		if (strcmp(self->row[i], row) == 0)
			return true;
	return false;
}

struct rows rows_column(const struct rows *self, size_t column)
{
	struct rows cells = {0};
	for (size_t i = 0; i < self->count; i++) {
		const char *cell = self->row[i];
		for (size_t skip = 0; skip < column && cell; skip++) {
			cell = strchr(cell, '\t');
			cell = cell ? cell + 1 : NULL;
		}
		add_row(&cells, cell ? alloc_copy(cell, strcspn(cell, "\t")) : alloc_copy("", 0));
	}
	return cells;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The same rows in order, borrowed from self. */
static const char **sorted(const struct rows *self)
{
	const char **row = alloc_array(self->count, sizeof *row);
	for (size_t i = 0; i < self->count; i++)
		row[i] = self->row[i];
	qsort(row, self->count, sizeof *row, compare);
	return row;
}

struct difference {
	struct buf text;
	size_t shown;
	size_t count;
};

static void note(struct difference *self, const char *what, const char *row)
{
	self->count++;
	if (self->shown == SHOWN_MAX)
		return;
	self->shown++;
	buf_append_text(&self->text, what);
	buf_append_text(&self->text, row);
	buf_append_byte(&self->text, '\n');
}

static char *finish(struct difference *self, const struct rows *actual, const struct rows *expected)
{
	char line[120];
	if (actual->torn)
		note(self, "  without a newline: ", actual->row[actual->count - 1]);
	if (self->count == 0) {
		buf_release(&self->text);
		return NULL;
	}
	snprintf(line, sizeof line, "%zu differences (%zu shown); %zu rows, expected %zu\n", self->count,
	    self->shown, actual->count, expected->count);
	buf_append_text(&self->text, line);
	return self->text.data;
}

char *rows_set_difference(const struct rows *actual, const struct rows *expected)
{
	struct difference difference = {0};
	const char **is = sorted(actual), **should = sorted(expected);
	size_t i = 0, k = 0;
	buf_init(&difference.text, MESSAGE_MAX);
	while (i < actual->count || k < expected->count) {
		int order = i == actual->count ? 1 : k == expected->count ? -1 : strcmp(is[i], should[k]);
		if (order < 0)
			note(&difference, "  too much: ", is[i]);
		else if (order > 0)
			note(&difference, "  missing:  ", should[k]);
		i += order <= 0;
		k += order >= 0;
	}
	free(is);
	free(should);
	return finish(&difference, actual, expected);
}

char *rows_list_difference(const struct rows *actual, const struct rows *expected)
{
	struct difference difference = {0};
	size_t most = actual->count > expected->count ? actual->count : expected->count;
	buf_init(&difference.text, MESSAGE_MAX);
	for (size_t i = 0; i < most; i++) {
		const char *is = i < actual->count ? actual->row[i] : NULL;
		const char *should = i < expected->count ? expected->row[i] : NULL;
		if (is && should && strcmp(is, should) == 0)
			continue;
		note(&difference, "  is:       ", is ? is : "(nothing)");
		note(&difference, "  expected: ", should ? should : "(nothing)");
	}
	return finish(&difference, actual, expected);
}

char *rows_text_difference(const char *out, size_t out_len, const char *expected, bool ordered)
{
	struct rows is, should;
	rows_init(&is);
	rows_init(&should);
	rows_parse(&is, out, out_len);
	rows_parse(&should, expected, strlen(expected));
	char *difference = ordered ? rows_list_difference(&is, &should) : rows_set_difference(&is, &should);
	rows_release(&is);
	rows_release(&should);
	return difference;
}
