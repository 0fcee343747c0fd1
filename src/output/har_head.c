#include "output/har_head.h"

#include "base/ascii.h"
#include "base/url/url.h"
#include "base/utf8.h"
#include "output/har_cookie.h"
#include "output/head_reader.h"
#include "output/json_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void har_head_append_text(struct buf *line, const char *key, struct slice text)
{
	if (utf8_valid_length(text.data, text.len) == text.len) {
		json_writer_slice(line, key, text.data ? text : slice_of(""));
		return;
	}
	struct buf decoded;
	buf_init(&decoded, SIZE_MAX / 2);
	for (size_t i = 0; i < text.len; i++) {
		char bytes[UTF8_LENGTH_MAX];
		size_t len = utf8_encode((unsigned char)text.data[i], bytes);
		buf_append(&decoded, bytes, len);
	}
	json_writer_slice(line, key, (struct slice){decoded.data, decoded.len});
	buf_release(&decoded);
}

bool har_head_is_binary(struct slice http_version)
{
	return ascii_starts_with(http_version, "HTTP/2") || ascii_starts_with(http_version, "HTTP/3");
}

static bool is_named(struct slice name, const char *wanted)
{
	return ascii_equal_nocase(name, slice_of(wanted));
}

static void append_field(struct buf *line, struct slice name, struct slice value)
{
	json_writer_open(line, NULL, '{');
	har_head_append_text(line, "name", name);
	har_head_append_text(line, "value", value);
	json_writer_close(line, '}');
}

static void append_pseudo_fields(struct buf *line, struct slice head, const char *url)
{
	struct head_reader reader;
	struct url_parts parts = url_parts_of(url);
	size_t path = (size_t)(parts.path.data - url);
	head_reader_init(&reader, head);
	struct slice method = head_reader_word(reader.start_line, 0);
	while (head_reader_next(&reader)) {
		if (is_named(reader.name, "Host")) {
			append_field(line, slice_of(":authority"), reader.value);
			break;
		}
	}
	head_reader_release(&reader);
	append_field(line, slice_of(":method"), method);
	append_field(line, slice_of(":path"), (struct slice){url + path, strcspn(url + path, "#")});
	append_field(line, slice_of(":scheme"), (struct slice){url, strcspn(url, ":")});
}

/* True for a line of HTTP/1.1 from which libcurl makes no field of HTTP/2. */
static bool is_left_out(enum har_side side, const struct head_reader *reader)
{
	static const char *const names[] = {
	    "Host", "Connection", "Keep-Alive", "Proxy-Connection", "TE", "Transfer-Encoding", "Upgrade"};
	for (size_t i = 0; side == HAR_REQUEST && i < sizeof names / sizeof *names; i++) {
		if (is_named(reader->name, names[i]))
			return !is_named(reader->value, "trailers");
	}
	return false;
}

static void append_read_fields(struct buf *line, enum har_side side, struct slice head, bool is_binary)
{
	struct head_reader reader;
	struct buf name, value;
	buf_init(&name, SIZE_MAX / 2);
	buf_init(&value, SIZE_MAX / 2);
	head_reader_init(&reader, head);
	while (head_reader_next(&reader)) {
		if (is_binary && is_left_out(side, &reader))
			continue;
		buf_clear(&name);
		buf_clear(&value);
		buf_append(&name, reader.name.data, reader.name.len);
		for (size_t i = 0; is_binary && i < name.len; i++)
			name.data[i] = ascii_lower(name.data[i]);
		har_secret_append(&value, side, reader.name, reader.value);
		append_field(
		    line, (struct slice){name.data, name.len}, (struct slice){value.data, value.len});
	}
	head_reader_release(&reader);
	buf_release(&name);
	buf_release(&value);
}

void har_head_append_fields(
    struct buf *line, enum har_side side, struct slice head, bool is_binary, const char *url)
{
	json_writer_open(line, "headers", '[');
	if (is_binary && side == HAR_REQUEST)
		append_pseudo_fields(line, head, url);
	append_read_fields(line, side, head, is_binary);
	json_writer_close(line, ']');
}

void har_head_append_cookies(struct buf *line, enum har_side side, struct slice head, int64_t now_ms)
{
	struct head_reader reader;
	json_writer_open(line, "cookies", '[');
	head_reader_init(&reader, head);
	while (head_reader_next(&reader)) {
		if (side == HAR_REQUEST && is_named(reader.name, "Cookie"))
			har_cookie_append_sent(line, reader.value);
		else if (side == HAR_RESPONSE && is_named(reader.name, "Set-Cookie"))
			har_cookie_append_set(line, reader.value, now_ms);
	}
	head_reader_release(&reader);
	json_writer_close(line, ']');
}

void har_head_append_size(struct buf *line, const struct exchange_head *head, bool is_known)
{
	if (is_known && head->size > 0)
		json_writer_number(line, "headersSize", head->size);
	else
		json_writer_literal(line, "headersSize", "-1");
}

void har_head_append_comment(struct buf *line, const struct exchange_head *head)
{
	char text[128];
	if (head->size <= head->text.len)
		return;
	snprintf(text, sizeof text,
	    "the headers are those of the first %zu bytes of %" PRIu64 "; the others are left out",
	    head->text.len, head->size);
	json_writer_text(line, "comment", text);
}
