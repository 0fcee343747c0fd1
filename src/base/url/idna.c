#include "base/ascii.h"
#include "base/url/internal.h"
#include "base/utf8.h"

#include <idn2.h>
#include <string.h>

/* The DNS limits a label to 63 bytes and a name to 255 bytes, but the URL standard has no limit. These limits
 * bound the work for hostile input: Punycode takes time that grows with the square of the length of a label,
 * and a domain of very short labels takes a call of libidn2 for every other byte. */
enum { LABEL_MAX = 1024 /* code points */, DOMAIN_MAX = 64 << 10 /* bytes */ };

enum { ZWNJ = 0x200c, ZWJ = 0x200d, SHARP_S = 0xdf, FINAL_SIGMA = 0x3c2, CAPITAL_SHARP_S = 0x1e9e };

struct label {
	uint32_t points[LABEL_MAX];
	size_t len;
};

static bool is_joiner(uint32_t c)
{
	return c == ZWNJ || c == ZWJ;
}

/* The deviation characters of UTS 46. Nontransitional processing, which URLs use, does not change them. */
static bool is_deviation(uint32_t c)
{
	return c == SHARP_S || c == FINAL_SIGMA || is_joiner(c);
}

static uint32_t to_lower(uint32_t c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

/* The digits of the Bidi class EN. */
static bool is_european_digit(uint32_t c)
{
	return ascii_is_digit(c) || (c >= 0x6f0 && c <= 0x6f9);
}

/* The digits of the Bidi class AN. */
static bool is_arabic_digit(uint32_t c)
{
	return c >= 0x660 && c <= 0x669;
}

/* True for the blocks whose letters and digits have the Bidi class R, AL or AN (DerivedBidiClass.txt). */
static bool is_right_to_left(uint32_t c)
{
	if (is_european_digit(c))
		return false;
	return (c >= 0x590 && c <= 0x8ff) || (c >= 0xfb1d && c <= 0xfdff) || (c >= 0xfe70 && c <= 0xfefc) ||
	       (c >= 0x10800 && c <= 0x10fff) || (c >= 0x1e800 && c <= 0x1efff);
}

/* True for the full stop and the characters that UTS 46 maps to it. All of them separate labels. */
static bool is_dot(uint32_t c)
{
	return c == '.' || c == 0x3002 || c == 0xff0e || c == 0xff61;
}

static bool contains_any(const struct label *label, bool (*test)(uint32_t c))
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

/* Converts code points to ASCII with libidn2. *ascii belongs to the caller, who frees it with idn2_free. */
static int convert_with_libidn2(const uint32_t *points, size_t len, int flags, char **ascii)
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

static bool add_code_point(struct label *label, uint32_t c)
{
	if (label->len == LABEL_MAX)
		return false;
	label->points[label->len++] = c;
	return true;
}

/* Maps, normalises and checks a run of code points without deviation characters and hyphens, and appends the
 * result to mapped. Transitional processing differs from nontransitional processing only in the deviation
 * characters, so it gives the same result here, and libidn2 then accepts the code points that IDNA2008
 * disallows.
 *
 * A combining mark is forbidden only at the start of a label, but libidn2 would refuse it at the start of any
 * run. So a run that is not at the start of the label gets a 'q' in front, which composes with nothing, and
 * which is left out of the result. */
static bool map_run(struct label *mapped, const uint32_t *points, size_t len)
{
	struct label run = {.len = 0};
	size_t prefix_len = mapped->len > 0 ? 1 : 0;
	if (prefix_len)
		add_code_point(&run, 'q');
	for (size_t i = 0; i < len; i++)
		if (!add_code_point(&run, points[i]))
			return false;
	char *ascii;
	if (convert_with_libidn2(run.points, run.len, IDN2_TRANSITIONAL | IDN2_NO_ALABEL_ROUNDTRIP, &ascii) !=
	    IDN2_OK)
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
	for (size_t i = prefix_len; ok && i < run.len; i++)
		ok = add_code_point(mapped, run.points[i]);
	idn2_free(ascii);
	return ok;
}

/* Maps a label in runs. A run consists of non-ASCII characters and the ASCII character in front of them, with
 * which they may compose. Deviation characters, hyphens and other ASCII characters are in no run; they are
 * only converted to lower case. */
static bool map_label(struct label *mapped, const struct label *label)
{
	const uint32_t *points = label->points;
	mapped->len = 0;
	for (size_t i = 0, end; i < label->len; i = end) {
		uint32_t c = points[i];
		end = i + 1;
		bool is_run_start = end < label->len && points[end] >= 0x80 && !is_deviation(points[end]);
		if (is_deviation(c) || c == '-' || (c < 0x80 && !is_run_start)) {
			if (!add_code_point(mapped, to_lower(c)))
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
	if (contains_any(label, is_not_ascii))
		return buf_append_text(out, "xn--") && url_punycode_append(out, label->points, label->len);
	for (size_t i = 0; i < label->len; i++)
		if (!buf_append_byte(out, (char)label->points[i]))
			return false;
	return true;
}

/* Encodes a label with libidn2. libidn2 is stricter than the standard, which sets CheckHyphens and
 * VerifyDnsLength to false and allows code points that IDNA2008 disallows, such as U+2615. A label that
 * libidn2 refuses for such a reason is mapped in runs instead. That does not check joiners and the direction
 * of text, so labels with joiners or right-to-left characters fail. */
static bool encode_unicode_label(struct buf *out, const struct label *label)
{
	char *ascii;
	int rc = convert_with_libidn2(
	    label->points, label->len, IDN2_NONTRANSITIONAL | IDN2_NO_ALABEL_ROUNDTRIP, &ascii);
	if (rc == IDN2_OK) {
		bool fits = buf_append_text(out, ascii);
		idn2_free(ascii);
		return fits;
	}
	if (rc == IDN2_BIDI || rc == IDN2_CONTEXTJ || contains_any(label, is_right_to_left) ||
	    contains_any(label, is_joiner))
		return false;
	struct label mapped;
	return map_label(&mapped, label) && append_encoded(out, &mapped);
}

/* True if the decoded form of an encoded label begins with "xn--" again, which UTS 46 forbids. */
static bool has_nested_ace_prefix(const char *ascii, size_t len)
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
	return encode_unicode_label(out, label) &&
	       !has_nested_ace_prefix(out->data + start, out->len - start);
}

/* Appends an ASCII label in lower case. Sets *has_ace_prefix to whether it begins with "xn--". */
static bool append_ascii_label(struct buf *out, const struct label *label, bool *has_ace_prefix)
{
	size_t start = out->len;
	for (size_t i = 0; i < label->len; i++)
		if (!buf_append_byte(out, (char)to_lower(label->points[i])))
			return false;
	*has_ace_prefix = label->len >= 4 && memcmp(out->data + start, "xn--", 4) == 0;
	return true;
}

/* Checks a label with the prefix "xn--", which is in out from start on: its decoded form must encode to the
 * same bytes. Replaces *label by the decoded form. */
static bool check_ace_label(struct buf *out, size_t start, struct label *label)
{
	size_t end = out->len;
	label->len = LABEL_MAX;
	if (!url_punycode_decode(out->data + start + 4, end - start - 4, label->points, &label->len) ||
	    !append_unicode_label(out, label))
		return false;
	struct slice original = {out->data + start, end - start};
	struct slice reencoded = {out->data + end, out->len - end};
	out->len = end;
	return slice_equal(original, reencoded);
}

static bool append_label(struct buf *out, struct label *label)
{
	if (contains_any(label, is_not_ascii))
		return append_unicode_label(out, label);
	size_t start = out->len;
	bool has_ace_prefix;
	if (!append_ascii_label(out, label, &has_ace_prefix))
		return false;
	return !has_ace_prefix || check_ace_label(out, start, label);
}

/* Checks those parts of the Bidi rule (RFC 5893, section 2) that libidn2 does not check. They hold for each
 * label of a domain that has a right-to-left label: it must not mix European and Arabic digits, an ASCII
 * character at its start must be a letter, and one at its end must be a letter or a digit. */
static bool passes_bidi_rule(const struct label *label)
{
	if (label->len == 0)
		return true;
	if (contains_any(label, is_european_digit) && contains_any(label, is_arabic_digit))
		return false;
	uint32_t first = label->points[0];
	uint32_t last = label->points[label->len - 1];
	return (is_not_ascii(first) || ascii_is_letter(first)) &&
	       (is_not_ascii(last) || ascii_is_letter(last) || ascii_is_digit(last));
}

/* Decodes the text up to a dot or its end into *label. Maps U+1E9E to U+00DF, as UTS 46 does since revision
 * 31, because libidn2 2.3.3 maps it to "ss". Returns the number of bytes read, or SIZE_MAX for failure. */
static size_t read_label(struct label *label, const char *text, size_t len)
{
	size_t at = 0;
	label->len = 0;
	while (at < len) {
		struct utf8_char c = utf8_decode(text + at, len - at);
		if (is_dot(c.code_point))
			break;
		if (c.code_point == 0 ||
		    !add_code_point(label, c.code_point == CAPITAL_SHARP_S ? SHARP_S : c.code_point))
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
	bool passes_bidi = true;
	for (;;) {
		size_t consumed = read_label(&label, domain, len);
		if (consumed == SIZE_MAX || !append_label(out, &label))
			return false;
		is_bidi = is_bidi || contains_any(&label, is_right_to_left);
		passes_bidi = passes_bidi && passes_bidi_rule(&label);
		if (consumed == len)
			return !is_bidi || passes_bidi;
		consumed += utf8_decode(domain + consumed, len - consumed).len;
		domain += consumed;
		len -= consumed;
		if (!buf_append_byte(out, '.'))
			return false;
	}
}
