#include "base/ascii.h"
#include "base/url/internal.h"
#include "base/url/url.h"
#include "base/utf8.h"

#include <stdio.h>

enum { IPV6_PIECES = 8, IPV4_PARTS = 4, IPV6_TEXT_MAX = 48 };

/* "IPv4 number parser" (section 3.5). Any number above UINT32_MAX may be returned for a larger one. */
static bool parse_ipv4_number(struct slice text, uint64_t *number)
{
	unsigned radix = 10;
	*number = 0;
	if (text.len == 0)
		return false;
	if (text.len >= 2 && text.data[0] == '0') {
		bool hex = text.data[1] == 'x' || text.data[1] == 'X';
		radix = hex ? 16 : 8;
		text.data += hex ? 2 : 1;
		text.len -= hex ? 2 : 1;
	}
	for (size_t i = 0; i < text.len; i++) {
		int value = ascii_hex_value(text.data[i]);
		if (value < 0 || (unsigned)value >= radix)
			return false;
		*number = *number > UINT32_MAX ? UINT64_MAX : *number * radix + (unsigned)value;
	}
	return true;
}

/* Returns the label behind the last dot. A dot at the end of the domain is ignored. */
static struct slice last_label(struct slice domain)
{
	if (domain.len > 0 && domain.data[domain.len - 1] == '.')
		domain.len--;
	size_t start = domain.len;
	while (start > 0 && domain.data[start - 1] != '.')
		start--;
	return (struct slice){domain.data + start, domain.len - start};
}

static bool ends_in_number(struct slice domain)
{
	struct slice last = last_label(domain);
	if (last.len == 0 || !ascii_is_digit(last.data[0]))
		return false;
	size_t digits = 0;
	while (digits < last.len && ascii_is_digit(last.data[digits]))
		digits++;
	uint64_t ignored;
	return digits == last.len || parse_ipv4_number(last, &ignored);
}

static bool parse_ipv4(struct slice domain, uint32_t *address)
{
	uint64_t numbers[IPV4_PARTS];
	size_t count = 0;
	if (domain.data[domain.len - 1] == '.')
		domain.len--;
	for (size_t start = 0, i = 0; i <= domain.len; i++) {
		if (i < domain.len && domain.data[i] != '.')
			continue;
		struct slice part = {domain.data + start, i - start};
		if (count == IPV4_PARTS || !parse_ipv4_number(part, &numbers[count++]))
			return false;
		start = i + 1;
	}
	uint64_t last = numbers[count - 1];
	if (last >= UINT64_C(1) << (8 * (IPV4_PARTS + 1 - count)))
		return false;
	uint32_t result = (uint32_t)last;
	for (size_t i = 0; i + 1 < count; i++) {
		if (numbers[i] > 255)
			return false;
		result += (uint32_t)numbers[i] << (8 * (IPV4_PARTS - 1 - i));
	}
	*address = result;
	return true;
}

/* Finishes the domain that is in out from start on: if it ends in a number, it is parsed as an IPv4 address
 * and replaced by the serialised address. Returns false if it is empty or no valid address. */
static bool finish_domain(struct buf *out, size_t start)
{
	struct slice domain = {out->data + start, out->len - start};
	if (domain.len == 0)
		return false;
	if (!ends_in_number(domain))
		return true;
	uint32_t address;
	if (!parse_ipv4(domain, &address))
		return false;
	out->len = start;
	bool appended = true;
	for (int shift = 24; shift >= 0; shift -= 8)
		appended = appended && buf_append_number(out, address >> shift & 255) &&
		           (shift == 0 || buf_append_byte(out, '.'));
	return appended;
}

/* Appends text in lower case, up to the first byte that is not ASCII or is forbidden in a domain, as '%' is.
 * Returns the number of bytes that were appended. */
static size_t append_ascii(struct buf *out, const char *text, size_t len)
{
	char *to = buf_reserve(out, len);
	size_t done = 0;
	while (to && done < len && !url_encode_is(text[done], URL_FORBIDDEN_IN_DOMAIN | URL_NOT_ASCII)) {
		to[done] = ascii_lower(text[done]);
		done++;
	}
	out->len += done;
	return done;
}

/* Appends a percent-decoded domain, which may contain non-ASCII characters and invalid UTF-8. */
static bool append_decoded_domain(struct buf *out, const struct buf *decoded)
{
	size_t start = out->len;
	if (append_ascii(out, decoded->data, decoded->len) == decoded->len)
		return true;
	out->len = start;
	bool is_all_ascii = true;
	for (size_t i = 0; i < decoded->len; i++)
		is_all_ascii = is_all_ascii && !url_encode_is(decoded->data[i], URL_NOT_ASCII);
	if (is_all_ascii || utf8_valid_length(decoded->data, decoded->len) < decoded->len ||
	    !url_idna_append(out, decoded->data, decoded->len))
		return false;
	for (size_t i = start; i < out->len; i++)
		if (url_encode_is(out->data[i], URL_FORBIDDEN_IN_DOMAIN))
			return false;
	return true;
}

