#include "link/charset/internal.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

static void decoder_init(struct charset_decoder *self, const struct charset *charset)
{
	*self = (struct charset_decoder){.charset = charset};
}

static bool append_step(struct charset_step step, struct buf *out)
{
	char text[2 * UTF8_LENGTH_MAX];
	if (step.code_point == CHARSET_NOTHING)
		return true;
	size_t len = utf8_encode(step.code_point, text);
	if (step.mark)
		len += utf8_encode(step.mark, text + len);
	return buf_append(out, text, len);
}

/* Decodes until the bytes end or are an incomplete character. Sets *used to the number of decoded bytes. */
static bool decode_run(struct charset_decoder *self, const unsigned char *bytes, size_t len, bool last,
    struct buf *out, size_t *used)
{
	for (*used = 0; *used < len;) {
		if (self->charset->ascii && bytes[*used] < 0x80) {
			size_t run = charset_ascii_run((const char *)bytes + *used, len - *used);
			if (!buf_append(out, bytes + *used, run))
				return false;
			*used += run;
			continue;
		}
		struct charset_step step = self->charset->step(self, bytes + *used, len - *used, last);
		if (step.used == 0)
			return true;
		if (!append_step(step, out))
			return false;
		*used += step.used;
	}
	return true;
}

/* Decodes the held bytes together with the first new ones. Sets *taken to the number of new bytes that were
 * decoded or are held now. */
static bool decode_held(struct charset_decoder *self, const unsigned char *bytes, size_t len, bool last,
    struct buf *out, size_t *taken)
{
	*taken = 0;
	while (self->held_len > 0 && (*taken < len || last)) {
		unsigned char joined[2 * CHARSET_HELD_MAX];
		size_t more = len - *taken < CHARSET_HELD_MAX ? len - *taken : CHARSET_HELD_MAX;
		memcpy(joined, self->held, self->held_len);
		if (more > 0)
			memcpy(joined + self->held_len, bytes + *taken, more);
		size_t joined_len = self->held_len + more;
		struct charset_step step =
		    self->charset->step(self, joined, joined_len, last && *taken + more == len);
		if (step.used == 0) {
			memcpy(self->held, joined, joined_len);
			self->held_len = joined_len;
			*taken += more;
		} else if (step.used >= self->held_len) {
			*taken += step.used - self->held_len;
			self->held_len = 0;
		} else {
			self->held_len -= step.used;
			memmove(self->held, self->held + step.used, self->held_len);
		}
		if (step.used > 0 && !append_step(step, out))
			return false;
	}
	return true;
}

static bool decode(
    struct charset_decoder *self, const unsigned char *bytes, size_t len, bool last, struct buf *out)
{
	size_t taken, used;
	if (!decode_held(self, bytes, len, last, out, &taken))
		return false;
	if (taken == len)
		return true;
	if (!decode_run(self, bytes + taken, len - taken, last, out, &used))
		return false;
	self->held_len = len - taken - used;
	memcpy(self->held, bytes + taken + used, self->held_len);
	return true;
}

struct charset_decoder *charset_decoder_new(const struct charset *charset)
{
	struct charset_decoder *self = alloc_new(sizeof *self);
	decoder_init(self, charset);
	return self;
}

void charset_decoder_free(struct charset_decoder *self)
{
	free(self);
}

bool charset_decoder_feed(
    struct charset_decoder *self, const char *bytes, size_t len, bool last, struct buf *out)
{
	bool fits = decode(self, (const unsigned char *)bytes, len, last, out);
	if (last || !fits)
		decoder_init(self, self->charset);
	return fits;
}

bool charset_decode(const struct charset *self, const char *bytes, size_t len, struct buf *out)
{
	struct charset_decoder decoder;
	decoder_init(&decoder, self);
	return decode(&decoder, (const unsigned char *)bytes, len, true, out);
}
