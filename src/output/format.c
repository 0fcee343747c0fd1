#include "output/format.h"

#include "base/utf8.h"
#include "output/json_writer.h"

#include <jansson.h>
#include <string.h>

static void append_tsv(struct buf *rows, const struct outcome *page, const struct link *link)
{
	buf_append_text(rows, page->source_url);
	buf_append_byte(rows, '\t');
	buf_append(rows, link->url.data, link->url.len);
	buf_append_byte(rows, '\n');
}

/* Appends a field of CSV (RFC 4180, section 2, rules 5 to 7). */
static void append_field(struct buf *rows, struct slice text)
{
	bool quoted = false;
	for (size_t i = 0; i < text.len && !quoted; i++)
		quoted = strchr("\",\r\n", text.data[i]);
	if (!quoted) {
		buf_append(rows, text.data, text.len);
		return;
	}
	buf_append_byte(rows, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '"')
			buf_append_byte(rows, '"');
		buf_append_byte(rows, text.data[i]);
	}
	buf_append_byte(rows, '"');
}

static void append_csv(struct buf *rows, const struct outcome *page, const struct link *link)
{
	append_field(rows, slice_of(page->source_url));
	buf_append_byte(rows, ',');
	append_field(rows, link->url);
	buf_append_text(rows, "\r\n");
}

static void append_url(struct buf *rows, const struct outcome *page, const struct link *link)
{
	(void)page;
	buf_append(rows, link->url.data, link->url.len);
	buf_append_byte(rows, '\n');
}

static void append_url_null(struct buf *rows, const struct outcome *page, const struct link *link)
{
	(void)page;
	buf_append(rows, link->url.data, link->url.len);
	buf_append_byte(rows, '\0');
}

/* Makes a JSON string of a text that need not be UTF-8, as the page it comes from: invalid bytes become
 * U+FFFD. So does NUL, since many programs that read JSON stop at it, and browsers replace it too (HTML
 * standard, sections 13.2.5.36 to 38). */
static json_t *repaired_string(struct slice text)
{
	struct buf repaired;
	buf_init(&repaired, SIZE_MAX / 4);
	for (size_t start = 0, end; start <= text.len; start = end + 1) {
		const char *null = memchr(text.data + start, '\0', text.len - start);
		end = null ? (size_t)(null - text.data) : text.len;
		utf8_append_repaired(&repaired, text.data + start, end - start);
		if (null)
			buf_append_text(&repaired, "\xef\xbf\xbd");
	}
	json_t *string = json_stringn(repaired.data ? repaired.data : "", repaired.len);
	buf_release(&repaired);
	return string;
}

static void set_text(json_t *object, const char *key, struct slice text)
{
	if (!text.data) {
		json_writer_set(object, key, json_null());
		return;
	}
	bool has_null = memchr(text.data, '\0', text.len);
	json_t *value = has_null ? NULL : json_stringn(text.data, text.len);
	json_writer_set(object, key, value ? value : repaired_string(text));
}

static void append_jsonl(struct buf *rows, const struct outcome *page, const struct link *link)
{
	json_t *row = json_object();
	set_text(row, "source_url", slice_of(page->source_url));
	set_text(row, "final_url", slice_of(page->final_url));
	set_text(row, "parsed_url", link->url);
	set_text(row, "raw", link->raw);
	set_text(row, "tag", link->tag);
	set_text(row, "rel", link->rel);
	json_writer_set(row, "position", link->position < 0 ? json_null() : json_integer(link->position));
	json_writer_set(row, "http_status", json_integer(page->http_status));
	json_writer_append(rows, row);
	buf_append_byte(rows, '\n');
}

static const struct row_format formats[] = {
    [FORMAT_TSV] = {"source_url\tparsed_url\n", false, append_tsv},
    [FORMAT_CSV] = {"source_url,parsed_url\r\n", false, append_csv},
    [FORMAT_JSONL] = {NULL, false, append_jsonl},
    [FORMAT_URLS] = {NULL, true, append_url},
};

static const struct row_format urls_with_null = {NULL, true, append_url_null};

const struct row_format *format_of(const struct options *options)
{
	return options->null_ends ? &urls_with_null : &formats[options->format];
}
