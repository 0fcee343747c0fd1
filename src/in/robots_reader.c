#include "in/robots_reader.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "in/robots_path.h"
#include "in/robots_token.h"

#include <stdlib.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";

enum { BYTE_ORDER_MARK_LEN = sizeof byte_order_mark - 1 };

struct robots_reader {
	char *token;

	size_t fed;      /* bytes of the file so far */
	size_t mark_len; /* bytes of a byte order mark so far; all, if no more of them may come */
	bool is_full;    /* bytes came that are behind the limit */
	struct buf line; /* the line that is not complete yet */

	/* The group that is being read. A rule ends the list of its names. */
	bool names_token;
	bool names_all; /* by '*' */
	bool has_rule;

	/* What is kept of the groups that name the token, as soon as there is one, else of those for '*'. */
	bool token_was_named;
	struct robots_rule *rules;
	size_t rule_count, rule_room;
	struct buf patterns;
	int64_t crawl_delay_ms; /* -1 if there is none */

	struct buf sitemaps; /* texts that end in a NUL, one behind the other */
};

struct robots_reader *robots_reader_new(const char *token)
{
	struct robots_reader *self = alloc_new(sizeof *self);
	self->token = alloc_copy(token, strlen(token));
	self->crawl_delay_ms = -1;
	buf_init(&self->line, ROBOTS_READER_LIMIT);
	buf_init(&self->patterns, 3 * ROBOTS_READER_LIMIT);
	buf_init(&self->sitemaps, ROBOTS_READER_LIMIT);
	return self;
}

void robots_reader_free(struct robots_reader *self)
{
	if (!self)
		return;
	free(self->token);
	free(self->rules);
	buf_release(&self->line);
	buf_release(&self->patterns);
	buf_release(&self->sitemaps);
	free(self);
}

/* What was kept of the groups for '*' does not count once a group names the token. */
static void start_token_groups(struct robots_reader *self)
{
	self->token_was_named = true;
	self->rule_count = 0;
	buf_clear(&self->patterns);
	self->crawl_delay_ms = -1;
}

static void read_user_agent(struct robots_reader *self, struct slice name)
{
	if (self->has_rule)
		self->names_token = self->names_all = self->has_rule = false;
	if (name.len > 0 && name.data[0] == '*' &&
	    (name.len == 1 || ascii_is_space((unsigned char)name.data[1])))
		self->names_all = true;
	if (!robots_token_is_same(name, slice_of(self->token)))
		return;
	self->names_token = true;
	if (!self->token_was_named)
		start_token_groups(self);
}

/* True if what stands in the group that is being read is kept. */
static bool group_counts(const struct robots_reader *self)
{
	return self->token_was_named ? self->names_token : self->names_all;
}

static void read_rule(struct robots_reader *self, struct slice path, bool is_allow)
{
	self->has_rule = true;
	/* An empty path matches nothing (section 2.2.2). */
	if (path.len == 0 || !group_counts(self))
		return;
	if (self->rule_count == self->rule_room) {
		self->rule_room = self->rule_room > 0 ? 2 * self->rule_room : 16;
		self->rules = alloc_resize(self->rules, self->rule_room, sizeof *self->rules);
	}
	size_t start = self->patterns.len;
	robots_path_append_rule(&self->patterns, path);
	self->rules[self->rule_count++] = (struct robots_rule){
	    .start = (uint32_t)start,
	    .len = (uint32_t)(self->patterns.len - start),
	    .octets = (uint32_t)robots_path_octets(path),
	    .is_allow = is_allow,
	};
}

static void read_allow(struct robots_reader *self, struct slice path)
{
	read_rule(self, path, true);
}

static void read_disallow(struct robots_reader *self, struct slice path)
{
	read_rule(self, path, false);
}

/* Returns milliseconds, rounded up so that a delay stays one; -1 if the text is no decimal number. */
static int64_t parse_seconds(struct slice text)
{
	int64_t seconds = 0, ms = 0, digit_ms = 100;
	size_t at = 0, digits = 0;
	for (; at < text.len && ascii_is_digit((unsigned char)text.data[at]); at++, digits++)
		if (seconds < ROBOTS_READER_DELAY_MAX_S)
			seconds = seconds * 10 + (text.data[at] - '0');
	bool rounds_up = false;
	if (at < text.len && text.data[at] == '.')
		for (at++; at < text.len && ascii_is_digit((unsigned char)text.data[at]); at++, digits++) {
			ms += digit_ms * (text.data[at] - '0');
			rounds_up |= digit_ms == 0 && text.data[at] != '0';
			digit_ms /= 10;
		}
	if (at < text.len || digits == 0)
		return -1;
	if (seconds >= ROBOTS_READER_DELAY_MAX_S)
		return (int64_t)ROBOTS_READER_DELAY_MAX_S * 1000;
	return seconds * 1000 + ms + rounds_up;
}

