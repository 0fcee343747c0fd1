#include "output/json_writer.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void json_writer_set(json_t *object, const char *key, json_t *value)
{
	if (!value || json_object_set_new(object, key, value) != 0)
		alloc_fail();
}

void json_writer_set_text(json_t *object, const char *key, const char *text)
{
	struct buf repaired;
	if (!text) {
		json_writer_set(object, key, json_null());
		return;
	}
	buf_init(&repaired, SIZE_MAX / 4);
	utf8_append_repaired(&repaired, text, strlen(text));
	json_writer_set(object, key, json_stringn(repaired.data ? repaired.data : "", repaired.len));
	buf_release(&repaired);
}

void json_writer_set_number(json_t *object, const char *key, uint64_t number)
{
	json_writer_set(object, key, json_integer((json_int_t)number));
}

void json_writer_set_ms(json_t *object, const char *key, double ms)
{
	json_writer_set(object, key, ms < 0 ? json_null() : json_real(ms));
}

/* Called by json_dump_callback. Jansson does not escape DEL and the C1 controls (U+0080 to U+009F), which
 * some terminals obey, so they are escaped here. */
static int append_escaped(const char *bytes, size_t len, void *out)
{
	for (size_t at = 0; at < len;) {
		size_t plain = at;
		while (plain < len && bytes[plain] != '\x7f' &&
		       !(bytes[plain] == '\xc2' && plain + 1 < len && (unsigned char)bytes[plain + 1] < 0xa0))
			plain++;
		buf_append(out, bytes + at, plain - at);
		at = plain;
		if (at == len)
			break;
		bool is_two_bytes = bytes[at] == '\xc2';
		char escape[8];
		snprintf(escape, sizeof escape, "\\u%04x", (unsigned char)bytes[at + is_two_bytes]);
		buf_append_text(out, escape);
		at += is_two_bytes ? 2 : 1;
	}
	return 0;
}

/* The significant digits of a number. For times in ms, 9 digits keep the microseconds in a run of up to 16
 * minutes, and the milliseconds in a run of up to 11 days. */
enum { REAL_DIGITS = 9 };

void json_writer_append(struct buf *out, json_t *value)
{
	if (json_dump_callback(value, append_escaped, out,
	        JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(REAL_DIGITS)) != 0)
		alloc_fail();
	json_decref(value);
}
