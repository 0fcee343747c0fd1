#include "in/robots.h"

#include "base/alloc.h"
#include "base/sort.h"
#include "in/robots_path.h"

/* So many comparisons of octets may the rules of a file cost for one URL. */
static const size_t effort_limit = 50 * 1000 * 1000;

/* rules holds those first that decide before others. A rule is a uint32_t, which is its length * 2 + 1 if it
 * allows, and its path. */
struct robots {
	int64_t crawl_delay_ms;
	size_t rules_len; /* bytes */
	char rules[];
};

static int compare_rules(const void *left, const void *right)
{
	const struct robots_rule *a = left, *b = right;
	if (a->octets != b->octets)
		return a->octets > b->octets ? -1 : 1;
	return (int)b->is_allow - (int)a->is_allow;
}

struct robots *robots_new(
    struct robots_rule *rules, size_t count, const char *patterns, int64_t crawl_delay_ms)
{
	size_t rules_len = 0;
	for (size_t i = 0; i < count; i++)
		rules_len += sizeof(uint32_t) + rules[i].len;
	struct robots *self = alloc_new(sizeof *self + rules_len);
	self->crawl_delay_ms = crawl_delay_ms;
	self->rules_len = rules_len;
	sort_array(rules, count, sizeof *rules, compare_rules);
	char *to = self->rules;
	for (size_t i = 0; i < count; i++) {
		uint32_t head = rules[i].len * 2 + rules[i].is_allow;
		memcpy(to, &head, sizeof head);
		memcpy(to + sizeof head, patterns + rules[i].start, rules[i].len);
		to += sizeof head + rules[i].len;
	}
	return self;
}

void robots_free(struct robots *self)
{
	free(self);
}

/* The normal forms of a URL's path. */
struct paths {
	struct slice
	    as_sent; /* for rules without '?', since those may match before and behind the '?' of the URL */
	struct slice decoded; /* for rules with '?' */
};

static bool decide(const struct robots *self, const struct paths *paths)
{
	size_t effort = effort_limit;
	const char *at = self->rules, *end = at + self->rules_len;
	while (at < end) {
		uint32_t head;
		memcpy(&head, at, sizeof head);
		struct slice rule = {at + sizeof head, head / 2};
		bool has_query = memchr(rule.data, '?', rule.len);
		if (robots_path_matches(rule, has_query ? paths->decoded : paths->as_sent, &effort))
			return head % 2 == 1;
		if (effort == 0)
			return false;
		at += sizeof head + rule.len;
	}
	return true;
}

bool robots_allows(const struct robots *self, struct slice path)
{
	if (self->rules_len == 0 || slice_equal(path, slice_of("/robots.txt")))
		return true;
	if (path.len == 0)
		path = slice_of("/");
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	robots_path_append_url(&text, path, ROBOTS_QUERY_AS_SENT);
	size_t len = text.len;
	robots_path_append_url(&text, path, ROBOTS_QUERY_DECODED);
	struct paths paths = {{text.data, len}, {text.data + len, text.len - len}};
	bool allows = decide(self, &paths);
	buf_release(&text);
	return allows;
}

int64_t robots_crawl_delay_ms(const struct robots *self)
{
	return self->crawl_delay_ms;
}

size_t robots_memory(const struct robots *self)
{
	return sizeof *self + self->rules_len;
}
