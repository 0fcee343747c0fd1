#include "base/buf.h"
#include "link/html/extract.h"
#include "link/html/extract_pattern.h"

#include <criterion/criterion.h>
#include <string.h>
#include <time.h>

/* Pages made to be slow: a start once, then a part again and again. */
static const struct shape {
	const char *start;
	const char *part;
	bool is_open_tag;
} shapes[] = {
    {"", "<", false},
    {"", "</", false},
    {"", "<a", true},
    {"", "<a ", true},
    {"", "<a href=x ", false},
    {"", "<a href='x' ", true},
    {"", "<a href=\"x\" ", false},
    {"", "<a href='x", false},
    {"", "<a href=\"", true},
    {"<a ", "\"", false},
    {"<a ", "'=", true},
    {"<a ", "=", false},
    {"<a ", "a ", true},
    {"<a ", "/", false},
    {"<a b", " ", true},
    {"<a b=", " ", false},
    {"<a ", "href", false},
    {"<a href=\"", "x", false},
    {"<a href='", ">", false},
    {"<a href=", "x", false},
    {"<a href=x ", "b=c ", true},
    {"<a ", "b=\"c\"", false},
    {"", "<!", false},
    {"", "<!-", false},
    {"", "<!--", false},
    {"", "<!---", false},
    {"<!--", "-", false},
    {"<!--", "--!", false},
    {"", "<!-->", false},
    {"", "<!a", false},
    {"", "<?", false},
    {"<script>", "<!--<script>", false},
    {"<script>", "<!-", false},
    {"<script><!--", "</script", false},
    {"<script>", "-", false},
    {"", "<script>", false},
    {"", "<title></title ", false},
    {"<title>", "</title", false},
    {"<textarea>", "</style>", false},
    {"", "<svg>", false},
    {"", "<svg/>", false},
    {"", "<svg><desc>", false},
    {"<svg>", "<g>", false},
    {"<svg>", "<g></x>", false},
    {"<svg>", "<![CDATA[", false},
    {"<svg>", "<![CDATA[]]>", false},
    {"<svg><![CDATA[", "]", false},
    {"<svg>", "<font ", false},
    {"<svg>", "<font a=b>", false},
    {"<svg>", "<a href=x>", false},
    {"<svg><desc>", "<b></i>", false},
    {"", "<template>", false},
    {"", "<template></template>", false},
    {"<body>", "<template><svg><desc>", false},
    {"", "<table>", false},
    {"", "<meta>", false},
    {"", " ", false},
    {"", "x", false},
    {"", "\0", false},
};

enum { SIZE = 128 << 10, FACTOR = 4, SECONDS_MOST = 2 };

/* Quadratic cost would be FACTOR * FACTOR. */
enum { MOST = 6 };

static void ignore(void *ctx, const struct extract_hit *hit)
{
	*(size_t *)ctx += hit->value.len;
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double cost(struct extract *page, const struct buf *html, size_t len, size_t chunk)
{
	size_t sum = 0;
	double start = seconds();
	extract_reset(page);
	for (size_t at = 0; at < len; at += chunk)
		extract_feed(page, html->data + at, len - at < chunk ? len - at : chunk, ignore, &sum);
	extract_finish(page, ignore, &sum);
	return seconds() - start;
}

/* How many times the cost of size is that of FACTOR * size. Both are measured for as many bytes, one right
 * behind the other, for the machine's own speed changes; where it seems too much, the lowest
 * of some rounds counts. */
static double ratio(struct extract *page, const struct buf *html, size_t size, size_t chunk)
{
	double lowest = FACTOR * FACTOR, start = seconds();
	do {
		double small = 0;
		for (int k = 0; k < FACTOR; k++)
			small += cost(page, html, size, chunk) / FACTOR;
		double large = cost(page, html, FACTOR * size, chunk);
		if (small > 0 && large / small < lowest)
			lowest = large / small;
	} while (lowest > MOST && seconds() - start < SECONDS_MOST);
	return lowest;
}

static void expect_linear(struct extract_patterns *patterns, size_t size, size_t chunk, bool only_tags)
{
	struct extract *page = extract_new(patterns);
	for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
		const struct shape *shape = &shapes[i];
		if (only_tags && !shape->is_open_tag)
			continue;
		struct buf html;
		buf_init(&html, FACTOR * size + 64);
		buf_append_text(&html, shape->start);
		while (html.len < FACTOR * size)
			buf_append(&html, shape->part, shape->part[0] ? strlen(shape->part) : 1);
		double found = ratio(page, &html, size, chunk);
		cr_assert(found <= MOST, "%s%s... in chunks of %zu: %.1f times", shape->start, shape->part,
		    chunk, found);
		buf_release(&html);
	}
	extract_free(page);
}

Test(extract_cost, grows_with_the_page_and_no_faster)
{
	struct extract_patterns *patterns = extract_patterns_new(ATTRIBUTES_DEFAULT);
	expect_linear(patterns, SIZE, FACTOR * SIZE + 64, false);
	extract_patterns_free(patterns);
}

Test(extract_cost, nor_for_all_attributes)
{
	struct extract_patterns *patterns = extract_patterns_new(ATTRIBUTES_OF_LINKS | ATTRIBUTES_OF_ANCHORS);
	expect_linear(patterns, SIZE, FACTOR * SIZE + 64, false);
	expect_linear(patterns, SIZE, 16384, false);
	extract_patterns_free(patterns);
}

Test(extract_cost, nor_in_chunks)
{
	struct extract_patterns *patterns = extract_patterns_new(ATTRIBUTES_DEFAULT);
	expect_linear(patterns, SIZE, 16384, false);
	extract_patterns_free(patterns);
}

Test(extract_cost, nor_in_single_bytes)
{
	struct extract_patterns *patterns = extract_patterns_new(ATTRIBUTES_DEFAULT);
	expect_linear(patterns, SIZE / 4, 1, false);
	extract_patterns_free(patterns);
}

Test(extract_cost, nor_beyond_the_longest_tag)
{
	struct extract_patterns *patterns = extract_patterns_new(ATTRIBUTES_DEFAULT);
	expect_linear(patterns, 2 * EXTRACT_TAG_MAX, 16384, true);
	extract_patterns_free(patterns);
}

Test(extract_cost, nor_without_the_jit)
{
	struct extract_patterns *patterns = extract_patterns_new_interpreted(ATTRIBUTES_DEFAULT);
	expect_linear(patterns, SIZE / 4, 1000, false);
	extract_patterns_free(patterns);
}
