#include "base/buf.h"
#include "output/format.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

static const struct outcome page = {
    .source_url = "http://h/?a,\"b\"", .final_url = "http://h/?a,%22b%22", .http_status = 203};

static struct buf row_of(const struct options *options, const struct outcome *of, const struct link *link)
{
	struct buf row;
	buf_init(&row, SIZE_MAX / 2);
	format_of(options)->append_row(&row, of, link);
	return row;
}

Test(format, of_each_name_has_its_header_and_row)
{
	static const struct {
		struct options options;
		const char *header, *row;
		size_t row_len;
	} cases[] = {
	    {{.format = FORMAT_TSV}, "source_url\tparsed_url\n", "http://h/?a,\"b\"\thttp://l/\n", 26},
	    /* RFC 4180, section 2: rules 1, 3, 6 and 7. */
	    {{.format = FORMAT_CSV}, "source_url,parsed_url\r\n", "\"http://h/?a,\"\"b\"\"\",http://l/\r\n",
	        31},
	    {{.format = FORMAT_URLS}, NULL, "http://l/\n", 10},
	    {{.format = FORMAT_URLS, .null_ends = true}, NULL, "http://l/\0", 10},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct row_format *format = format_of(&cases[i].options);
		struct buf row =
		    row_of(&cases[i].options, &page, &(struct link){.url = slice_of("http://l/")});
		cr_expect((format->header && cases[i].header) || format->header == cases[i].header);
		if (format->header)
			cr_expect_str_eq(format->header, cases[i].header, "case %zu", i);
		cr_expect_eq(row.len, cases[i].row_len, "case %zu: %s", i, row.data);
		cr_expect(memcmp(row.data, cases[i].row, row.len) == 0, "case %zu: %s", i, row.data);
		buf_release(&row);
	}
}

Test(format, quotes_in_csv_only_where_it_must)
{
	static const struct {
		const char *source, *row;
	} cases[] = {
	    {"a", "a,b\r\n"},
	    {"", ",b\r\n"},
	    {"a b;c'd\te", "a b;c'd\te,b\r\n"},
	    {"a,b", "\"a,b\",b\r\n"},
	    {"\"", "\"\"\"\",b\r\n"},
	    {"a\nb", "\"a\nb\",b\r\n"},
	    {"a\rb", "\"a\rb\",b\r\n"},
	    {"\xc3\xa9,", "\"\xc3\xa9,\",b\r\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf row = row_of(&(struct options){.format = FORMAT_CSV},
		    &(struct outcome){.source_url = cases[i].source}, &(struct link){.url = slice_of("b")});
		cr_expect_str_eq(row.data, cases[i].row, "case %zu: %s", i, row.data);
		buf_release(&row);
	}
}

static void expect_text(const json_t *row, const char *key, const char *expected)
{
	const json_t *value = json_object_get(row, key);
	cr_assert(value, "there is no %s", key);
	if (!expected) {
		cr_expect(json_is_null(value), "%s is not null", key);
		return;
	}
	cr_expect_str_eq(json_string_value(value), expected, "%s", key);
	cr_expect_eq(json_string_length(value), strlen(expected), "%s", key);
}

static json_t *json_row(const struct link *link)
{
	const struct options options = {.format = FORMAT_JSONL};
	cr_expect_null(format_of(&options)->header);
	struct buf row = row_of(&options, &page, link);
	cr_expect_eq(memchr(row.data, '\n', row.len), row.data + row.len - 1, "one line");
	json_error_t error;
	json_t *object = json_loadb(row.data, row.len, JSON_REJECT_DUPLICATES, &error);
	cr_assert(object, "%s in %s", error.text, row.data);
	cr_expect_eq(json_object_size(object), 9);
	buf_release(&row);
	return object;
}

Test(format, jsonl_holds_all_of_a_link)
{
	json_t *row = json_row(&(struct link){.url = slice_of("http://l/\"\\"),
	    .raw = slice_of("//l\t\n\"\\\x01\xc3\xa9\xe2\x80\xa8/"),
	    .tag = slice_of("a"),
	    .attr = slice_of("href"),
	    .rel = slice_of(""),
	    .position = INT64_C(5000000000)});
	expect_text(row, "source_url", "http://h/?a,\"b\"");
	expect_text(row, "final_url", "http://h/?a,%22b%22");
	expect_text(row, "parsed_url", "http://l/\"\\");
	expect_text(row, "raw", "//l\t\n\"\\\x01\xc3\xa9\xe2\x80\xa8/");
	expect_text(row, "tag", "a");
	expect_text(row, "attr", "href");
	expect_text(row, "rel", "");
	cr_expect_eq(json_integer_value(json_object_get(row, "position")), INT64_C(5000000000));
	cr_expect_eq(json_integer_value(json_object_get(row, "http_status")), 203);
	json_decref(row);
}

Test(format, jsonl_says_null_where_nothing_is_known)
{
	json_t *row = json_row(&(struct link){.url = slice_of("http://l/"), .position = -1});
	expect_text(row, "raw", NULL);
	expect_text(row, "tag", NULL);
	expect_text(row, "attr", NULL);
	expect_text(row, "rel", NULL);
	cr_expect(json_is_null(json_object_get(row, "position")));
	json_decref(row);
	row = json_row(&(struct link){.url = slice_of("http://l/")});
	cr_expect(json_is_integer(json_object_get(row, "position")), "the page's first byte is a place");
	json_decref(row);
}

/* Bad sequences become U+FFFD as in the Encoding standard, NULs as in the HTML standard. */
Test(format, jsonl_repairs_what_json_cannot_hold)
{
	static const char raw[] = "a\xff\0b\xe2\x82\0\0";
	json_t *row = json_row(&(struct link){.url = slice_of("http://l/"),
	    .raw = {raw, sizeof raw - 1},
	    .tag = {"\0", 1},
	    .rel = slice_of("\xc0\xaf")});
	expect_text(row, "raw",
	    "a\xef\xbf\xbd\xef\xbf\xbd"
	    "b\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	expect_text(row, "tag", "\xef\xbf\xbd");
	expect_text(row, "rel", "\xef\xbf\xbd\xef\xbf\xbd");
	json_decref(row);
}
