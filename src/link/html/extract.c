#include "link/html/extract.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "link/html/extract_element.h"
#include "link/html/extract_pattern.h"
#include "link/html/extract_tree.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* The longest beginning of an end mark that may be kept back: "</textarea" and "</noframes". */
	RAW_END_MAX = 10,
	/* Of bytes that follow kept ones, no fewer are copied at a time. */
	PIECE_MIN = 512,
	/* Names of elements that matter are shorter. */
	STUB_NAME_MAX = 32
};

/* The tokenizer's states, joined where they do not differ in what counts here. */
enum text {
	TEXT_DATA,
	TEXT_COMMENT,
	TEXT_BOGUS_COMMENT, /* doctypes too: any '>' ends them */
	TEXT_CDATA,
	TEXT_RAW, /* RCDATA, RAWTEXT and script data */
	TEXT_PLAIN
};

enum script { SCRIPT_DATA, SCRIPT_ESCAPED, SCRIPT_DOUBLE_ESCAPED };

struct extract {
	struct extract_patterns *patterns;
	struct buf held; /* fed bytes that are not decided yet */
	size_t retry;    /* not worth another look before so many bytes are held */
	uint64_t offset; /* in the page, of the first byte that is not decided */
	bool given_up;   /* held starts with what is left of a tag that was too long */
	enum text text;
	enum script script;
	const struct extract_element *raw; /* whose text TEXT_RAW is */
	struct extract_tree tree;
};

/* Bytes being read: those in front of at are decided. */
struct reader {
	const char *bytes;
	size_t len;
	size_t at;
	extract_fn on_hit;
	void *ctx;
};

struct extract *extract_new(struct extract_patterns *patterns)
{
	struct extract *self = alloc_new(sizeof *self);
	self->patterns = patterns;
	buf_init(&self->held, 2 * EXTRACT_TAG_MAX + 2 * PIECE_MIN);
	return self;
}

void extract_free(struct extract *self)
{
	if (!self)
		return;
	buf_release(&self->held);
	extract_tree_release(&self->tree);
	free(self);
}

size_t extract_memory(const struct extract *self)
{
	return self->held.room;
}

void extract_reset(struct extract *self)
{
	buf_clear(&self->held);
	extract_tree_reset(&self->tree);
	self->retry = 0;
	self->offset = 0;
	self->given_up = false;
	self->text = TEXT_DATA;
}

static struct slice group(const struct reader *reader, const size_t *found, size_t number)
{
	size_t start = found[2 * number], end = found[2 * number + 1];
	if (start == SIZE_MAX)
		return (struct slice){0};
	return (struct slice){reader->bytes + start, end - start};
}

static void report(const struct extract *self, const struct reader *reader, enum extract_fate fate,
    const struct foreign_tag *tag, struct slice href)
{
	struct extract_hit hit = {
	    .tag = tag->tag,
	    .name = tag->name,
	    .value = href,
	    .offset = self->offset + (uint64_t)(tag->tag.data - reader->bytes),
	};
	if (fate == EXTRACT_HTML && tag->element->id == EXTRACT_ELEMENT_META) {
		hit.kind = EXTRACT_META;
		reader->on_hit(reader->ctx, &hit);
	}
	bool is_base = tag->element->id == EXTRACT_ELEMENT_BASE;
	if (!href.data || (is_base && fate == EXTRACT_FOREIGN))
		return;
	hit.kind = is_base ? EXTRACT_BASE : EXTRACT_LINK;
	reader->on_hit(reader->ctx, &hit);
}

static void start_tag(
    struct extract *self, const struct reader *reader, const struct foreign_tag *tag, struct slice href)
{
	enum extract_fate fate = extract_tree_start(&self->tree, self->patterns, tag, href.data);
	if (fate == EXTRACT_HTML || fate == EXTRACT_FOREIGN)
		report(self, reader, fate, tag, href);
	if ((fate == EXTRACT_HTML || fate == EXTRACT_HIDDEN) && tag->element->traits & EXTRACT_RAW) {
		self->text = tag->element->id == EXTRACT_ELEMENT_PLAINTEXT ? TEXT_PLAIN : TEXT_RAW;
		self->raw = tag->element;
		self->script = SCRIPT_DATA;
	}
}

