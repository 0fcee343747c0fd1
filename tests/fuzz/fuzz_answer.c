/* Any bytes are an answer of a server, head and body, to a run that wants the links of a browser, those of an
 * XPath, or those of a pattern: its one end comes in time, nothing but links comes out, and no more of them
 * than --max-output says. The first byte says which run it is. */
#include "support/whole_page.h"

#include "base/buf.h"
#include "link/helper.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A helper process may wait for its turn, and a sanitizer makes all of it slow. */
enum { OUTPUT_MAX = 64 << 10, SECONDS_MAX = 20 * HELPER_SECONDS, TYPE_MAX = 256 };

struct answer {
	char type[TYPE_MAX]; /* empty: it names none */
	const char *body;
	size_t body_len;
};

struct rows {
	size_t bytes, count;
};

static void read_header(struct answer *answer, const char *line, size_t len)
{
	static const char name[] = "content-type:";
	size_t name_len = sizeof name - 1;
	if (len < name_len || strncasecmp(line, name, name_len) != 0 || len - name_len >= TYPE_MAX)
		return;
	memcpy(answer->type, line + name_len, len - name_len);
	answer->type[len - name_len] = '\0';
}

/* Lines up to an empty one are the head, as far as libcurl would hand it on. */
static struct answer read_answer(const char *bytes, size_t len)
{
	struct answer answer = {.body = bytes + len};
	for (size_t at = 0; at < len;) {
		const char *line = bytes + at, *end = memchr(line, '\n', len - at);
		size_t line_len = end ? (size_t)(end - line) : len - at;
		at += line_len + (end != NULL);
		if (line_len && line[line_len - 1] == '\r')
			line_len--;
		if (line_len == 0) {
			answer.body = bytes + at;
			answer.body_len = len - at;
			break;
		}
		read_header(&answer, line, line_len);
	}
	return answer;
}

static void on_link(void *ctx, const struct link *link)
{
	struct rows *rows = ctx;
	for (size_t i = 0; i < link->url.len; i++)
		assert((unsigned char)link->url.data[i] > 0x20 && (unsigned char)link->url.data[i] < 0x7f);
	rows->bytes += link->url.len;
	rows->count++;
}

static void check(const struct page_tools *tools, const struct answer *answer)
{
	struct rows rows = {0};
	struct page *page = page_new(tools);
	int64_t began = clock_now_ms();
	page_begin(page, *answer->type ? answer->type : NULL);
	page_feed(page, answer->body, answer->body_len);
	enum page_state state =
	    whole_page_emit_links(page, tools->shared, "http://example.com/dir/page?q", true, on_link, &rows);
	assert(clock_now_ms() - began < (int64_t)SECONDS_MAX * 1000);
	assert(state != PAGE_HAS_MORE && state != PAGE_WAITING && state != PAGE_UNREADABLE &&
	       state != PAGE_NO_HELPER);
	/* What a library crashes on is found here, and not hidden. */
	assert(state != PAGE_LIBRARY_CRASHED);
	assert(state == PAGE_DONE || rows.count == 0);
	assert(rows.bytes <= OUTPUT_MAX);
	page_free(page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct options options = {.max_size = 1 << 20, .max_output = OUTPUT_MAX};
	static struct page_tools tools[3];
	if (!tools[0].patterns) {
		tools[0] = (struct page_tools){.options = &options,
		    .shared = page_shared_new(PAGES_MEMORY),
		    .patterns = extract_patterns_new(ATTRIBUTES_DEFAULT)};
		tools[1] = tools[2] = tools[0];
		tools[1].xpath = xpath_new("//div//div//@href");
		tools[2].pattern = pattern_new("-e", "href=(.*)(.*)x");
	}
	if (size == 0)
		return 0;
	struct answer answer = read_answer((const char *)data + 1, size - 1);
	check(&tools[data[0] % 3], &answer);
	return 0;
}
