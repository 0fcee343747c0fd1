#include "store/packed.h"

#include <string.h>

void packed_put_number(struct buf *to, uint64_t number)
{
	for (; number >= 128; number >>= 7)
		buf_append_byte(to, (char)(number | 128));
	buf_append_byte(to, (char)number);
}

void packed_put_text(struct buf *to, const char *text)
{
	size_t len = strlen(text);
	packed_put_number(to, len);
	buf_append(to, text, len);
}

bool packed_take_number(struct slice *bytes, uint64_t *number)
{
	*number = 0;
	for (unsigned shift = 0; bytes->len > 0 && shift < 63; shift += 7) {
		unsigned char byte = (unsigned char)*bytes->data;
		slice_skip(bytes, 1);
		*number |= (uint64_t)(byte & 127) << shift;
		if (byte < 128)
			return true;
	}
	return false;
}

bool packed_take_text(struct slice *bytes, struct buf *texts)
{
	uint64_t len;
	if (!packed_take_number(bytes, &len) || len > bytes->len || memchr(bytes->data, '\0', (size_t)len))
		return false;
	buf_append(texts, bytes->data, (size_t)len);
	buf_append_byte(texts, '\0');
	slice_skip(bytes, (size_t)len);
	return true;
}
