/* Decodes character references in attribute values (HTML standard, section 13.2.5.72 and following). */
#ifndef AREQ_LINK_HTML_ENTITY_H
#define AREQ_LINK_HTML_ENTITY_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Appends value[0..len) to out and replaces its character references, by the rules for attribute values:
 * - All 2,231 names are known, and the longest name that matches is used. A name without its semicolon is not
 *   replaced if '=' or an ASCII letter or digit follows it ("&copy=1").
 * - The standard replaces some numbers: 0, surrogates and numbers above 0x10FFFF become U+FFFD, and 0x80 to
 *   0x9F are read as windows-1252.
 * - A NUL becomes U+FFFD.
 *
 * References are replaced by UTF-8, so a value in another encoding has to be converted with charset_decode
 * before. All other bytes are copied as they are, even if they are not valid UTF-8. CR and CRLF are copied,
 * too, although the standard turns them into LF: the URL parser removes both.
 *
 * value must not point into out. Returns false if the text would pass the limit of out, which then holds a
 * part. */
bool entity_decode(const char *value, size_t len, struct buf *out);

#endif
