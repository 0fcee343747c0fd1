#include "base/url/url.h"

#include "base/ascii.h"
#include "base/url/parser.h"
#include "base/utf8.h"

#include <assert.h>

/* The special schemes and their default ports (section 4.2). "file" has no default port. */
const struct url_scheme_entry *url_special_scheme(struct slice name)
{
	static const struct url_scheme_entry schemes[] = {{"https", 5, 443}, {"http", 4, 80}, {"file", 4, 0},
	    {"wss", 3, 443}, {"ftp", 3, 21}, {"ws", 2, 80}};
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		if (name.len == schemes[i].len && memcmp(name.data, schemes[i].name, name.len) == 0)
			return &schemes[i];
	return NULL;
}

bool url_is_file(const struct url *self)
{
	return self->special && slice_equal(url_scheme(self), slice_of("file"));
}

static struct slice component(const struct url *url, uint32_t start, uint32_t end)
{
	return (struct slice){url->href.data + start, end - start};
}

static uint32_t path_end(const struct url *url)
{
	if (url->query_start != UINT32_MAX)
		return url->query_start;
	return url->fragment_start != UINT32_MAX ? url->fragment_start : url_parser_position(url);
}

static uint32_t query_end(const struct url *url)
{
	return url->fragment_start != UINT32_MAX ? url->fragment_start : url_parser_position(url);
}

/* Removes control characters and spaces from both ends of *input. If the rest has tabs, newlines or invalid
 * UTF-8, replaces *input by a copy in self->clean, without tabs and newlines and with U+FFFD for what is
 * invalid. Sets *classes to the union of the classes of all bytes before that. Returns false if the copy
 * would be too long. */
static bool clean(struct url *self, struct slice *input, unsigned *classes)
{
	while (input->len > 0 && (unsigned char)input->data[0] <= ' ') {
		input->data++;
		input->len--;
	}
	while (input->len > 0 && (unsigned char)input->data[input->len - 1] <= ' ')
		input->len--;
	unsigned seen = 0;
	for (size_t i = 0; i < input->len; i++)
		seen |= url_encode_classes[(unsigned char)input->data[i]];
	*classes = seen;
	bool valid = !(seen & URL_NOT_ASCII) || utf8_valid_length(input->data, input->len) == input->len;
	if (!(seen & URL_TAB_OR_NEWLINE) && valid)
		return true;
	buf_clear(&self->clean);
	if (!utf8_append_repaired(&self->clean, input->data, input->len))
		return false;
	size_t kept = 0;
	for (size_t i = 0; i < self->clean.len; i++)
		if (!url_encode_is(self->clean.data[i], URL_TAB_OR_NEWLINE))
			self->clean.data[kept++] = self->clean.data[i];
	*input = (struct slice){self->clean.data, kept};
	return true;
}

static void reset(struct url *self)
{
	struct buf href = self->href;
	struct buf cleaned = self->clean;
	buf_clear(&href);
	*self = (struct url){.href = href,
	    .clean = cleaned,
	    .query_start = UINT32_MAX,
	    .fragment_start = UINT32_MAX,
	    .port = -1};
}

void url_init(struct url *self)
{
	*self = (struct url){0};
	buf_init(&self->href, 5 * (size_t)URL_LENGTH_MAX);
	buf_init(&self->clean, URL_LENGTH_MAX);
	reset(self);
}

void url_release(struct url *self)
{
	buf_release(&self->href);
	buf_release(&self->clean);
	reset(self);
}

bool url_parse(struct url *self, const char *input, size_t len, const struct url *base,
    const struct url_encoder *encoder)
{
	assert(base != self);
	return url_plain_parse(self, input, len, base) ||
	       url_parse_by_states(self, input, len, base, encoder);
}

