#include "link/text_list.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void note_url(void *ctx, struct slice url)
{
	struct buf *text = ctx;
	buf_append_byte(text, '[');
	buf_append(text, url.data, url.len);
	buf_append_byte(text, ']');
}

static void expect_urls(struct slice text, const char *expected)
{
	static const size_t pieces[] = {SIZE_MAX / 2, 1, 2, 7};
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		struct text_list list;
		struct buf urls;
		buf_init(&urls, SIZE_MAX / 4);
		text_list_init(&list, note_url, &urls);
		for (size_t at = 0; at < text.len; at += pieces[i])
			text_list_feed(
			    &list, text.data + at, text.len - at < pieces[i] ? text.len - at : pieces[i]);
		text_list_finish(&list);
		text_list_release(&list);
		buf_append_byte(&urls, '\0');
		cr_expect_str_eq(urls.data, expected, "%.60s in pieces of %zu gave %.200s", text.data,
		    pieces[i], urls.data);
		buf_release(&urls);
	}
}

Test(text_list, has_a_url_in_each_line)
{
	static const char *const cases[][2] = {
	    {"", ""},
	    {"http://a/\nhttps://b/?c=d#e\n", "[http://a/][https://b/?c=d#e]"},
	    {"http://a/\r\n\r\n\n \t\nhttp://b/", "[http://a/][http://b/]"},
	    {"http://a/\rhttp://b/\r", "[http://a/][http://b/]"},
	    {" \thttp://a/ \n", "[http://a/]"},
	    {"HTTP://a/\nHttpS://b/", "[HTTP://a/][HttpS://b/]"},
	    {"\xef\xbb\xbfhttp://a/\n\xef\xbb\xbfhttp://b/\n", "[http://a/]"},
	    {"\n\xef\xbb\xbfhttp://a/\n", ""},
	    {"http://a/b c\n", "[http://a/b c]"},
	    {"http://\xc3\xbc.example/\xe6\x97\xa5\n", "[http://\xc3\xbc.example/\xe6\x97\xa5]"},
	    {"/a\na.example\n# http://a/\nftp://a/\nmailto:a@b\nhttp:/a\nhttps\n<a href='http://a/'>\n", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		expect_urls(slice_of(cases[i][0]), cases[i][1]);
}

Test(text_list, drops_a_line_that_is_too_long)
{
	enum { LONG = TEXT_LIST_LINE_MAX + 1 };
	static char text[2 * LONG];
	memset(text, 'x', sizeof text);
	memcpy(text, "http://a/\nhttp://", 17);
	memcpy(text + 10 + LONG, "\nhttp://b/", 10);
	expect_urls((struct slice){text, 10 + LONG + 10}, "[http://a/][http://b/]");
	static char expected[LONG + 30];
	snprintf(expected, sizeof expected, "[http://a/][%.*s][http://b/]", LONG - 1, text + 10);
	memmove(text + 10 + LONG - 1, text + 10 + LONG, 10);
	expect_urls((struct slice){text, 10 + LONG - 1 + 10}, expected);
}
