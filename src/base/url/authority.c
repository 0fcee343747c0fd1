#include "base/url/parser.h"

/* The authority state up to at_sign, the last '@' of the authority: the user name and the password. */
static void parse_credentials(struct url_parser *p, const char *at_sign)
{
	struct url *url = p->url;
	size_t start = url->href.len;
	const char *colon = memchr(p->next, ':', (size_t)(at_sign - p->next));
	const char *name_end = colon ? colon : at_sign;
	url_encode_until(&url->href, p->next, name_end, URL_SET_USERINFO, 0);
	url->username_end = url_parser_position(url);
	if (colon && at_sign - colon > 1) {
		url_parser_append_byte(url, ':');
		url_encode_until(&url->href, colon + 1, at_sign, URL_SET_USERINFO, 0);
	}
	if (url->href.len > start)
		url_parser_append_byte(url, '@');
	p->next = at_sign + 1;
}

/* The port state. p->next is behind the ':', and end is the end of the authority. */
static bool parse_port(struct url_parser *p, const char *end)
{
	struct url *url = p->url;
	uint32_t value = 0;
	bool empty = p->next == end;
	for (; p->next < end; p->next++) {
		if (*p->next < '0' || *p->next > '9')
			return false;
		value = value * 10 + (uint32_t)(*p->next - '0');
		if (value > UINT16_MAX)
			return false;
	}
	const struct url_scheme_entry *scheme = url->special ? url_special_scheme(url_scheme(url)) : NULL;
	if (empty || (scheme && value == scheme->port))
		return true;
	url->port = (int32_t)value;
	url_parser_append_byte(url, ':');
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
	p->next = text + len;
	return url_parser_reserve(p);
}

bool url_authority_parse(struct url_parser *p)
{
	struct url *url = p->url;
	unsigned delimiters = URL_SLASH | URL_QUESTION | URL_HASH | (url->special ? URL_BACKSLASH : 0);
	const char *end = p->next;
	const char *last_at_sign = NULL;
	for (; end < p->end && !url_encode_is(*end, delimiters); end++)
		if (*end == '@')
			last_at_sign = end;
	url_parser_append(url, "//", 2);
	url->username_end = url_parser_position(url);
	if (last_at_sign)
		parse_credentials(p, last_at_sign);
	const char *host_end = p->next;
	bool inside_brackets = false;
	for (; host_end < end && (*host_end != ':' || inside_brackets); host_end++)
		if (*host_end == '[' || *host_end == ']')
			inside_brackets = *host_end == '[';
	bool has_port = host_end < end;
	if (host_end == p->next && (url->special || has_port || last_at_sign))
		return false;
	if (!url_authority_host(p, p->next, (size_t)(host_end - p->next)))
		return false;
	if (has_port) {
		p->next++;
		if (!parse_port(p, end))
			return false;
	}
	return url_path_start(p);
}