static void read_crawl_delay(struct robots_reader *self, struct slice value)
{
	int64_t ms = parse_seconds(value);
	if (ms >= 0 && group_counts(self) && (self->crawl_delay_ms < 0 || ms < self->crawl_delay_ms))
		self->crawl_delay_ms = ms;
}

static void read_sitemap(struct robots_reader *self, struct slice value)
{
	if (value.len == 0)
		return;
	buf_append(&self->sitemaps, value.data, value.len);
	buf_append_byte(&self->sitemaps, '\0');
}

/* How the name of a field begins, without regard to letter case, and what reads its value. */
static const struct {
	const char *name;
	void (*read)(struct robots_reader *self, struct slice value);
} fields[] = {
    {"user-agent", read_user_agent},
    {"useragent", read_user_agent},
    {"user agent", read_user_agent},
    {"allow", read_allow},
    {"disallow", read_disallow},
    {"dissallow", read_disallow},
    {"dissalow", read_disallow},
    {"disalow", read_disallow},
    {"diasllow", read_disallow},
    {"disallaw", read_disallow},
    {"sitemap", read_sitemap},
    {"site-map", read_sitemap},
    {"crawl-delay", read_crawl_delay},
};

static struct slice before(struct slice text, char byte)
{
	const char *found = text.len > 0 ? memchr(text.data, byte, text.len) : NULL;
	return found ? (struct slice){text.data, (size_t)(found - text.data)} : text;
}

static size_t find_blank(struct slice text)
{
	size_t at = 0;
	while (at < text.len && text.data[at] != ' ' && text.data[at] != '\t')
		at++;
	return at;
}

/* Splits a line at its first colon. Where the colon is missing, a line of exactly two words is a name and a
 * value. */
static bool split_line(struct slice line, struct slice *name, struct slice *value)
{
	size_t len = before(line, ':').len;
	bool has_colon = len < line.len;
	if (!has_colon)
		len = find_blank(line);
	if (len == line.len)
		return false;
	*name = ascii_trim((struct slice){line.data, len});
	*value = ascii_trim((struct slice){line.data + len + 1, line.len - len - 1});
	return has_colon || find_blank(*value) == value->len;
}

static void read_line(struct robots_reader *self)
{
	struct slice line = {self->line.data, self->line.len};
	struct slice name, value;
	buf_clear(&self->line);
	line = ascii_trim(before(before(line, '\0'), '#'));
	if (!split_line(line, &name, &value))
		return;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (ascii_starts_with_nocase(name, fields[i].name)) {
			fields[i].read(self, value);
			return;
		}
}

static bool is_line_end(char byte)
{
	return byte == '\n' || byte == '\r';
}

/* Returns the bytes behind what is left of a byte order mark. A file that was saved in pieces may begin with
 * a part of one. */
static struct slice skip_byte_order_mark(struct robots_reader *self, struct slice bytes)
{
	size_t skipped = 0;
	for (; skipped < bytes.len && self->mark_len < BYTE_ORDER_MARK_LEN; skipped++) {
		if (bytes.data[skipped] != byte_order_mark[self->mark_len]) {
			self->mark_len = BYTE_ORDER_MARK_LEN;
			break;
		}
		self->mark_len++;
	}
	return (struct slice){bytes.data + skipped, bytes.len - skipped};
}

static void read_bytes(struct robots_reader *self, struct slice bytes)
{
	bytes = skip_byte_order_mark(self, bytes);
	while (bytes.len > 0) {
		size_t len = 0;
		while (len < bytes.len && !is_line_end(bytes.data[len]))
			len++;
		buf_append(&self->line, bytes.data, len);
		if (len == bytes.len)
			return;
		read_line(self);
		bytes = (struct slice){bytes.data + len + 1, bytes.len - len - 1};
	}
}

bool robots_reader_feed(struct robots_reader *self, const char *bytes, size_t len)
{
	size_t room = ROBOTS_READER_LIMIT - self->fed;
	size_t used = len < room ? len : room;
	if (self->is_full)
		return false;
	if (used > 0)
		read_bytes(self, (struct slice){bytes, used});
	self->fed += used;
	if (used == len)
		return true;
	/* The first byte behind the limit tells whether the last line ends there. */
	self->is_full = true;
	if (!is_line_end(bytes[used]))
		buf_clear(&self->line);
	return false;
}

struct robots *robots_reader_finish(struct robots_reader *self)
{
	read_line(self);
	struct robots *robots =
	    robots_new(self->rules, self->rule_count, self->patterns.data, self->crawl_delay_ms);
	free(self->rules);
	self->rules = NULL;
	buf_release(&self->line);
	buf_release(&self->patterns);
	return robots;
}

size_t robots_reader_memory(const struct robots_reader *self)
{
	return sizeof *self + self->sitemaps.room;
}

const char *robots_reader_next_sitemap(const struct robots_reader *self, const char *previous)
{
	const char *next = previous ? previous + strlen(previous) + 1 : self->sitemaps.data;
	return self->sitemaps.len > 0 && next < self->sitemaps.data + self->sitemaps.len ? next : NULL;
}