bool url_parse_by_states(struct url *self, const char *input, size_t len, const struct url *base,
    const struct url_encoder *encoder)
{
	struct slice text = {input, len};
	reset(self);
	unsigned classes;
	if (len > URL_LENGTH_MAX || !clean(self, &text, &classes))
		return false;
	struct url_parser p = {self, base, encoder, text.data, text.data + text.len, classes};
	if (!url_parser_reserve(&p) || !url_reference_parse(&p) || self->href.len > URL_LENGTH_MAX) {
		reset(self);
		return false;
	}
	self->href.data[self->href.len] = '\0';
	return true;
}

struct slice url_scheme(const struct url *self)
{
	return component(self, 0, self->scheme_end - 1);
}

struct slice url_host(const struct url *self)
{
	return self->has_host ? component(self, self->host_start, self->host_end) : (struct slice){NULL, 0};
}

struct slice url_host_and_port(const struct url *self)
{
	return self->has_host ? component(self, self->host_start, self->path_start) : (struct slice){NULL, 0};
}

struct slice url_path(const struct url *self)
{
	return component(self, self->path_start, path_end(self));
}

struct slice url_href(const struct url *self)
{
	return component(self, 0, url_parser_position(self));
}

struct slice url_without_fragment(const struct url *self)
{
	return component(self, 0, query_end(self));
}

bool url_has_credentials(const struct url *self)
{
	return self->has_host && self->host_start > self->scheme_end + 2;
}

struct slice url_credentials(const struct url *self)
{
	if (!url_has_credentials(self))
		return (struct slice){"", 0};
	return component(self, self->scheme_end + 2, self->host_start - 1);
}

void url_append_without_credentials(const struct url *self, struct buf *out)
{
	struct slice href = url_href(self);
	uint32_t cut = url_has_credentials(self) ? self->scheme_end + 2 : self->host_start;
	buf_append(out, href.data, self->has_host ? cut : 0);
	size_t rest = self->has_host ? self->host_start : 0;
	buf_append(out, href.data + rest, href.len - rest);
}

/* Returns the offset behind the user information, with its '@', that begins at start; start if there is none.
 * In an authority, a user name alone is user information; elsewhere, only a user name with a password is. */
static size_t skip_user(const char *text, size_t start, bool is_authority)
{
	size_t end = start + strcspn(text + start, "/\\?#"), at = end;
	const char *colon = memchr(text + start, ':', end - start);
	/* What follows the ':' is no port, and an '@' comes later: it is a password that contains a '/'. */
	if (is_authority && colon && text[start] != '[' && !memchr(text + start, '@', end - start) &&
	    strspn(colon + 1, "0123456789") < (size_t)(text + end - colon - 1) && strchr(text + end, '@'))
		at = (size_t)(strrchr(text + end, '@') - text) + 1;
	while (at > start && text[at - 1] != '@')
		at--;
	return is_authority || (colon && (size_t)(colon - text) < at) ? at : start;
}

/* True for text that ends with a scheme, such as "http", "http:", "https" or "ftp:". */
static bool ends_with_scheme(const char *text, size_t len)
{
	static const char *const schemes[] = {"http", "https", "ftp"};
	if (len > 0 && text[len - 1] == ':')
		len--;
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		size_t scheme_len = strlen(schemes[i]);
		if (len >= scheme_len && memcmp(text + len - scheme_len, schemes[i], scheme_len) == 0)
			return true;
	}
	return false;
}

void url_append_redacted(struct buf *out, const char *text)
{
	/* The authority begins behind the scheme and any slashes, as in the states of the parser. */
	size_t scheme = strcspn(text, ":/\\?#@");
	struct slice name = {text, scheme};
	bool has_scheme = text[scheme] == ':' && (url_special_scheme(name) || text[scheme + 1] == '/');
	size_t start = has_scheme ? scheme + 1 : 0;
	start += strspn(text + start, "/\\ \t");
	/* In a mailto URL, the text before the '@' is part of an address, not a secret. */
	bool is_mail = slice_equal(name, slice_of("mailto"));
	size_t at = is_mail ? start : skip_user(text, start, true);
	buf_append(out, text, start);
	/* Credentials behind the authority are removed too: "http//user:password@host" is a host "http" and a
	 * path, but was meant as a URL with credentials. */
	while (text[at]) {
		size_t slash = at + strcspn(text + at, "/\\");
		size_t next = slash + strspn(text + slash, "/\\");
		buf_append(out, text + at, next - at);
		at = ends_with_scheme(text + at, slash - at) ? skip_user(text, next, false) : next;
	}
}

