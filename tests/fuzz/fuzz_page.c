/* Any bytes are a page: its links hold no control byte and are absolute, each comes once, and it does not
 * matter how the page was cut into pieces. Where a link has a position, a tag starts there. The first byte
 * says what kind of page it is, the second how it is cut and whether all attributes count, and all that is
 * known of a link is told, as a crawl wants it. A link may come again as one to a page. */
#include "support/whole_page.h"

#include "base/buf.h"
#include "base/seen.h"
#include "base/url/url.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {NULL, "text/html", "text/html; charset=gbk",
    "text/html; charset=utf-16le", "text/html; charset=iso-2022-jp", "application/xml",
    "application/xhtml+xml; charset=shift_jis", "text/plain", "image/svg+xml"};

enum { TYPES = sizeof types / sizeof *types };

struct link_list {
	const char *bytes; /* the page's */
	size_t len;
	struct buf links;
	struct seen seen;
	uint64_t count;
};

static void note_details(struct link_list *found, const struct link *link)
{
	const struct slice texts[] = {link->raw, link->tag, link->attr, link->rel};
	if (link->position >= 0)
		assert((uint64_t)link->position < found->len && found->bytes[link->position] == '<');
	for (size_t i = 0; i < 4; i++) {
		buf_append_byte(&found->links, texts[i].data ? '+' : '-');
		buf_append(&found->links, texts[i].data, texts[i].len);
	}
	buf_append(&found->links, &link->position, sizeof link->position);
	buf_append(&found->links, &link->line, sizeof link->line);
	buf_append(&found->links, &link->column, sizeof link->column);
}

static void on_link(void *ctx, const struct link *link)
{
	struct link_list *found = ctx;
	struct url url;
	for (size_t i = 0; i < link->url.len; i++)
		assert((unsigned char)link->url.data[i] >= 0x20 && link->url.data[i] != 0x7f);
	if (link->is_row) {
		bool is_new = seen_add(&found->seen, link->url.data, link->url.len);
		assert(is_new);
	}
	assert(link->is_row || link->kind == LINK_PAGE || link->kind == LINK_SITEMAP);
	url_init(&url);
	bool absolute = url_parse(&url, link->url.data, link->url.len, NULL, NULL);
	assert(absolute);
	url_release(&url);
	buf_append(&found->links, link->url.data, link->url.len);
	buf_append_byte(&found->links, '\n');
	buf_append_byte(&found->links, (char)('0' + link->kind));
	note_details(found, link);
	found->count += link->is_row;
}

static void read_page(const struct page_tools *tools, const char *type, const char *bytes, size_t len,
    size_t piece, struct link_list *found)
{
	struct page *page = page_new(tools);
	found->bytes = bytes;
	found->len = len;
	buf_init(&found->links, SIZE_MAX / 4);
	seen_init(&found->seen);
	found->count = 0;
	page_begin(page, type);
	for (size_t at = 0; at < len; at += piece)
		page_feed(page, bytes + at, len - at < piece ? len - at : piece);
	enum page_state state = whole_page_emit_links(
	    page, tools->shared, "http://example.com/dir/page?q", piece % 2, on_link, found);
	assert(state == PAGE_DONE || state == PAGE_TOO_MANY_ENTITIES || tools->pattern || tools->xpath);
	assert(page_counts(page).links == found->count);
	page_free(page);
}

static void check(
    const struct page_tools *tools, const char *type, const char *bytes, size_t len, size_t piece)
{
	struct link_list whole, cut;
	read_page(tools, type, bytes, len, len ? len : 1, &whole);
	read_page(tools, type, bytes, len, piece, &cut);
	assert(whole.links.len == cut.links.len);
	assert(whole.links.len == 0 || memcmp(whole.links.data, cut.links.data, whole.links.len) == 0);
	buf_release(&whole.links);
	buf_release(&cut.links);
	seen_release(&whole.seen);
	seen_release(&cut.seen);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct options options[] = {
	    {.max_size = 1 << 20, .max_output = 1 << 30}, {.max_size = 1 << 20,
	                                                      .max_output = 1 << 30,
	                                                      .format = FORMAT_JSONL,
	                                                      .attributes = ATTRIBUTES_OF_LINKS}};
	static struct page_tools tools[2][3];
	if (!tools[0][0].patterns) {
		/* None: whatever fills a piece goes through the file. */
		struct page_shared *shared = page_shared_new(0);
		struct pattern *pattern = pattern_new("-e", "href=\"(.*?)\"");
		struct xpath *xpath = xpath_new("//@href");
		for (int i = 0; i < 2; i++) {
			tools[i][0] = (struct page_tools){.options = &options[i],
			    .shared = shared,
			    .patterns = extract_patterns_new(options_attributes(&options[i])),
			    .wants_lines = i == 1,
			    .crawls = i == 1,
			    .robots_name = "areq"};
			tools[i][1] = tools[i][2] = tools[i][0];
			tools[i][1].pattern = pattern;
			tools[i][2].xpath = xpath;
		}
	}
	if (size < 2)
		return 0;
	const char *type = types[data[0] % TYPES];
	const struct page_tools *with = &tools[data[1] >> 7][data[0] / TYPES % 3];
	check(with, type, (const char *)data + 2, size - 2, data[1] % 64 + 1);
	return 0;
}
