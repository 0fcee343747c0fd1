/* Punycode (RFC 3492). libidn2 2.3.3 implements it too, but does not export its functions. */
#include "base/url/internal.h"

enum {
	BASE = 36,
	T_MIN = 1,
	T_MAX = 26,
	SKEW = 38,
	DAMP = 700,
	INITIAL_BIAS = 72,
	INITIAL_N = 0x80,
	CODE_POINT_MAX = 0x10ffff
};

/* The bias adaptation function (RFC 3492, section 6.1). */
static uint32_t adapt(uint32_t delta, uint32_t count, bool first)
{
	uint32_t k = 0;
	delta = first ? delta / DAMP : delta / 2;
	delta += delta / count;
	for (; delta > (BASE - T_MIN) * T_MAX / 2; k += BASE)
		delta /= BASE - T_MIN;
	return k + (BASE - T_MIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
	if (k <= bias + T_MIN)
		return T_MIN;
	return k >= bias + T_MAX ? T_MAX : k - bias;
}

static bool append_digit(struct buf *out, uint32_t digit)
{
	return buf_append_byte(out, (char)(digit < 26 ? 'a' + digit : '0' + digit - 26));
}

static bool append_delta(struct buf *out, uint32_t delta, uint32_t bias)
{
	for (uint32_t k = BASE;; k += BASE) {
		uint32_t t = threshold(k, bias);
		if (delta < t)
			return append_digit(out, delta);
		if (!append_digit(out, t + (delta - t) % (BASE - t)))
			return false;
		delta = (delta - t) / (BASE - t);
	}
}

/* Returns the smallest code point of the label that is at least n, or UINT32_MAX. */
static uint32_t smallest_from(const uint32_t *label, size_t len, uint32_t n)
{
	uint32_t smallest = UINT32_MAX;
	for (size_t i = 0; i < len; i++)
		if (label[i] >= n && label[i] < smallest)
			smallest = label[i];
	return smallest;
}

bool url_punycode_append(struct buf *out, const uint32_t *label, size_t len)
{
	uint32_t basic = 0;
	for (size_t i = 0; i < len; i++) {
		if (label[i] >= INITIAL_N)
			continue;
		if (!buf_append_byte(out, (char)label[i]))
			return false;
		basic++;
	}
	if (basic > 0 && !buf_append_byte(out, '-'))
		return false;
	uint32_t n = INITIAL_N, delta = 0, bias = INITIAL_BIAS;
	for (uint32_t done = basic; done < len; n++, delta++) {
		uint32_t next = smallest_from(label, len, n);
		delta += (next - n) * (done + 1);
		n = next;
		for (size_t i = 0; i < len; i++) {
			if (label[i] < n)
				delta++;
			if (label[i] != n)
				continue;
			if (!append_delta(out, delta, bias))
				return false;
			bias = adapt(delta, done + 1, done == basic);
			delta = 0;
			done++;
		}
	}
	return true;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0' + 26;
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	return c >= 'A' && c <= 'Z' ? c - 'A' : -1;
}

/* Reads a generalized variable-length integer (RFC 3492, section 3.3), makes *at the byte behind it, and adds
 * it to *i. Returns false for an invalid digit and for an overflow. */
static bool read_delta(const char **at, const char *end, uint32_t bias, uint32_t *i)
{
	uint32_t weight = 1;
	for (uint32_t k = BASE;; k += BASE) {
		int digit = *at < end ? digit_value(*(*at)++) : -1;
		if (digit < 0 || (uint32_t)digit > (UINT32_MAX - *i) / weight)
			return false;
		*i += (uint32_t)digit * weight;
		uint32_t t = threshold(k, bias);
		if ((uint32_t)digit < t)
			return true;
		if (weight > UINT32_MAX / (BASE - t))
			return false;
		weight *= BASE - t;
	}
}

bool url_punycode_decode(const char *text, size_t text_len, uint32_t *label, size_t *len)
{
	const char *end = text + text_len;
	const char *at = text;
	size_t count = 0;
	for (size_t i = text_len; i > 0; i--)
		if (text[i - 1] == '-') {
			at = text + i;
			break;
		}
	for (const char *basic = text; basic + 1 < at; basic++) {
		if (count == *len || (unsigned char)*basic >= INITIAL_N)
			return false;
		label[count++] = (unsigned char)*basic;
	}
	uint32_t n = INITIAL_N, i = 0, bias = INITIAL_BIAS;
	while (at < end) {
		uint32_t old = i;
		if (count == *len || !read_delta(&at, end, bias, &i))
			return false;
		uint32_t positions = (uint32_t)count + 1;
		bias = adapt(i - old, positions, old == 0);
		if (i / positions > CODE_POINT_MAX - n)
			return false;
		n += i / positions;
		i %= positions;
		if (n >= 0xd800 && n <= 0xdfff)
			return false;
		for (size_t j = count++; j > i; j--)
			label[j] = label[j - 1];
		label[i++] = n;
	}
	*len = count;
	return true;
}
