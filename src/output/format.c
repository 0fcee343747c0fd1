#include "output/format.h"

#include "output/json_writer.h"

#include <string.h>

static void append_tsv(struct buf *rows, const struct outcome *page, const struct link *link)
{
	buf_append_text(rows, page->source_url);
	buf_append_byte(rows, '\t');
	buf_append(rows, link->url.data, link->url.len);
	buf_append_byte(rows, '\n');
}

static bool is_special_in_csv(char byte)
{
	return byte == '"' || byte == ',' || byte == '\r' || byte == '\n';
}

/* Appends a field of CSV (RFC 4180, section 2, rules 5 to 7). */
static void append_field(struct buf *rows, struct slice text)
{
	bool quoted = false;
	for (size_t i = 0; i < text.len && !quoted; i++)
		quoted = is_special_in_csv(text.data[i]);
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

static void append_tsv_checked(struct buf *rows, const struct outcome *page, const struct link *link)
{
	append_tsv(rows, page, link);
	rows->data[rows->len - 1] = '\t';
	buf_append(rows, link->verdict->problem.data, link->verdict->problem.len);
	buf_append_byte(rows, '\n');
}

static void append_csv(struct buf *rows, const struct outcome *page, const struct link *link)
{
	append_field(rows, slice_of(page->source_url));
	buf_append_byte(rows, ',');
	append_field(rows, link->url);
	buf_append_text(rows, "\r\n");
}

static void append_number_field(struct buf *rows, bool has_value, int64_t value)
{
	buf_append_byte(rows, ',');
	if (has_value)
		buf_append_number(rows, (uint64_t)value);
}

static void append_text_field(struct buf *rows, struct slice text)
{
	buf_append_byte(rows, ',');
	append_field(rows, text);
}

static struct slice word_of(enum cause cause)
{
	return slice_of(cause == CAUSE_NONE ? "" : cause_word(cause));
}

static void append_csv_checked(struct buf *rows, const struct outcome *page, const struct link *link)
{
	const struct verdict *verdict = link->verdict;
	append_field(rows, slice_of(page->source_url));
	append_text_field(rows, link->url);
	append_text_field(rows, verdict->problem);
	append_text_field(rows, slice_of(outcome_kind_text(verdict->outcome)));
	append_text_field(rows, word_of(verdict->cause));
	append_number_field(rows, verdict->http_status != 0, verdict->http_status);
	append_text_field(rows, verdict->final_url);
	append_text_field(rows, link->attr);
	append_number_field(rows, link->position >= 0, link->position);
	append_number_field(rows, link->line > 0, (int64_t)link->line);
	append_number_field(rows, link->line > 0, (int64_t)link->column);
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

/* Appends the members of a row, without the end of the object. final_url and http_status are those of the
 * page, or of the target if that was checked. Most of the time of this format is spent here, so the keys are
 * constants. */
static void append_members_with(struct buf *rows, const struct outcome *page, const struct link *link,
    struct slice final_url, long http_status)
{
	buf_append_text(rows, "{\"source_url\":");
	json_writer_string(rows, slice_of(page->source_url));
	buf_append_text(rows, ",\"final_url\":");
	json_writer_string(rows, final_url);
	buf_append_text(rows, ",\"parsed_url\":");
	json_writer_string(rows, link->url);
	buf_append_text(rows, ",\"raw\":");
	json_writer_string(rows, link->raw);
	buf_append_text(rows, ",\"tag\":");
	json_writer_string(rows, link->tag);
	buf_append_text(rows, ",\"attr\":");
	json_writer_string(rows, link->attr);
	buf_append_text(rows, ",\"rel\":");
	json_writer_string(rows, link->rel);
	buf_append_text(rows, ",\"position\":");
	if (link->position < 0)
		buf_append_text(rows, "null");
	else
		buf_append_number(rows, (uint64_t)link->position);
	buf_append_text(rows, ",\"http_status\":");
	if (http_status == 0)
		buf_append_text(rows, "null");
	else
		buf_append_number(rows, (uint64_t)http_status);
}

static void append_members(struct buf *rows, const struct outcome *page, const struct link *link)
{
	append_members_with(rows, page, link, slice_of(page->final_url), page->http_status);
}

static void append_jsonl_checked(struct buf *rows, const struct outcome *page, const struct link *link)
{
	const struct verdict *verdict = link->verdict;
	append_members_with(rows, page, link, verdict->final_url, verdict->http_status);
	json_writer_number(rows, "depth", page->depth);
	json_writer_text(rows, "via", page->via);
	buf_append_text(rows, ",\"problem\":");
	json_writer_string(rows, verdict->problem);
	json_writer_text(rows, "outcome", outcome_kind_text(verdict->outcome));
	json_writer_text(rows, "cause", cause_word(verdict->cause));
	json_writer_number_or_null(rows, "line", link->line > 0, link->line);
	json_writer_number_or_null(rows, "column", link->line > 0, link->column);
	buf_append_text(rows, "}\n");
}

static void append_jsonl(struct buf *rows, const struct outcome *page, const struct link *link)
{
	append_members(rows, page, link);
	buf_append_text(rows, "}\n");
}

static void append_jsonl_of_crawl(struct buf *rows, const struct outcome *page, const struct link *link)
{
	append_members(rows, page, link);
	json_writer_number(rows, "depth", page->depth);
	json_writer_text(rows, "via", page->via);
	buf_append_text(rows, "}\n");
}

static void append_tsv_change(struct buf *rows, const struct outcome *page, const struct link *link)
{
	buf_append_byte(rows, link->change);
	buf_append_byte(rows, '\t');
	append_tsv(rows, page, link);
}

static void append_csv_change(struct buf *rows, const struct outcome *page, const struct link *link)
{
	buf_append_byte(rows, link->change);
	buf_append_byte(rows, ',');
	append_csv(rows, page, link);
}

/* Puts the change before the members of a row, in the place of its brace. */
static void append_jsonl_with_change(struct buf *rows, const struct outcome *page, const struct link *link,
    void (*append_row)(struct buf *rows, const struct outcome *page, const struct link *link))
{
	buf_append_text(rows, "{\"change\":\"");
	buf_append_byte(rows, link->change);
	buf_append_byte(rows, '"');
	size_t start = rows->len;
	append_row(rows, page, link);
	rows->data[start] = ',';
}

static void append_jsonl_change(struct buf *rows, const struct outcome *page, const struct link *link)
{
	append_jsonl_with_change(rows, page, link, append_jsonl);
}

static void append_jsonl_change_of_crawl(
    struct buf *rows, const struct outcome *page, const struct link *link)
{
	append_jsonl_with_change(rows, page, link, append_jsonl_of_crawl);
}

static const struct row_format formats[] = {
    [FORMAT_TSV] = {"source_url\tparsed_url\n", false, append_tsv},
    [FORMAT_CSV] = {"source_url,parsed_url\r\n", false, append_csv},
    [FORMAT_JSONL] = {NULL, false, append_jsonl},
    [FORMAT_URLS] = {NULL, true, append_url},
};

/* Those of --check. */
static const struct row_format checked_formats[] = {
    [FORMAT_TSV] = {"source_url\tparsed_url\tproblem\n", false, append_tsv_checked},
    [FORMAT_CSV] =
        {"source_url,parsed_url,problem,outcome,cause,http_status,final_url,attr,position,line,column\r\n",
            false, append_csv_checked},
    [FORMAT_JSONL] = {NULL, false, append_jsonl_checked},
    [FORMAT_URLS] = {NULL, true, append_url},
};

/* Those of --changes and --changes-to. */
static const struct row_format change_formats[] = {
    [FORMAT_TSV] = {"change\tsource_url\tparsed_url\n", false, append_tsv_change},
    [FORMAT_CSV] = {"change,source_url,parsed_url\r\n", false, append_csv_change},
    [FORMAT_JSONL] = {NULL, false, append_jsonl_change},
};
static const struct row_format jsonl_change_of_crawl = {NULL, false, append_jsonl_change_of_crawl};

static const struct row_format jsonl_of_crawl = {NULL, false, append_jsonl_of_crawl};
static const struct row_format urls_with_null = {NULL, true, append_url_null};

const struct row_format *format_of(const struct options *options)
{
	if (options->format == FORMAT_JSONL && options_are_of_crawl(options) && !options->check)
		return &jsonl_of_crawl;
	if (options->null_ends)
		return &urls_with_null;
	return options->check ? &checked_formats[options->format] : &formats[options->format];
}

const struct row_format *format_of_changes(const struct options *options)
{
	if (options->format == FORMAT_JSONL && options_are_of_crawl(options))
		return &jsonl_change_of_crawl;
	return &change_formats[options->format];
}
