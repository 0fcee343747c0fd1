#include "output/har_cookie.h"

#include "base/ascii.h"
#include "output/har_head.h"
#include "output/json_writer.h"
#include "output/timestamp.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The last moment that ISO 8601 writes with four digits for the year: 9999-12-31T23:59:59Z. */
static const int64_t LAST_MS = INT64_C(253402300799000);

/* A Max-Age with more digits than this is beyond LAST_MS. */
enum { MAX_AGE_DIGITS_MAX = 12 };

/* A part of a cookie, such as "Path=/". */
struct pair {
	struct slice text, name, value; /* text is both with the '=' */
	bool has_equals;
};

/* Removes the first part that is not empty from *rest. Returns false if there is none. */
static bool next_pair(struct slice *rest, struct pair *pair)
{
	while (rest->len > 0) {
		const char *end = memchr(rest->data, ';', rest->len);
		size_t len = end ? (size_t)(end - rest->data) : rest->len;
		struct slice text = ascii_trim((struct slice){rest->data, len});
		len += end != NULL;
		*rest = (struct slice){rest->data + len, rest->len - len};
		if (text.len == 0)
			continue;
		const char *equals = memchr(text.data, '=', text.len);
		size_t name_len = equals ? (size_t)(equals - text.data) : text.len;
		size_t value_start = name_len + (equals != NULL);
		*pair = (struct pair){text, ascii_trim((struct slice){text.data, name_len}),
		    ascii_trim((struct slice){text.data + value_start, text.len - value_start}),
		    equals != NULL};
		return true;
	}
	return false;
}

static bool is_attribute(struct slice name)
{
	static const char *const names[] = {"Domain", "Expires", "HttpOnly", "Max-Age", "Partitioned", "Path",
	    "Priority", "SameSite", "Secure"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (ascii_equal_nocase(name, slice_of(names[i])))
			return true;
	}
	return false;
}

void har_cookie_append_redacted(struct buf *out, enum har_side side, struct slice value)
{
	struct pair pair;
	for (bool is_first = true; next_pair(&value, &pair); is_first = false) {
		buf_append_text(out, is_first ? "" : "; ");
		if (side == HAR_RESPONSE && !is_first && is_attribute(pair.name)) {
			buf_append(out, pair.text.data, pair.text.len);
			continue;
		}
		bool has_name = pair.has_equals && (side == HAR_REQUEST || is_first);
		if (has_name) {
			buf_append(out, pair.name.data, pair.name.len);
			buf_append_byte(out, '=');
		}
		buf_append_text(out, HAR_SECRET_REDACTED);
	}
}

/* Begins the object of a cookie. A cookie without a '=' has a value and no name. */
static void append_name(struct buf *line, const struct pair *cookie)
{
	json_writer_open(line, NULL, '{');
	har_head_append_text(line, "name", cookie->has_equals ? cookie->name : slice_of(""));
	json_writer_text(line, "value", HAR_SECRET_REDACTED);
}

void har_cookie_append_sent(struct buf *line, struct slice value)
{
	struct pair cookie;
	while (next_pair(&value, &cookie)) {
		append_name(line, &cookie);
		json_writer_close(line, '}');
	}
}

/* Returns the time at which a cookie with this Max-Age expires; -1 if the value is no number. */
static int64_t max_age_expiry(struct slice value, int64_t now_ms)
{
	bool is_negative = value.len > 0 && *value.data == '-';
	struct slice digits = {value.data + is_negative, value.len - is_negative};
	size_t count = 0;
	while (count < digits.len && ascii_is_digit(digits.data[count]))
		count++;
	if (count == 0 || count < digits.len)
		return -1;
	if (is_negative)
		return 0;
	if (count > MAX_AGE_DIGITS_MAX)
		return LAST_MS;
	int64_t seconds = 0;
	for (size_t i = 0; i < count; i++)
		seconds = seconds * 10 + (digits.data[i] - '0');
	return seconds > 0 ? now_ms + seconds * 1000 : 0;
}

/* Returns the time of a date; -1 if it is none, or before 1970. */
static int64_t date_expiry(struct slice value)
{
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	buf_append(&text, value.data, value.len);
	time_t date = curl_getdate(text.data, NULL);
	buf_release(&text);
	return date < 0 ? -1 : (int64_t)date * 1000;
}

static void append_expiry(struct buf *line, int64_t expiry_ms)
{
	char text[TIMESTAMP_SIZE];
	if (expiry_ms < 0)
		return;
	timestamp_text(expiry_ms < LAST_MS ? expiry_ms : LAST_MS, text);
	json_writer_text(line, "expires", text);
}

struct attributes {
	struct slice path, domain, same_site; /* NULL if they are not given */
	int64_t date_ms, max_age_ms;          /* when the cookie expires; -1 if it is not given */
	bool is_http_only, is_secure;
};

/* Of an attribute that is given twice, the last one counts. */
static struct attributes read_attributes(struct slice rest, int64_t now_ms)
{
	struct attributes self = {.date_ms = -1, .max_age_ms = -1};
	for (struct pair pair; next_pair(&rest, &pair);) {
		if (ascii_equal_nocase(pair.name, slice_of("Path")))
			self.path = pair.value;
		else if (ascii_equal_nocase(pair.name, slice_of("Domain")))
			self.domain = pair.value;
		else if (ascii_equal_nocase(pair.name, slice_of("SameSite")))
			self.same_site = pair.value;
		else if (ascii_equal_nocase(pair.name, slice_of("Expires")))
			self.date_ms = date_expiry(pair.value);
		else if (ascii_equal_nocase(pair.name, slice_of("Max-Age")))
			self.max_age_ms = max_age_expiry(pair.value, now_ms);
		else if (ascii_equal_nocase(pair.name, slice_of("HttpOnly")))
			self.is_http_only = true;
		else if (ascii_equal_nocase(pair.name, slice_of("Secure")))
			self.is_secure = true;
	}
	return self;
}

void har_cookie_append_set(struct buf *line, struct slice value, int64_t now_ms)
{
	struct pair cookie;
	/* Nothing in front of the first ';' is no cookie. */
	if (ascii_starts_with(value, ";") || !next_pair(&value, &cookie))
		return;
	const struct attributes attributes = read_attributes(value, now_ms);
	append_name(line, &cookie);
	if (attributes.path.data)
		har_head_append_text(line, "path", attributes.path);
	if (attributes.domain.data)
		har_head_append_text(line, "domain", attributes.domain);
	append_expiry(line, attributes.max_age_ms >= 0 ? attributes.max_age_ms : attributes.date_ms);
	json_writer_bool(line, "httpOnly", attributes.is_http_only);
	json_writer_bool(line, "secure", attributes.is_secure);
	/* Browsers write this field, which is newer than HAR 1.2. */
	if (attributes.same_site.data)
		har_head_append_text(line, "sameSite", attributes.same_site);
	json_writer_close(line, '}');
}
