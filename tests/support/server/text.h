/* Small helpers for writing text into a buffer. */
#ifndef SERVER_TEXT_H
#define SERVER_TEXT_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* The most that one answer, or one file, holds in memory. */
enum { TEXT_MAX = 256 << 20 };

/* Appends as printf would; what does not fit under the buffer's cap is left out. */
void text_printf(struct buf *out, const char *format, ...);

/* Appends a JSON string with its quotes. Each byte above 0x7E becomes the code point of that number, so that
 * any bytes can be told apart. */
void text_json(struct buf *out, struct slice bytes);

/* Appends bytes with & < > " as character references. */
void text_html(struct buf *out, struct slice bytes);

/* Appends bytes with each %XX decoded; every other byte, '+' too, stands for itself. */
void text_percent_decode(struct buf *out, struct slice bytes);

/* Appends the bytes that base64 text stands for (RFC 4648, section 4; '-' and '_' are taken too). False where
 * it is no base64. */
bool text_base64_decode(struct buf *out, struct slice bytes);

/* Reads a whole decimal number. False where it is none or too large. */
bool text_number(struct slice digits, uint64_t *number);

/* Compares without regard to the case of ASCII letters. */
bool text_equal_nocase(struct slice a, const char *b);

#endif
