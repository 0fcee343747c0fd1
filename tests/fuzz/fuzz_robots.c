/* The first line of an input is the path of a URL, the rest a robots.txt, whose first line is also taken for
 * the path of a rule. It makes no difference how the file is cut, a rule matches as a slow and simple matcher
 * says, and only what names a directive forbids links. */
#include "base/ascii.h"
#include "in/robots_path.h"
#include "in/robots_reader.h"
#include "in/robots_tag.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* What was read of a file. */
struct result {
	struct robots_reader *reader;
	struct robots *robots;
};

static struct result read_chunks(struct slice file, size_t chunk)
{
	struct robots_reader *reader = robots_reader_new("areq");
	for (size_t at = 0, len; at < file.len; at += len) {
		len = file.len - at < chunk ? file.len - at : chunk;
		/* An exact copy, so that the sanitizer sees a read behind the end. */
		char *copy = malloc(len);
		check(copy);
		memcpy(copy, file.data + at, len);
		bool goes_on = robots_reader_feed(reader, copy, len);
		free(copy);
		check(goes_on || file.len > ROBOTS_READER_LIMIT);
	}
	return (struct result){reader, robots_reader_finish(reader)};
}

static void release(struct result *self)
{
	robots_reader_free(self->reader);
	robots_free(self->robots);
}

static void check_same(const struct result *a, const struct result *b, struct slice path)
{
	check(robots_memory(a->robots) == robots_memory(b->robots));
	check(robots_crawl_delay_ms(a->robots) == robots_crawl_delay_ms(b->robots));
	check(robots_allows(a->robots, path) == robots_allows(b->robots, path));
	const char *first = NULL, *second = NULL;
	do {
		first = robots_reader_next_sitemap(a->reader, first);
		second = robots_reader_next_sitemap(b->reader, second);
		check(first ? second && strcmp(first, second) == 0 : !second);
	} while (first);
}

/* reached[i]: what was read of the rule can match the first i octets of the path. */
static bool matches_simply(struct slice rule, struct slice path)
{
	bool *reached = calloc(path.len + 1, sizeof *reached);
	check(reached);
	reached[0] = true;
	bool is_anchored = rule.len > 0 && rule.data[rule.len - 1] == '$';
	for (size_t at = 0; at + is_anchored < rule.len; at++) {
		if (rule.data[at] == '*') {
			for (size_t i = 1; i <= path.len; i++)
				reached[i] = reached[i] || reached[i - 1];
			continue;
		}
		for (size_t i = path.len; i > 0; i--)
			reached[i] = reached[i - 1] && path.data[i - 1] == rule.data[at];
		reached[0] = false;
	}
	bool matches = is_anchored ? reached[path.len] : memchr(reached, true, path.len + 1) != NULL;
	free(reached);
	return matches;
}

static void check_rule(struct slice rule, struct slice path)
{
	struct buf pattern, text;
	buf_init(&pattern, SIZE_MAX / 2);
	buf_init(&text, SIZE_MAX / 2);
	/* Nothing is appended for an empty path. */
	check(buf_append(&pattern, "", 0) && buf_append(&text, "", 0));
	robots_path_append_rule(&pattern, rule);
	robots_path_append_url(&text, path, ROBOTS_QUERY_DECODED);
	check(pattern.len <= 3 * rule.len && text.len <= 3 * path.len);
	struct slice normal_rule = {pattern.data, pattern.len}, normal_path = {text.data, text.len};
	size_t effort = SIZE_MAX;
	check(robots_path_matches(normal_rule, normal_path, &effort) ==
	      matches_simply(normal_rule, normal_path));
	effort = rule.len;
	robots_path_matches(normal_rule, normal_path, &effort);
	buf_release(&pattern);
	buf_release(&text);
}

static bool has_word(struct slice text, const char *word)
{
	for (; text.len > 0; text.data++, text.len--)
		if (ascii_starts_with_nocase(text, word))
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice file = {(const char *)data, size};
	const char *line_end = size > 0 ? memchr(file.data, '\n', size) : NULL;
	struct slice path = {file.data, line_end ? (size_t)(line_end - file.data) : size};
	size_t behind = path.len + (line_end != NULL);
	file = (struct slice){path.data + behind, size - behind};

	struct result whole = read_chunks(file, SIZE_MAX);
	check(robots_memory(whole.robots) <= 16 + 4 * size);
	for (size_t chunk = 1; chunk <= 4; chunk++) {
		struct result cut = read_chunks(file, chunk);
		check_same(&whole, &cut, path);
		release(&cut);
	}
	release(&whole);

	const char *rule_end = file.len > 0 ? memchr(file.data, '\n', file.len) : NULL;
	if (rule_end)
		check_rule((struct slice){file.data, (size_t)(rule_end - file.data)}, path);
	bool forbids = robots_tag_header_forbids_links(path, "areq") || robots_tag_meta_forbids_links(path);
	check(!forbids || has_word(path, "nofollow") || has_word(path, "none"));
	return 0;
}
