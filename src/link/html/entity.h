/* Character references in attribute values (HTML standard, section 13.2.5.72 and following). */
#ifndef AREQ_LINK_HTML_ENTITY_H
#define AREQ_LINK_HTML_ENTITY_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Appends value[0..len) to out with its character references replaced, by the rules for attribute values:
 * all 2,231 names, the longest first; a name without its semicolon stays as it is before '=' or an ASCII
 * letter or digit ("&copy=1"); numbers with the standard's replacements (0 and above 0x10FFFF and surrogates
 * are U+FFFD, 0x80 to 0x9F as windows-1252). A NUL becomes U+FFFD.
 *
 * What replaces a reference is UTF-8, so a value in another encoding goes through charset_decode first and
 * comes here second. All other bytes pass through untouched, valid UTF-8 or not; so do CR and CRLF, which
 * the standard turns into LF: URL parsing drops both.
 *
 * out must not hold value. False where out's cap would be passed; out then holds a part. */
bool entity_decode(const char *value, size_t len, struct buf *out);

#endif
