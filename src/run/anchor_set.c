#include "run/anchor_set.h"

#include "base/ascii.h"
#include "base/url/url.h"
#include "link/charset/charset.h"

#include <string.h>

void anchor_set_init(struct anchor_set *self)
{
	seen_init(&self->seen);
	buf_init(&self->key, SIZE_MAX / 2);
	buf_init(&self->decoded, SIZE_MAX / 2);
}

void anchor_set_release(struct anchor_set *self)
{
	seen_release(&self->seen);
	buf_release(&self->key);
	buf_release(&self->decoded);
}

/* Removes the fragment directive, which is not for the page (URL Fragment Text Directives, section 3.3). */
static struct slice without_directive(struct slice fragment)
{
	static const char delimiter[] = ":~:";
	enum { LEN = sizeof delimiter - 1 };
	for (size_t i = 0; i + LEN <= fragment.len; i++) {
		if (memcmp(fragment.data + i, delimiter, LEN) == 0)
			return (struct slice){fragment.data, i};
	}
	return fragment;
}

/* Sets self->key to the beginning of the keys of all anchors of a page. */
static void begin_key(struct anchor_set *self, struct slice page)
{
	buf_clear(&self->key);
	buf_append(&self->key, page.data, page.len);
	buf_append_byte(&self->key, '#');
}

void anchor_set_add(struct anchor_set *self, struct slice page, struct slice anchor)
{
	begin_key(self, page);
	buf_append(&self->key, anchor.data, anchor.len);
	seen_add(&self->seen, self->key.data, self->key.len);
}

bool anchor_set_has(struct anchor_set *self, struct slice page, struct slice fragment)
{
	fragment = without_directive(fragment);
	begin_key(self, page);
	size_t start = self->key.len;
	buf_append(&self->key, fragment.data, fragment.len);
	if (seen_has(&self->seen, self->key.data, self->key.len))
		return true;
	buf_clear(&self->decoded);
	url_append_decoded(&self->decoded, fragment);
	self->key.len = start;
	charset_decode(charset_utf8(), self->decoded.data, self->decoded.len, &self->key);
	return seen_has(&self->seen, self->key.data, self->key.len);
}

bool anchor_set_decides(struct slice fragment)
{
	struct buf decoded;
	fragment = without_directive(fragment);
	if (fragment.len == 0)
		return false;
	buf_init(&decoded, SIZE_MAX / 2);
	url_append_decoded(&decoded, fragment);
	bool is_top = ascii_equal_nocase((struct slice){decoded.data, decoded.len}, slice_of("top"));
	buf_release(&decoded);
	return !is_top;
}
