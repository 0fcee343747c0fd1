/* UTF-8, one code point at a time, with the Encoding standard's view of bad input. */
#ifndef AREQ_BASE_UTF8_H
#define AREQ_BASE_UTF8_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UTF8_REPLACEMENT = 0xfffd, UTF8_LENGTH_MAX = 4 };

/* What stands at the start of some bytes. Where valid is false, code_point is UTF8_REPLACEMENT and len
 * (1 to 3) covers the maximal subpart, which counts as that one code point (Encoding, "UTF-8 decoder"). */
struct utf8_char {
	uint32_t code_point;
	uint8_t len;
	bool valid;
};

/* Decodes the first code point of bytes[0..len); len must not be 0. */
struct utf8_char utf8_decode(const char *bytes, size_t len);

/* Writes a scalar value to out and returns how many bytes that took. */
size_t utf8_encode(uint32_t code_point, char out[UTF8_LENGTH_MAX]);

/* How many of the first bytes are valid UTF-8: len where all of them are. */
size_t utf8_valid_length(const char *bytes, size_t len);

/* Appends bytes[0..len) with each maximal bad subpart replaced by U+FFFD. False where the buffer's cap
 * would be passed; a part may then have been appended. */
bool utf8_append_repaired(struct buf *out, const char *bytes, size_t len);

#endif
