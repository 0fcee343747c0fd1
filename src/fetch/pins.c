#include "fetch/pins.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/url/url.h"
#include "fetch/headers.h"

#include <arpa/inet.h>
#include <string.h>

enum { PORT_MAX = 65535, PORT_DIGITS = 5 };

static size_t host_len_of(const char *text)
{
	return *text == '[' ? strcspn(text, "]") + 1 : strcspn(text, ":");
}

/* Appends the host in the form that it has in a normalised URL. Returns false if it is not a valid host. */
static bool append_host(struct buf *line, struct slice host)
{
	struct buf text;
	struct url url;
	if (slice_equal(host, slice_of("*")))
		return buf_append(line, host.data, host.len);
	buf_init(&text, URL_LENGTH_MAX);
	url_init(&url);
	buf_append_text(&text, "http://");
	buf_append(&text, host.data, host.len);
	bool good = url_parse(&url, text.data, text.len, NULL, NULL) && url_path(&url).len == 1;
	if (good) {
		struct slice normal = url_host(&url);
		buf_append(line, normal.data, normal.len);
	}
	url_release(&url);
	buf_release(&text);
	return good && host.len > 0;
}

static bool append_port(struct buf *line, struct slice port)
{
	unsigned number = 0;
	for (size_t i = 0; i < port.len; i++) {
		if (port.data[i] < '0' || port.data[i] > '9')
			return false;
		number = number * 10 + (unsigned)(port.data[i] - '0');
	}
	return port.len > 0 && port.len <= PORT_DIGITS && number > 0 && number <= PORT_MAX &&
	       buf_append(line, port.data, port.len);
}

static bool is_address(struct slice text)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr binary;
	if (text.len > 1 && text.data[0] == '[' && text.data[text.len - 1] == ']')
		text = (struct slice){text.data + 1, text.len - 2};
	if (text.len == 0 || text.len >= sizeof address)
		return false;
	memcpy(address, text.data, text.len);
	address[text.len] = '\0';
	return inet_pton(AF_INET, address, &binary) == 1 || inet_pton(AF_INET6, address, &binary) == 1;
}

static bool append_addresses(struct buf *line, const char *addresses)
{
	for (const char *address = addresses;;) {
		size_t len = strcspn(address, ",");
		if (!is_address((struct slice){address, len}))
			return false;
		if (!address[len])
			break;
		address += len + 1;
	}
	return buf_append_text(line, addresses);
}

/* Makes the line "+host:port:addresses". The "+" lets the entry of libcurl's DNS cache expire; each request
 * sets it again. Returns false if text does not have the form HOST:PORT:ADDRESS[,ADDRESS].... */
static bool make_line(struct buf *line, const char *text)
{
	size_t host_len = host_len_of(text);
	if (strlen(text) <= host_len || text[host_len] != ':')
		return false;
	const char *port = text + host_len + 1;
	size_t port_len = strcspn(port, ":");
	buf_append_byte(line, '+');
	if (!append_host(line, (struct slice){text, host_len}) || port[port_len] != ':')
		return false;
	buf_append_byte(line, ':');
	if (!append_port(line, (struct slice){port, port_len}))
		return false;
	buf_append_byte(line, ':');
	return append_addresses(line, port + port_len + 1);
}

enum status pins_init(struct pins *self, const struct options *options)
{
	struct buf line;
	enum status status = STATUS_OK;
	*self = (struct pins){0};
	buf_init(&line, SIZE_MAX / 2);
	for (size_t i = 0; i < options->resolves.count && status == STATUS_OK; i++) {
		const char *text = options->resolves.items[i];
		buf_clear(&line);
		if (make_line(&line, text)) {
			headers_add(&self->lines, line.data);
		} else {
			log_error(
			    "--resolve: \"%s\" is not of the form HOST:PORT:ADDRESS[,ADDRESS]...", text);
			status = STATUS_USAGE;
		}
	}
	buf_release(&line);
	return status;
}

void pins_release(struct pins *self)
{
	curl_slist_free_all(self->lines);
	*self = (struct pins){0};
}

bool pins_contain(const struct pins *self, const char *url)
{
	if (!self->lines)
		return false;
	struct url_parts parts = url_parts_of(url);
	for (const struct curl_slist *line = self->lines; line; line = line->next) {
		const char *text = line->data + 1;
		struct slice pinned = {text, host_len_of(text)};
		struct slice pinned_port = {text + pinned.len + 1, strcspn(text + pinned.len + 1, ":")};
		if (slice_equal(parts.port, pinned_port) &&
		    (slice_equal(parts.host, pinned) || slice_equal(pinned, slice_of("*"))))
			return true;
	}
	return false;
}
