#include "output/reasons.h"

#include "base/alloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void reasons_release(struct reasons *self)
{
	for (size_t i = 0; i < self->count; i++) {
		struct reason *reason = self->list[i];
		free(reason->kind);
		free(reason->text);
		free(reason->first);
		free(reason);
	}
	self->count = 0;
	map_release(&self->kinds);
	buf_release(&self->kind);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The text with "0" for each number and each quotation. */
static void append_kind(struct buf *kind, const char *text)
{
	static const char status[] = "got 404";
	const char *at = text;
	if (strncmp(text, status, 4) == 0 && strlen(text) >= sizeof status - 1) {
		buf_append(kind, text, sizeof status - 1);
		at += sizeof status - 1;
	}
	for (; *at && kind->len < REASON_BYTES_MAX; at++) {
		const char *close = *at == '"' || *at == '\'' ? strchr(at + 1, *at) : NULL;
		if (close)
			at = close;
		else
			while (is_digit(at[0]) && is_digit(at[1]))
				at++;
		buf_append_byte(kind, close || is_digit(*at) ? '0' : *at);
	}
}

static char *copy_start(const char *text)
{
	size_t len = strlen(text);
	return alloc_copy(text, len < REASON_BYTES_MAX ? len : REASON_BYTES_MAX);
}

static void add_new(struct reasons *self, const char *kind, const char *text, const char *url)
{
	struct reason *reason = alloc_new(sizeof *reason);
	*reason = (struct reason){.kind = alloc_copy(kind, strlen(kind)),
	    .text = copy_start(text),
	    .first = copy_start(url),
	    .count = 1,
	    .number = self->count};
	map_add(&self->kinds, slice_of(reason->kind), reason);
	self->list[self->count++] = reason;
}

void reasons_add(struct reasons *self, const char *text, const char *url)
{
	self->kind.max = 2 * REASON_BYTES_MAX;
	buf_clear(&self->kind);
	buf_append_text(&self->kind, "");
	append_kind(&self->kind, text);
	struct reason *reason = map_find(&self->kinds, (struct slice){self->kind.data, self->kind.len});
	if (reason)
		reason->count++;
	else if (self->count < REASONS_MAX)
		add_new(self, self->kind.data, text, url);
	else
		self->others++;
}

static int compare_counts(const void *a, const void *b)
{
	const struct reason *left = *(struct reason *const *)a, *right = *(struct reason *const *)b;
	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	return left->number < right->number ? -1 : 1;
}

void reasons_sort(struct reasons *self)
{
	qsort(self->list, self->count, sizeof *self->list, compare_counts);
}
