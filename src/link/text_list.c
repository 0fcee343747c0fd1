#include "link/text_list.h"

#include "base/ascii.h"

#include <string.h>

void text_list_init(struct text_list *self, text_list_fn on_url, void *ctx)
{
	*self = (struct text_list){.on_url = on_url, .ctx = ctx};
	buf_init(&self->line, TEXT_LIST_LINE_MAX);
}

void text_list_release(struct text_list *self)
{
	buf_release(&self->line);
}

static void finish_line(struct text_list *self)
{
	static const char mark[] = "\xef\xbb\xbf";
	struct slice line = {self->line.data ? self->line.data : "", self->line.len};
	if (!self->is_behind_start && ascii_starts_with(line, mark))
		line = (struct slice){line.data + sizeof mark - 1, line.len - (sizeof mark - 1)};
	line = ascii_trim(line);
	bool is_url = ascii_starts_with_nocase(line, "http://") || ascii_starts_with_nocase(line, "https://");
	if (is_url && !self->is_too_long)
		self->on_url(self->ctx, line);
	self->is_behind_start = true;
	self->is_too_long = false;
	buf_clear(&self->line);
}

void text_list_feed(struct text_list *self, const char *bytes, size_t len)
{
	for (const char *end = bytes + len; bytes < end;) {
		const char *at = bytes;
		while (at < end && *at != '\n' && *at != '\r')
			at++;
		if (!buf_append(&self->line, bytes, (size_t)(at - bytes)))
			self->is_too_long = true;
		if (at < end)
			finish_line(self);
		bytes = at + (at < end);
	}
}

void text_list_finish(struct text_list *self)
{
	finish_line(self);
}
