/* What the outputs in JSON put into their objects. Out of memory ends the run, as everywhere. */
#ifndef AREQ_OUTPUT_OBJECT_H
#define AREQ_OUTPUT_OBJECT_H

#include "base/buf.h"

#include <jansson.h>
#include <stdint.h>

/* Each sets one key. Of a text, which need not be UTF-8, what is not becomes U+FFFD; NULL is null. Negative
 * milliseconds are null too. value is the object's from now on. */
void object_set(json_t *object, const char *key, json_t *value);
void object_set_text(json_t *object, const char *key, const char *text);
void object_set_number(json_t *object, const char *key, uint64_t number);
void object_set_ms(json_t *object, const char *key, double ms);

/* Appends value, which is released, on one line without a newline, and in the order in which it was put
 * together. */
void object_append(struct buf *out, json_t *value);

#endif
