#include "link/charset/internal.h"

#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>

static void append_missing(uint_least32_t code_point, struct buf *out)
{
	char text[32];
	int len = snprintf(text, sizeof text, "%%26%%23%lu%%3B", (unsigned long)code_point);
	buf_append(out, text, (size_t)len);
}

void charset_encode(const void *self, const char *utf8, size_t len, struct buf *out)
{
	struct charset_encoder encoder = {.charset = self};
	if (!encoder.charset->put) {
		buf_append(out, utf8, len);
		return;
	}
	for (size_t at = 0; at < len;) {
		size_t run = encoder.charset->ascii ? charset_ascii_run(utf8 + at, len - at) : 0;
		buf_append(out, utf8 + at, run);
		at += run;
		if (at == len)
			break;
		struct utf8_char c = utf8_decode(utf8 + at, len - at);
		uint_least32_t code_point = c.code_point;
		if (!encoder.charset->put(&encoder, &code_point, out))
			append_missing(code_point, out);
		at += c.len;
	}
	charset_encode_char_end(&encoder, out);
	free(encoder.pointers);
}
