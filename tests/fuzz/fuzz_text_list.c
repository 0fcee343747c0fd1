/* Any bytes are a text list: each line that it gives is an absolute http or https URL by its start, without
 * line ends and white space around it, and it does not matter how the text was cut into pieces. */
#include "link/text_list.h"

#include "base/ascii.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void on_url(void *ctx, struct slice url)
{
	struct buf *urls = ctx;
	check(ascii_starts_with_nocase(url, "http://") || ascii_starts_with_nocase(url, "https://"));
	check(!memchr(url.data, '\n', url.len) && !memchr(url.data, '\r', url.len));
	check(url.len <= TEXT_LIST_LINE_MAX && slice_equal(ascii_trim(url), url));
	buf_append(urls, url.data, url.len);
	buf_append_byte(urls, '\n');
}

static void read_text(const char *text, size_t len, size_t piece, struct buf *urls)
{
	struct text_list list;
	buf_init(urls, SIZE_MAX / 4);
	text_list_init(&list, on_url, urls);
	for (size_t at = 0; at < len; at += piece)
		text_list_feed(&list, text + at, len - at < piece ? len - at : piece);
	text_list_finish(&list);
	text_list_release(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, cut;
	if (size < 1)
		return 0;
	const char *text = (const char *)data + 1;
	read_text(text, size - 1, SIZE_MAX / 2, &whole);
	read_text(text, size - 1, data[0] % 64 + 1, &cut);
	check(whole.len == cut.len && (whole.len == 0 || memcmp(whole.data, cut.data, whole.len) == 0));
	buf_release(&whole);
	buf_release(&cut);
	return 0;
}