static bool append_domain(struct buf *out, const char *text, size_t len)
{
	size_t start = out->len;
	if (append_ascii(out, text, len) < len) {
		struct buf decoded;
		buf_init(&decoded, len);
		url_append_decoded(&decoded, (struct slice){text, len});
		out->len = start;
		bool ok = append_decoded_domain(out, &decoded);
		buf_release(&decoded);
		if (!ok)
			return false;
	}
	return finish_domain(out, start);
}

/* Parses the IPv4 address in dotted decimal form at the end of an IPv6 address into two pieces. */
static bool parse_ipv4_tail(const char *at, const char *end, uint16_t pieces[2])
{
	for (int part = 0; part < IPV4_PARTS; part++) {
		if (part > 0 && (at == end || *at++ != '.'))
			return false;
		if (at == end || !ascii_is_digit(*at))
			return false;
		unsigned value = 0;
		const char *first = at;
		for (; at < end && ascii_is_digit(*at); at++) {
			if (at > first && value == 0)
				return false;
			value = value * 10 + (unsigned)(*at - '0');
			if (value > 255)
				return false;
		}
		pieces[part / 2] = (uint16_t)(pieces[part / 2] << 8 | value);
	}
	return at == end;
}

/* Moves the pieces behind the "::" to the end and fills the gap with zeros. */
static void expand_ipv6(uint16_t pieces[IPV6_PIECES], int compress, int count)
{
	int moved = count - compress;
	for (int i = 1; i <= moved; i++) {
		uint16_t piece = pieces[count - i];
		pieces[count - i] = 0;
		pieces[IPV6_PIECES - i] = piece;
	}
}

static bool parse_ipv6(const char *at, const char *end, uint16_t pieces[IPV6_PIECES])
{
	int count = 0;
	int compress = -1;
	if (at < end && *at == ':') {
		if (end - at < 2 || at[1] != ':')
			return false;
		at += 2;
		compress = ++count;
	}
	while (at < end) {
		if (count == IPV6_PIECES)
			return false;
		if (*at == ':') {
			if (compress >= 0)
				return false;
			at++;
			compress = ++count;
			continue;
		}
		const char *first = at;
		unsigned value = 0;
		for (; at < end && at - first < 4 && ascii_hex_value(*at) >= 0; at++)
			value = value << 4 | (unsigned)ascii_hex_value(*at);
		if (at < end && *at == '.') {
			if (at == first || count > IPV6_PIECES - 2 ||
			    !parse_ipv4_tail(first, end, pieces + count))
				return false;
			count += 2;
			break;
		}
		if (at < end && (*at++ != ':' || at == end))
			return false;
		pieces[count++] = (uint16_t)value;
	}
	if (compress >= 0)
		expand_ipv6(pieces, compress, count);
	return compress >= 0 || count == IPV6_PIECES;
}

/* Returns the index of the first of the longest runs of two or more zero pieces, or -1, and its length in
 * *len. */
static int longest_zero_run(const uint16_t pieces[IPV6_PIECES], int *len)
{
	int best = -1;
	*len = 1;
	for (int i = 0; i < IPV6_PIECES; i++) {
		int run = 0;
		while (i + run < IPV6_PIECES && pieces[i + run] == 0)
			run++;
		if (run > *len) {
			best = i;
			*len = run;
		}
		i += run;
	}
	return best;
}

static bool append_ipv6(struct buf *out, const char *at, const char *end)
{
	uint16_t pieces[IPV6_PIECES] = {0};
	if (!parse_ipv6(at, end, pieces))
		return false;
	char text[IPV6_TEXT_MAX];
	size_t len = 0;
	int run_len;
	int run = longest_zero_run(pieces, &run_len);
	for (int i = 0; i < IPV6_PIECES; i++) {
		if (i == run) {
			len += (size_t)snprintf(text + len, sizeof text - len, i == 0 ? "::" : ":");
			i += run_len - 1;
			continue;
		}
		len += (size_t)snprintf(
		    text + len, sizeof text - len, i < IPV6_PIECES - 1 ? "%x:" : "%x", (unsigned)pieces[i]);
	}
	return buf_append_byte(out, '[') && buf_append(out, text, len) && buf_append_byte(out, ']');
}

static bool append_opaque_host(struct buf *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (url_encode_is(text[i], URL_FORBIDDEN_IN_HOST))
			return false;
	if (!buf_reserve(out, 3 * len))
		return false;
	url_encode_until(out, text, text + len, URL_SET_C0, 0);
	return true;
}

bool url_host_append(struct buf *out, const char *text, size_t len, bool is_opaque)
{
	if (len > 0 && text[0] == '[')
		return text[len - 1] == ']' && append_ipv6(out, text + 1, text + len - 1);
	return is_opaque ? append_opaque_host(out, text, len) : append_domain(out, text, len);
}
