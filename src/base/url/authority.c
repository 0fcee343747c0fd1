#include "base/url/parser.h"

/* The authority state up to its last '@', which is at at: the user name and the password. */
static void credentials(struct url_parser *p, const char *at)
{
	struct url *url = p->url;
	size_t start = url->href.len;
	const char *colon = memchr(p->at, ':', (size_t)(at - p->at));
	const char *name_end = colon ? colon : at;
	url_encode_until(&url->href, p->at, name_end, URL_SET_USERINFO, 0);
	url->username_end = url_parser_position(url);
	if (colon && at - colon > 1) {
		url_parser_put_byte(url, ':');
		url_encode_until(&url->href, colon + 1, at, URL_SET_USERINFO, 0);
	}
	if (url->href.len > start)
		url_parser_put_byte(url, '@');
	p->at = at + 1;
}

/* The port state; the input is what stands between the ':' and the end of the authority. */
static bool port(struct url_parser *p, const char *end)
{
	struct url *url = p->url;
	uint32_t value = 0;
	bool empty = p->at == end;
	for (; p->at < end; p->at++) {
		if (*p->at < '0' || *p->at > '9')
			return false;
		value = value * 10 + (uint32_t)(*p->at - '0');
		if (value > UINT16_MAX)
			return false;
	}
	const struct url_scheme_entry *scheme = url->special ? url_special_scheme(url_scheme(url)) : NULL;
	if (empty || (scheme && value == scheme->port))
		return true;
	url->port = (int32_t)value;
	url_parser_put_byte(url, ':');
	return buf_append_number(&url->href, value);
}

bool url_authority_host(struct url_parser *p, const char *text, size_t len)
{
	struct url *url = p->url;
	url->has_host = true;
	url->host_start = url_parser_position(url);
	if (!url_host_append(&url->href, text, len, !url->special))
		return false;
	url->host_end = url_parser_position(url);
	p->at = text + len;
	return url_parser_reserve(p);
}

bool url_authority_parse(struct url_parser *p)
{
	struct url *url = p->url;
	unsigned stop = URL_SLASH | URL_QUESTION | URL_HASH | (url->special ? URL_BACKSLASH : 0);
	const char *end = p->at;
	const char *last_at = NULL;
	for (; end < p->end && !url_encode_is(*end, stop); end++)
		if (*end == '@')
			last_at = end;
	url_parser_put(url, "//", 2);
	url->username_end = url_parser_position(url);
	if (last_at)
		credentials(p, last_at);
	const char *host_end = p->at;
	bool inside_brackets = false;
	for (; host_end < end && (*host_end != ':' || inside_brackets); host_end++)
		if (*host_end == '[' || *host_end == ']')
			inside_brackets = *host_end == '[';
	bool has_port = host_end < end;
	if (host_end == p->at && (url->special || has_port || last_at))
		return false;
	if (!url_authority_host(p, p->at, (size_t)(host_end - p->at)))
		return false;
	if (has_port) {
		p->at++;
		if (!port(p, end))
			return false;
	}
	return url_path_start(p);
}
