/* UTF-8 decoding and encoding, with the treatment of invalid bytes of the WHATWG Encoding standard. */
#ifndef AREQ_BASE_UTF8_H
#define AREQ_BASE_UTF8_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { UTF8_REPLACEMENT = 0xfffd, UTF8_LENGTH_MAX = 4 };

/* One decoded code point. If the bytes are not valid UTF-8, valid is false, code_point is UTF8_REPLACEMENT,
 * and len (1 to 3) is the length of the maximal subpart, which is replaced as a whole (Encoding, "UTF-8
 * decoder"). */
struct utf8_char {
	uint32_t code_point;
	uint8_t len; /* bytes used */
	bool valid;
};

/* Decodes the first code point of bytes[0..len). len must not be 0. */
struct utf8_char utf8_decode(const char *bytes, size_t len);

/* Writes a scalar value (a code point that is no surrogate) to out and returns the number of bytes. */
size_t utf8_encode(uint32_t code_point, char out[UTF8_LENGTH_MAX]);

/* Returns the length of the longest prefix that is valid UTF-8: len if all of it is. */
size_t utf8_valid_length(const char *bytes, size_t len);

/* Appends bytes[0..len), with each maximal invalid subpart replaced by U+FFFD. Returns false where the limit
 * of the buffer would be exceeded; some of it may then have been appended. */
bool utf8_append_repaired(struct buf *out, const char *bytes, size_t len);

#endif
