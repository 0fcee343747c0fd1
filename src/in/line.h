/* Reads one line of a list, or one argument, as a URL. */
#ifndef AREQ_IN_LINE_H
#define AREQ_IN_LINE_H

#include "base/buf.h"
#include "base/cause.h"
#include "base/slice.h"
#include "base/url/url.h"

#include <stdbool.h>

/* Returns the line without the white space around it, and without the byte order marks at its start: where
 * lists were concatenated, one stands in front of each of them. */
struct slice line_trim(struct slice line);

/* Parses a text that line_trim returned, and sets *url. Appends to full what was parsed: "https://" stands in
 * front where the text has no scheme, and if the text is not UTF-8, all bytes that are not ASCII are
 * percent-encoded, so that a server gets back the bytes of the list. Returns NULL if *url is an http or https
 * URL. Returns in words why it is none otherwise, and sets *cause. */
const char *line_parse(struct slice text, struct buf *full, struct url *url, enum cause *cause);

/* True if a text of which line_parse returned this cause may be the line of a list: one of a URL that is not
 * http, such as ftp://x/, but not one of text such as "Note: see below", which is a URL by the standard. */
bool line_is_url(struct slice text, enum cause cause);

#endif