/* At its '<'. */
static void read_tag(struct extract *self, struct reader *reader, const size_t *found)
{
	struct slice href = group(reader, found, EXTRACT_GROUP_HREF);
	struct slice tail = group(reader, found, EXTRACT_GROUP_TAIL);
	struct foreign_tag tag = {
	    .name = group(reader, found, EXTRACT_GROUP_NAME),
	    .tag = {reader->bytes + reader->at, found[1] - reader->at},
	    .self_closing = tail.len > 0 && tail.data[tail.len - 1] == '/',
	};
	tag.element = extract_element_find(tag.name);
	if ((self->given_up && reader->at == 0) || tag.tag.len > EXTRACT_TAG_MAX) {
		tag.tag.len = (size_t)(tag.name.data - tag.tag.data) + tag.name.len;
		href = (struct slice){0};
	}
	reader->at = found[1];
	if (group(reader, found, EXTRACT_GROUP_SLASH).len > 0)
		extract_tree_end(&self->tree, &tag);
	else
		start_tag(self, reader, &tag, href);
}

static bool starts_with(struct slice text, const char *start, size_t len)
{
	return text.len >= len && memcmp(text.data, start, len) == 0;
}

static bool is_beginning_of(struct slice text, const char *whole)
{
	return text.len < strlen(whole) && memcmp(text.data, whole, text.len) == 0;
}

static bool is_letter(char c)
{
	char lower = extract_element_lower(c);
	return lower >= 'a' && lower <= 'z';
}

static bool enter(struct extract *self, struct reader *reader, enum text text, size_t len)
{
	self->text = text;
	reader->at += len;
	return true;
}

/* At a '<' whose construct does not end within the bytes. False where more are needed to tell, or it is a
 * tag. */
static bool open_construct(struct extract *self, struct reader *reader)
{
	struct slice rest = {reader->bytes + reader->at, reader->len - reader->at};
	/* "<!-->" and "<!--->" are whole comments. */
	if (is_beginning_of(rest, "<!--->") || is_beginning_of(rest, "</>"))
		return false;
	if (starts_with(rest, "<!--", 4))
		return enter(self, reader, TEXT_COMMENT, 4);
	if (foreign_is_current(&self->tree.foreign)) {
		if (is_beginning_of(rest, "<![CDATA["))
			return false;
		if (starts_with(rest, "<![CDATA[", 9))
			return enter(self, reader, TEXT_CDATA, 9);
	}
	if (is_letter(rest.data[1]) || (rest.data[1] == '/' && is_letter(rest.data[2])))
		return false;
	return enter(self, reader, TEXT_BOGUS_COMMENT, 2);
}

static bool read_data(struct extract *self, struct reader *reader)
{
	bool all = extract_tree_wants_all(&self->tree);
	const size_t *found = extract_pattern_find(self->patterns,
	    all ? EXTRACT_PATTERN_TAGS : EXTRACT_PATTERN_LINKS, reader->bytes, reader->len, reader->at);
	size_t start = found ? found[2 * EXTRACT_GROUP_SLASH] - 1 : reader->len;
	if (all)
		extract_tree_text(&self->tree, reader->bytes + reader->at, start - reader->at);
	reader->at = start;
	if (!found)
		return false;
	if (found[2 * EXTRACT_GROUP_NAME] != SIZE_MAX)
		read_tag(self, reader, found);
	else if (found[1] - start > 1)
		reader->at = found[1];
	else
		return open_construct(self, reader);
	return true;
}

