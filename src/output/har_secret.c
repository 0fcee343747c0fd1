#include "output/har_secret.h"

#include "base/ascii.h"
#include "base/url/url.h"
#include "output/har_cookie.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool is_named(struct slice name, const char *wanted)
{
	return ascii_equal_nocase(name, slice_of(wanted));
}

static bool contains_nocase(struct slice text, const char *word)
{
	for (; text.len > 0; text.data++, text.len--) {
		if (ascii_starts_with_nocase(text, word))
			return true;
	}
	return false;
}

/* A server's WWW-Authenticate, Surrogate-Key or Signature tells no secret. */
static bool is_secret_name(enum har_side side, struct slice name)
{
	static const struct {
		const char *word;
		bool counts_in_response;
	} words[] = {{"auth", false}, {"cookie", false}, {"cred", false}, {"key", false}, {"pass", false},
	    {"sign", false}, {"secret", true}, {"session", true}, {"token", true}};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if ((side == HAR_REQUEST || words[i].counts_in_response) &&
		    contains_nocase(name, words[i].word))
			return true;
	}
	return false;
}

/* Appends text with URLs in it, such as that of Link. */
static void append_without_credentials(struct buf *out, struct slice text)
{
	static const char ends[] = "/\\?#\"'<>,; \t";
	static const char before_authority[] = "://";
	enum { BEFORE = sizeof before_authority - 1 };
	size_t copied = 0;
	for (size_t at = 0; at + BEFORE < text.len; at++) {
		if (memcmp(text.data + at, before_authority, BEFORE) != 0)
			continue;
		size_t start = at + BEFORE, host = start;
		for (size_t i = start; i < text.len && !strchr(ends, text.data[i]); i++) {
			if (text.data[i] == '@')
				host = i + 1;
		}
		buf_append(out, text.data + copied, start - copied);
		copied = host;
	}
	buf_append(out, text.data + copied, text.len - copied);
}

static void append_url(struct buf *out, struct slice url)
{
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	buf_append(&text, url.data, url.len);
	url_append_redacted(out, text.data);
	buf_release(&text);
}

void har_secret_append(struct buf *out, enum har_side side, struct slice name, struct slice value)
{
	if (is_named(name, side == HAR_REQUEST ? "Cookie" : "Set-Cookie"))
		har_cookie_append_redacted(out, side, value);
	else if (is_secret_name(side, name))
		buf_append_text(out, HAR_SECRET_REDACTED);
	else if (is_named(name, "Location") || is_named(name, "Content-Location") ||
	         is_named(name, "Referer"))
		append_url(out, value);
	else
		append_without_credentials(out, value);
}