int url_port(const struct url *self)
{
	const struct url_scheme_entry *scheme = self->special ? url_special_scheme(url_scheme(self)) : NULL;
	if (self->port >= 0)
		return self->port;
	return scheme && scheme->port ? scheme->port : -1;
}

void url_append_ascii(struct buf *out, struct slice text)
{
	if (buf_reserve(out, 3 * text.len))
		url_encode_until(out, text.data, text.data + text.len, URL_NOT_ASCII, 0);
	buf_append(out, "", 0);
}

void url_append_printable(struct buf *to, struct slice text)
{
	static const char digits[] = "0123456789ABCDEF";
	for (size_t i = 0; i < text.len; i++) {
		unsigned char byte = (unsigned char)text.data[i];
		const char encoded[] = {'%', digits[byte >> 4], digits[byte & 15]};
		if (byte < 0x20 || byte == 0x7F)
			buf_append(to, encoded, sizeof encoded);
		else
			buf_append_byte(to, (char)byte);
	}
}

void url_append_server(const struct url *self, struct buf *out)
{
	struct slice host = url_host(self);
	buf_append(out, host.data, host.len);
	buf_append_byte(out, ':');
	buf_append_number(out, (uint64_t)url_port(self));
}

bool url_same_origin(const struct url *self, const struct url *other)
{
	return slice_equal(url_scheme(self), url_scheme(other)) &&
	       slice_equal(url_host(self), url_host(other)) && url_port(self) == url_port(other);
}

/* The number of bytes before the first a, b or c, or before the end. */
static size_t length_until(struct slice text, char a, char b, char c)
{
	size_t len = 0;
	while (len < text.len && text.data[len] != a && text.data[len] != b && text.data[len] != c)
		len++;
	return len;
}

static struct slice rest_from(struct slice text, size_t start)
{
	return (struct slice){text.data + start, text.len - start};
}

void url_append_decoded(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char byte = text.data[i];
		if (byte == '%' && text.len - i > 2) {
			int high = ascii_hex_value(text.data[i + 1]);
			int low = ascii_hex_value(text.data[i + 2]);
			if (high >= 0 && low >= 0) {
				byte = (char)(high << 4 | low);
				i += 2;
			}
		}
		buf_append_byte(out, byte);
	}
}

bool url_split(struct slice href, struct url_parts *parts)
{
	bool is_https = ascii_starts_with(href, "https://");
	if (!is_https && !ascii_starts_with(href, "http://"))
		return false;
	struct slice rest = rest_from(href, is_https ? 8 : 7);
	struct slice server = {rest.data, length_until(rest, '/', '?', '#')};
	rest = rest_from(rest, server.len);
	for (size_t at = server.len; at > 0; at--) {
		if (server.data[at - 1] == '@') {
			server = rest_from(server, at);
			break;
		}
	}
	bool is_ipv6 = server.len > 0 && server.data[0] == '[';
	size_t host_len =
	    is_ipv6 ? length_until(server, ']', ']', ']') + 1 : length_until(server, ':', ':', ':');
	if (host_len > server.len)
		return false;
	bool has_port = host_len + 1 < server.len;
	*parts = (struct url_parts){
	    .server = server,
	    .host = {server.data, host_len},
	    .port = has_port ? rest_from(server, host_len + 1) : slice_of(is_https ? "443" : "80"),
	    .path = {rest.data, length_until(rest, '#', '#', '#')},
	};
	return true;
}

struct url_parts url_parts_of(const char *href)
{
	struct url_parts parts = {.port = {0}};
	bool is_split = url_split(slice_of(href), &parts);
	assert(is_split);
	(void)is_split;
	return parts;
}
