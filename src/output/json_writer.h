/* Appends JSON (RFC 8259) to a buffer, in one line:
 *
 *	buf_append_byte(&line, '{');
 *	json_writer_text(&line, "url", url);
 *	json_writer_open(&line, "times", '[');
 *	json_writer_real(&line, NULL, 1.5, "null");
 *	json_writer_close(&line, ']');
 *	json_writer_close(&line, '}');
 *
 * Every function with a key appends one value, and a comma where it is not the first one of its
 * object or array. key is a name that needs no escapes, or NULL for an element of an array. The limit of the
 * buffer must be out of reach. */
#ifndef AREQ_OUTPUT_JSON_WRITER_H
#define AREQ_OUTPUT_JSON_WRITER_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* Append a string, or null where the text is NULL; the first one only that, without a key and a comma. The
 * text need not be UTF-8: each maximal invalid subpart becomes U+FFFD (Encoding standard), and so does NUL,
 * since many programs that read JSON stop at it, and browsers replace it too (HTML standard,
 * sections 13.2.5.36 to 38). Control characters are escaped, also DEL and U+0080 to U+009F, which some
 * terminals obey. */
void json_writer_string(struct buf *out, struct slice text);
void json_writer_text(struct buf *out, const char *key, const char *text);
void json_writer_slice(struct buf *out, const char *key, struct slice text);

/* Append a number; the second one appends null where the number is not known. */
void json_writer_number(struct buf *out, const char *key, uint64_t number);
void json_writer_number_or_null(struct buf *out, const char *key, bool is_known, uint64_t number);

/* Appends a finite number with 9 significant digits: of times in ms, these keep the microseconds in a run of
 * up to 16 minutes, and the milliseconds in a run of up to 11 days. For a negative number, which stands for
 * one that is not known, `unknown` is appended as it is. */
void json_writer_real(struct buf *out, const char *key, double number, const char *unknown);

/* Appends a value that is JSON already, such as "null" or "-1". */
void json_writer_literal(struct buf *out, const char *key, const char *json);
static inline void json_writer_bool(struct buf *out, const char *key, bool value)
{
	json_writer_literal(out, key, value ? "true" : "false");
}

/* Begins an object ('{') or an array ('['), and ends it ('}' or ']'). */
void json_writer_open(struct buf *out, const char *key, char bracket);
static inline void json_writer_close(struct buf *out, char bracket)
{
	buf_append_byte(out, bracket);
}

#endif