/* Moves on to where what cannot be decided yet may start. */
static bool keep(struct reader *reader, size_t most)
{
	if (reader->len - reader->at > most)
		reader->at = reader->len - most;
	return false;
}

/* Reads on until the pattern's end mark, of which a beginning of most bytes is kept. */
static bool read_until(struct extract *self, struct reader *reader, enum extract_pattern pattern, size_t most)
{
	const size_t *found =
	    extract_pattern_find(self->patterns, pattern, reader->bytes, reader->len, reader->at);
	if (!found)
		return keep(reader, most);
	reader->at = found[1];
	self->text = TEXT_DATA;
	return true;
}

static bool read_bogus_comment(struct extract *self, struct reader *reader)
{
	const char *end = memchr(reader->bytes + reader->at, '>', reader->len - reader->at);
	reader->at = end ? (size_t)(end - reader->bytes) + 1 : reader->len;
	if (end)
		self->text = TEXT_DATA;
	return end;
}

/* The script data states (13.2.5.4 and 13.2.5.15 to 31): behind "<!--", a "<script" needs an end tag of its
 * own until "-->". mark is one of these or "</script". */
static void read_script_mark(struct extract *self, struct slice mark)
{
	bool is_end = mark.data[1] == '/';
	if (mark.data[0] == '-')
		self->script = SCRIPT_DATA;
	else if (mark.data[1] == '!')
		self->script = self->script == SCRIPT_DATA ? SCRIPT_ESCAPED : self->script;
	else if (self->script == SCRIPT_ESCAPED && !is_end)
		self->script = SCRIPT_DOUBLE_ESCAPED;
	else if (self->script == SCRIPT_DOUBLE_ESCAPED && is_end)
		self->script = SCRIPT_ESCAPED;
	else if (is_end)
		self->text = TEXT_DATA;
}

static bool read_raw(struct extract *self, struct reader *reader)
{
	const size_t *found =
	    extract_pattern_find(self->patterns, EXTRACT_PATTERN_RAW, reader->bytes, reader->len, reader->at);
	if (!found)
		return keep(reader, RAW_END_MAX);
	struct slice mark = {reader->bytes + found[0], found[1] - found[0]};
	struct slice name = group(reader, found, EXTRACT_GROUP_RAW_NAME);
	bool own_name = name.data && extract_element_is_named(name, self->raw->name);
	if (self->raw->id == EXTRACT_ELEMENT_SCRIPT) {
		if (own_name || !name.data)
			read_script_mark(self, mark);
	} else if (own_name && mark.data[1] == '/') {
		self->text = TEXT_DATA;
	}
	if (self->text == TEXT_DATA)
		reader->at = found[0];
	else /* The dashes of "<!--" may be those of "-->". */
		reader->at = mark.data[1] == '!' ? found[0] + 2 : found[1];
	return true;
}

/* One step. False where more bytes are needed. */
static bool read_text(struct extract *self, struct reader *reader)
{
	switch (self->text) {
	case TEXT_COMMENT:
		return read_until(self, reader, EXTRACT_PATTERN_COMMENT, 3);
	case TEXT_CDATA:
		return read_until(self, reader, EXTRACT_PATTERN_CDATA, 2);
	case TEXT_BOGUS_COMMENT:
		return read_bogus_comment(self, reader);
	case TEXT_RAW:
		return read_raw(self, reader);
	case TEXT_PLAIN:
		reader->at = reader->len;
		return false;
	case TEXT_DATA:
		break;
	}
	return read_data(self, reader);
}

/* Returns how many of the bytes are decided. */
static size_t read_bytes(struct extract *self, const char *bytes, size_t len, extract_fn on_hit, void *ctx)
{
	assert(bytes);
	struct reader reader = {bytes, len, 0, on_hit, ctx};
	while (reader.at < reader.len && read_text(self, &reader))
		;
	if (reader.at > 0)
		self->given_up = false;
	self->offset += reader.at;
	return reader.at;
}

