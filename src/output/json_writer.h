/* Functions for the outputs in JSON: they set the keys of an object, and append a value to a buffer as text.
 * Running out of memory ends the run. */
#ifndef AREQ_OUTPUT_JSON_WRITER_H
#define AREQ_OUTPUT_JSON_WRITER_H

#include "base/buf.h"

#include <jansson.h>
#include <stdint.h>

/* Each of these sets one key of object. The object owns value from then on. A text need not be UTF-8:
 * invalid bytes become U+FFFD. A NULL text and negative milliseconds become null. */
void json_writer_set(json_t *object, const char *key, json_t *value);
void json_writer_set_text(json_t *object, const char *key, const char *text);
void json_writer_set_number(json_t *object, const char *key, uint64_t number);
void json_writer_set_ms(json_t *object, const char *key, double ms);

/* Appends value as JSON in one line, without a newline, its keys in the order in which they were set.
 * Releases value. */
void json_writer_append(struct buf *out, json_t *value);

#endif
