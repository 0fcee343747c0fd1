#include "base/url/internal.h"
#include "base/utf8.h"

#include <idn2.h>
#include <string.h>

/* No name server knows a label beyond 63 bytes or a name beyond 255; the standard has no limit. These, in
 * code points and in bytes, keep hostile input from taking time that grows with the square of its length, or
 * a call of libidn2 for every other byte. */
enum { LABEL_MAX = 1024, DOMAIN_MAX = 64 << 10 };

enum { ZWNJ = 0x200c, ZWJ = 0x200d, SHARP_S = 0xdf, FINAL_SIGMA = 0x3c2, CAPITAL_SHARP_S = 0x1e9e };

struct label {
	uint32_t points[LABEL_MAX];
	size_t len;
};

static bool is_joiner(uint32_t c)
{
	return c == ZWNJ || c == ZWJ;
}

/* UTS 46, "deviation characters": each stands for itself in nontransitional processing. */
static bool is_deviation(uint32_t c)
{
	return c == SHARP_S || c == FINAL_SIGMA || is_joiner(c);
}

static uint32_t to_lower(uint32_t c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static bool is_ascii_letter(uint32_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_ascii_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_european_digit(uint32_t c)
{
	return is_ascii_digit(c) || (c >= 0x6f0 && c <= 0x6f9);
}

static bool is_arabic_digit(uint32_t c)
{
	return c >= 0x660 && c <= 0x669;
}

/* The blocks whose letters and digits are of the Bidi classes R, AL and AN (DerivedBidiClass.txt). */
static bool is_right_to_left(uint32_t c)
{
	if (is_european_digit(c))
		return false;
	return (c >= 0x590 && c <= 0x8ff) || (c >= 0xfb1d && c <= 0xfdff) || (c >= 0xfe70 && c <= 0xfefc) ||
	       (c >= 0x10800 && c <= 0x10fff) || (c >= 0x1e800 && c <= 0x1efff);
}

/* UTS 46 maps these to the full stop, so they divide labels too. */
static bool is_dot(uint32_t c)
{
	return c == '.' || c == 0x3002 || c == 0xff0e || c == 0xff61;
}

static bool any(const struct label *label, bool (*test)(uint32_t c))
{
	for (size_t i = 0; i < label->len; i++)
		if (test(label->points[i]))
			return true;
	return false;
}

static bool is_not_ascii(uint32_t c)
{
	return c >= 0x80;
}

/* Runs libidn2 over some code points; *ascii is the caller's, by idn2_free. */
static int look_up(const uint32_t *points, size_t len, int flags, char **ascii)
{
	char text[LABEL_MAX * UTF8_LENGTH_MAX + 1];
	size_t text_len = 0;
	for (size_t i = 0; i < len; i++)
		text_len += utf8_encode(points[i], text + text_len);
	text[text_len] = '\0';
	uint8_t *result = NULL;
	int rc = idn2_lookup_u8((const uint8_t *)text, &result, flags);
	*ascii = (char *)result;
	return rc;
}

static bool add(struct label *label, uint32_t c)
{
	if (label->len == LABEL_MAX)
		return false;
	label->points[label->len++] = c;
	return true;
}

/* Maps, normalises and checks a few code points that hold no deviation character and no hyphen. Behind
 * something else in the label, a letter that composes with nothing leads them: a combining mark is
 * forbidden only where a label begins. */
static bool map_run(struct label *mapped, const uint32_t *points, size_t len)
{
	struct label run = {.len = 0};
	size_t guard = mapped->len > 0 ? 1 : 0;
	if (guard)
		add(&run, 'q');
	for (size_t i = 0; i < len; i++)
		if (!add(&run, points[i]))
			return false;
	char *ascii;
	if (look_up(run.points, run.len, IDN2_TRANSITIONAL | IDN2_NO_ALABEL_ROUNDTRIP, &ascii) != IDN2_OK)
		return false;
	size_t ascii_len = strlen(ascii);
	run.len = LABEL_MAX;
	bool ok = true;
	if (strncmp(ascii, "xn--", 4) == 0) {
		ok = url_punycode_decode(ascii + 4, ascii_len - 4, run.points, &run.len);
	} else {
		for (run.len = 0; run.len < ascii_len; run.len++)
			run.points[run.len] = (unsigned char)ascii[run.len];
	}
	for (size_t i = guard; ok && i < run.len; i++)
		ok = add(mapped, run.points[i]);
	idn2_free(ascii);
	return ok;
}

/* Maps a label run by run. An ASCII character belongs to what it stands before, with which it may compose;
 * alone, it only becomes lower case. */
static bool map_label(struct label *mapped, const struct label *label)
{
	const uint32_t *points = label->points;
	mapped->len = 0;
	for (size_t i = 0, end; i < label->len; i = end) {
		uint32_t c = points[i];
		end = i + 1;
		bool leads = end < label->len && points[end] >= 0x80 && !is_deviation(points[end]);
		if (is_deviation(c) || c == '-' || (c < 0x80 && !leads)) {
			if (!add(mapped, to_lower(c)))
				return false;
			continue;
		}
		while (end < label->len && points[end] >= 0x80 && !is_deviation(points[end]))
			end++;
		if (!map_run(mapped, points + i, end - i))
			return false;
	}
	return true;
}

static bool append_encoded(struct buf *out, const struct label *label)
{
	if (any(label, is_not_ascii))
		return buf_append_text(out, "xn--") && url_punycode_append(out, label->points, label->len);
	for (size_t i = 0; i < label->len; i++)
		if (!buf_append_byte(out, (char)label->points[i]))
			return false;
	return true;
}

/* libidn2 asks more of a label than the standard, which sets CheckHyphens and VerifyDnsLength to false and
 * does not know the code points that IDNA2008 disallows, such as U+2615. What it refuses for such a reason
 * is mapped run by run. Nothing has then looked at joiners and direction, so labels with these fail. */
static bool encode_unicode_label(struct buf *out, const struct label *label)
{
	char *ascii;
	int rc = look_up(label->points, label->len, IDN2_NONTRANSITIONAL | IDN2_NO_ALABEL_ROUNDTRIP, &ascii);
	if (rc == IDN2_OK) {
		bool fits = buf_append_text(out, ascii);
		idn2_free(ascii);
		return fits;
	}
	if (rc == IDN2_BIDI || rc == IDN2_CONTEXTJ || any(label, is_right_to_left) || any(label, is_joiner))
		return false;
	struct label mapped;
	return map_label(&mapped, label) && append_encoded(out, &mapped);
}

/* Whether an encoded label begins with "xn--" once decoded too, which UTS 46 forbids. */
static bool is_twice_ace(const char *ascii, size_t len)
{
	struct label decoded = {.len = LABEL_MAX};
	if (len < 8 || memcmp(ascii, "xn--xn--", 8) != 0 ||
	    !url_punycode_decode(ascii + 4, len - 4, decoded.points, &decoded.len))
		return false;
	return decoded.len >= 4 && decoded.points[0] == 'x' && decoded.points[1] == 'n' &&
	       decoded.points[2] == '-' && decoded.points[3] == '-';
}

static bool append_unicode_label(struct buf *out, const struct label *label)
{
	size_t start = out->len;
	return encode_unicode_label(out, label) && !is_twice_ace(out->data + start, out->len - start);
}

/* Appends an ASCII label in lower case; *has_ace_prefix tells whether it begins with "xn--". */
static bool append_ascii_label(struct buf *out, const struct label *label, bool *has_ace_prefix)
{
	size_t start = out->len;
	for (size_t i = 0; i < label->len; i++)
		if (!buf_append_byte(out, (char)to_lower(label->points[i])))
			return false;
	*has_ace_prefix = label->len >= 4 && memcmp(out->data + start, "xn--", 4) == 0;
	return true;
}

/* An "xn--" label must be what its decoded form, which replaces it in *label, is encoded to. */
static bool check_ace_label(struct buf *out, size_t start, struct label *label)
{
	size_t end = out->len;
	label->len = LABEL_MAX;
	if (!url_punycode_decode(out->data + start + 4, end - start - 4, label->points, &label->len) ||
	    !append_unicode_label(out, label))
		return false;
	struct slice given = {out->data + start, end - start};
	struct slice again = {out->data + end, out->len - end};
	out->len = end;
	return slice_equal(given, again);
}

static bool append_label(struct buf *out, struct label *label)
{
	if (any(label, is_not_ascii))
		return append_unicode_label(out, label);
	size_t start = out->len;
	bool has_ace_prefix;
	if (!append_ascii_label(out, label, &has_ace_prefix))
		return false;
	return !has_ace_prefix || check_ace_label(out, start, label);
}

/* What libidn2 leaves out of the Bidi rule (RFC 5893, section 2) for a domain that has a right-to-left label
 * somewhere: two kinds of digits in one label, and the ASCII at the ends of the other labels. */
static bool passes_bidi_rule(const struct label *label)
{
	if (label->len == 0)
		return true;
	if (any(label, is_european_digit) && any(label, is_arabic_digit))
		return false;
	uint32_t first = label->points[0];
	uint32_t last = label->points[label->len - 1];
	return (is_not_ascii(first) || is_ascii_letter(first)) &&
	       (is_not_ascii(last) || is_ascii_letter(last) || is_ascii_digit(last));
}

/* Reads up to a dot or the end, with U+1E9E mapped as UTS 46 has done since revision 31 (libidn2 2.3.3 makes
 * it "ss"). Returns how many bytes that took, or SIZE_MAX for failure. */
static size_t read_label(struct label *label, const char *text, size_t len)
{
	size_t at = 0;
	label->len = 0;
	while (at < len) {
		struct utf8_char c = utf8_decode(text + at, len - at);
		if (is_dot(c.code_point))
			break;
		if (c.code_point == 0 ||
		    !add(label, c.code_point == CAPITAL_SHARP_S ? SHARP_S : c.code_point))
			return SIZE_MAX;
		at += c.len;
	}
	return at;
}

bool url_idna_append(struct buf *out, const char *domain, size_t len)
{
	struct label label;
	if (len > DOMAIN_MAX)
		return false;
	bool is_bidi = false;
	bool passes = true;
	for (;;) {
		size_t used = read_label(&label, domain, len);
		if (used == SIZE_MAX || !append_label(out, &label))
			return false;
		is_bidi = is_bidi || any(&label, is_right_to_left);
		passes = passes && passes_bidi_rule(&label);
		if (used == len)
			return !is_bidi || passes;
		used += utf8_decode(domain + used, len - used).len;
		domain += used;
		len -= used;
		if (!buf_append_byte(out, '.'))
			return false;
	}
}