/* Holds, of a tag that is too long, a short one in its stead that leaves the tokenizer in the same state: so
 * the rest of the tag is read as such and not as text, and the element still counts as open. */
static void give_up(struct extract *self, const char *bytes, size_t len)
{
	struct reader reader = {.bytes = bytes, .len = len};
	struct buf stub;
	buf_init(&stub, 2 * STUB_NAME_MAX);
	buf_append_text(&stub, bytes[1] == '/' ? "</" : "<");
	const size_t *found = extract_pattern_find(self->patterns, EXTRACT_PATTERN_UNFINISHED, bytes, len, 0);
	struct slice name = found ? group(&reader, found, EXTRACT_GROUP_OPEN_NAME) : (struct slice){0};
	if (!name.data || name.len > STUB_NAME_MAX)
		name = slice_of("x");
	buf_append(&stub, name.data, name.len);
	if (found) {
		struct slice separator = group(&reader, found, EXTRACT_GROUP_OPEN_SEPARATOR);
		struct slice value = group(&reader, found, EXTRACT_GROUP_OPEN_VALUE);
		bool key = group(&reader, found, EXTRACT_GROUP_OPEN_KEY).data;
		buf_append_text(&stub, !key && separator.data && *separator.data == '/' ? "/" : " ");
		buf_append_text(&stub, key ? "a" : "");
		buf_append_text(&stub, group(&reader, found, EXTRACT_GROUP_OPEN_SPACE).data ? " " : "");
		buf_append_text(&stub, group(&reader, found, EXTRACT_GROUP_OPEN_EQUALS).data ? "=" : "");
		if (value.data)
			buf_append_byte(&stub, *value.data == '"' || *value.data == '\'' ? *value.data : 'x');
	}
	self->offset += len - stub.len;
	self->given_up = true;
	buf_clear(&self->held);
	buf_append(&self->held, stub.data, stub.len);
	buf_release(&stub);
}

/* Holds the undecided bytes, which are or are not those at the end of held already. */
static void hold(struct extract *self, const char *bytes, size_t len)
{
	if (len > EXTRACT_TAG_MAX) {
		give_up(self, bytes, len);
	} else if (self->held.len > 0) {
		buf_consume(&self->held, self->held.len - len);
	} else {
		buf_append(&self->held, bytes, len);
	}
	self->retry = 2 * self->held.len;
}

/* Adds the next bytes to those held and reads both. Returns how many of the new ones are done with. */
static size_t feed_held(struct extract *self, const char *bytes, size_t len, extract_fn on_hit, void *ctx)
{
	size_t piece = self->held.len > PIECE_MIN ? self->held.len : PIECE_MIN;
	if (piece > len)
		piece = len;
	buf_append(&self->held, bytes, piece);
	if (self->held.len < self->retry && self->held.len <= EXTRACT_TAG_MAX)
		return piece;
	size_t read = read_bytes(self, self->held.data, self->held.len, on_hit, ctx);
	size_t rest = self->held.len - read;
	if (rest < piece) {
		/* The old bytes are decided: go on in the caller's. */
		buf_clear(&self->held);
		return piece - rest;
	}
	hold(self, self->held.data + read, rest);
	return piece;
}

void extract_feed(struct extract *self, const char *bytes, size_t len, extract_fn on_hit, void *ctx)
{
	while (len > 0 && self->held.len > 0) {
		size_t done = feed_held(self, bytes, len, on_hit, ctx);
		bytes += done;
		len -= done;
	}
	if (len == 0)
		return;
	size_t read = read_bytes(self, bytes, len, on_hit, ctx);
	if (read < len)
		hold(self, bytes + read, len - read);
}

void extract_finish(struct extract *self, extract_fn on_hit, void *ctx)
{
	/* What a last look leaves undecided is dropped with the page's end. */
	if (self->held.len > 0)
		read_bytes(self, self->held.data, self->held.len, on_hit, ctx);
	buf_clear(&self->held);
}
