/* Finds the URLs of a sitemap that is a plain text: one in a line, in UTF-8 (sitemaps.org, "Text file"). It
 * is for a text that is known to be a sitemap; any other plain text has no links. The text comes in chunks.
 */
#ifndef AREQ_LINK_TEXT_LIST_H
#define AREQ_LINK_TEXT_LIST_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* A longer line is no URL of a sitemap; the protocol allows 2,047 bytes. */
enum { TEXT_LIST_LINE_MAX = 64 << 10 };

/* url begins with http:// or https://, in any letter case, has no white space around it, and is borrowed for
 * the call. It is not parsed yet. */
typedef void (*text_list_fn)(void *ctx, struct slice url);

struct text_list {
	text_list_fn on_url;
	void *ctx;
	struct buf line;      /* the start of a line whose end has not come yet */
	bool is_too_long;     /* that line is longer than TEXT_LIST_LINE_MAX and is dropped */
	bool is_behind_start; /* the first line, before which a byte order mark may stand, has ended */
};

/* Makes the state for one text. */
void text_list_init(struct text_list *self, text_list_fn on_url, void *ctx);
void text_list_release(struct text_list *self);

/* Gives the next bytes, borrowed for the call. Calls on_url for each line that ends in them, by LF, CR or
 * both, and is an absolute http or https URL by its start; other lines are ignored. How the text is cut into
 * chunks makes no difference. */
void text_list_feed(struct text_list *self, const char *bytes, size_t len);

/* Ends the text: its last line needs no line end. */
void text_list_finish(struct text_list *self);

#endif
