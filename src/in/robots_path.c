#include "in/robots_path.h"

#include "base/ascii.h"

/* Unreserved characters (RFC 3986, section 2.3). */
static bool is_unreserved(char c)
{
	return ascii_is_alphanumeric((unsigned char)c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* True for characters that the normal form has as they are, beside the '*' and '$' of rules. */
static bool is_kept(char c)
{
	return is_unreserved(c) || (c != '\0' && strchr("/?&=%:+,;@!'()[]#", c));
}

/* Sets *octet to the octet that is percent-encoded at an offset. Returns false if there is none. */
static bool decode_octet(struct slice path, size_t at, char *octet)
{
	if (path.data[at] != '%' || path.len - at < 3)
		return false;
	int high = ascii_hex_value(path.data[at + 1]), low = ascii_hex_value(path.data[at + 2]);
	*octet = (char)(unsigned char)(high * 16 + low);
	return high >= 0 && low >= 0;
}

static void append_encoded(struct buf *out, char octet)
{
	static const char digits[] = "0123456789ABCDEF";
	const unsigned char value = (unsigned char)octet;
	const char text[] = {'%', digits[value / 16], digits[value % 16]};
	buf_append(out, text, sizeof text);
}

static void append_path(struct buf *out, struct slice path, bool is_rule, enum robots_query query)
{
	bool decodes_reserved = false;
	for (size_t i = 0; i < path.len; i++) {
		char c = path.data[i], octet;
		bool is_special = is_rule && (c == '*' || (c == '$' && i + 1 == path.len));
		if (c == '?')
			decodes_reserved = query == ROBOTS_QUERY_DECODED;
		if (decode_octet(path, i, &octet)) {
			bool is_decoded =
			    is_unreserved(octet) || (decodes_reserved && (octet == '/' || octet == ':'));
			if (is_decoded)
				buf_append_byte(out, octet);
			else
				append_encoded(out, octet);
			i += 2;
		} else if (is_special || is_kept(c)) {
			buf_append_byte(out, c);
		} else {
			append_encoded(out, c);
		}
	}
}

void robots_path_append_rule(struct buf *out, struct slice path)
{
	append_path(out, path, true, ROBOTS_QUERY_DECODED);
}

void robots_path_append_url(struct buf *out, struct slice path, enum robots_query query)
{
	append_path(out, path, false, query);
}

size_t robots_path_octets(struct slice path)
{
	size_t octets = path.len;
	for (size_t i = 0; i < path.len; i++)
		octets += (unsigned char)path.data[i] >= 0x80 ? 2 : 0;
	return octets;
}

/* Removes the part of a rule before its first '*' and returns it. *has_star tells whether there was one,
 * which is removed too. */
static struct slice next_literal(struct slice *rule, bool *has_star)
{
	const char *star = rule->len > 0 ? memchr(rule->data, '*', rule->len) : NULL;
	struct slice literal = {rule->data, star ? (size_t)(star - rule->data) : rule->len};
	*has_star = star != NULL;
	rule->data += literal.len + *has_star;
	rule->len -= literal.len + *has_star;
	return literal;
}

static void spend(size_t *effort, size_t comparisons)
{
	*effort -= comparisons < *effort ? comparisons : *effort;
}

static bool starts_with(struct slice text, struct slice start, size_t *effort)
{
	spend(effort, 1 + start.len / 16);
	return text.len >= start.len && (start.len == 0 || memcmp(text.data, start.data, start.len) == 0);
}

/* Removes everything up to the end of the first occurrence of a literal. Returns false if there is none, or
 * no effort is left. */
static bool skip_to_end_of(struct slice literal, struct slice *text, size_t *effort)
{
	if (literal.len == 0)
		return true;
	if (text->len < literal.len)
		return false;
	const size_t last = literal.len - 1, count = text->len - last;
	const char *found = memchr(text->data + last, literal.data[last], count);
	size_t at = found ? (size_t)(found - text->data) - last : count;
	spend(effort, at / 16);
	for (; at < count && *effort != 0; at++, spend(effort, 1)) {
		struct slice rest = {text->data + at, text->len - at};
		if (rest.data[0] != literal.data[0] || rest.data[last] != literal.data[last] ||
		    !starts_with(rest, literal, effort))
			continue;
		*text = (struct slice){rest.data + literal.len, rest.len - literal.len};
		return true;
	}
	return false;
}

/* The first place where each literal is found leaves the most for those that follow, so no other one has to
 * be tried. */
bool robots_path_matches(struct slice rule, struct slice path, size_t *effort)
{
	bool is_anchored = rule.len > 0 && rule.data[rule.len - 1] == '$';
	bool has_star;
	rule.len -= is_anchored;
	struct slice literal = next_literal(&rule, &has_star);
	if (!starts_with(path, literal, effort))
		return false;
	path.data += literal.len;
	path.len -= literal.len;
	if (!has_star)
		return !is_anchored || path.len == 0;
	while (literal = next_literal(&rule, &has_star), has_star)
		if (!skip_to_end_of(literal, &path, effort))
			return false;
	if (!is_anchored)
		return skip_to_end_of(literal, &path, effort);
	size_t before = path.len - literal.len;
	return path.len >= literal.len &&
	       starts_with((struct slice){path.data + before, literal.len}, literal, effort);
}
