#include "link/html/extract.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "link/html/extract_attributes.h"
#include "link/html/extract_element.h"
#include "link/html/extract_pattern.h"
#include "link/html/extract_tree.h"
#include "link/html/line_counter.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* The longest incomplete end mark, in bytes: "</textarea" or "</noframes". */
	RAW_END_MAX = 10,
	/* At least this many bytes are added to the held ones at a time, if there are so many. */
	CHUNK_MIN = 512,
	/* A longer name is not kept in a stub. No element that matters here has one. */
	STUB_NAME_MAX = 32
};

/* The states of the standard's tokenizer. States that do not differ for finding links are one state here. */
enum tokenizer_state {
	STATE_DATA,
	STATE_COMMENT,
	STATE_BOGUS_COMMENT, /* a comment or a doctype that ends with the next '>' */
	STATE_CDATA,
	STATE_RAW, /* RCDATA, RAWTEXT and script data */
	STATE_PLAIN
};

enum script_state { SCRIPT_DATA, SCRIPT_ESCAPED, SCRIPT_DOUBLE_ESCAPED };

struct extract {
	struct extract_patterns *patterns;
	struct buf held;  /* bytes that cannot be read before more bytes arrive */
	size_t retry_len; /* the length of held from which on it is read again */
	uint64_t offset;  /* offset in the page of the first byte that was not read yet */
	bool holds_stub;  /* true if held starts with the stub of a tag that was too long */
	enum tokenizer_state state;
	enum script_state script_state;
	const struct extract_element *raw_element; /* the element whose text is read in STATE_RAW */
	bool counts_lines;
	struct line_counter lines;
	struct extract_tree tree;
	struct extract_attributes attributes; /* of the tag that is being read */
};

/* The bytes that are being read. Those before at are done. */
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
	self->attributes.wanted = extract_pattern_attributes(patterns);
	buf_init(&self->held, 2 * EXTRACT_TAG_MAX + 2 * CHUNK_MIN);
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

void extract_count_lines(struct extract *self)
{
	self->counts_lines = true;
}

void extract_reset(struct extract *self)
{
	line_counter_reset(&self->lines);
	buf_clear(&self->held);
	extract_tree_reset(&self->tree);
	self->retry_len = 0;
	self->offset = 0;
	self->holds_stub = false;
	self->state = STATE_DATA;
}

static struct slice group(const char *bytes, const size_t *found, size_t number)
{
	size_t start = found[2 * number], end = found[2 * number + 1];
	if (start == SIZE_MAX)
		return (struct slice){0};
	return (struct slice){bytes + start, end - start};
}

/* Counts the lines of bytes[0..end), which begin at self->offset. Those that were counted before are left
 * out. */
static void count_lines(struct extract *self, const char *bytes, size_t end)
{
	uint64_t counted = self->lines.offset - self->offset;
	if (self->counts_lines && self->offset + end > self->lines.offset)
		line_counter_add(&self->lines, bytes + counted, end - (size_t)counted);
}

static void report_attribute(
    const struct reader *reader, struct extract_hit *hit, bool is_foreign, bool is_base)
{
	switch (hit->attribute) {
	case ATTRIBUTE_HREF:
		if (is_base && is_foreign)
			return;
		hit->kind = is_base ? EXTRACT_BASE : EXTRACT_LINK;
		break;
	case ATTRIBUTE_ID:
		hit->kind = EXTRACT_ANCHOR;
		break;
	case ATTRIBUTE_NAME:
		if (is_foreign || !extract_element_is_named(hit->name, "a"))
			return;
		hit->kind = EXTRACT_ANCHOR;
		break;
	default:
		if (!extract_attributes_are_link(hit->name, is_foreign, hit->attribute))
			return;
		hit->kind = EXTRACT_LINK;
	}
	reader->on_hit(reader->ctx, hit);
}

/* Reports an element of the document, with those of the attributes that are in the set. */
static void report_element(struct extract *self, const struct reader *reader, enum extract_effect effect,
    const struct foreign_tag *tag, uint32_t set)
{
	bool is_meta = effect == EXTRACT_HTML && tag->element->id == EXTRACT_ELEMENT_META;
	if (!set && !is_meta)
		return;
	/* All fields are named, since to clear the rest of them takes longer than all else that is done here.
	 */
	struct extract_hit hit = {
	    .kind = EXTRACT_META,
	    .tag = tag->tag,
	    .name = tag->name,
	    .attribute = ATTRIBUTE_NONE,
	    .value = {NULL, 0},
	    .offset = self->offset + (uint64_t)(tag->tag.data - reader->bytes),
	    .line = 0,
	    .column = 0,
	};
	if (self->counts_lines) {
		count_lines(self, reader->bytes, (size_t)(tag->tag.data - reader->bytes));
		hit.line = self->lines.line;
		hit.column = line_counter_column(&self->lines);
	}
	if (is_meta)
		reader->on_hit(reader->ctx, &hit);
	const struct extract_attributes *attributes = &self->attributes;
	bool is_base = tag->element->id == EXTRACT_ELEMENT_BASE;
	/* Most runs want no other attribute. */
	if (set == ATTRIBUTES_DEFAULT && attributes->count == 1 && !is_base) {
		hit.kind = EXTRACT_LINK;
		hit.attribute = ATTRIBUTE_HREF;
		hit.value = attributes->list[0].value;
		reader->on_hit(reader->ctx, &hit);
		return;
	}
	size_t count = set ? attributes->count : 0;
	for (size_t i = 0; i < count; i++) {
		hit.attribute = attributes->list[i].attribute;
		hit.value = attributes->list[i].value;
		if (set & ATTRIBUTE_BIT(hit.attribute))
			report_attribute(reader, &hit, effect == EXTRACT_FOREIGN, is_base);
	}
}

static void read_start_tag(
    struct extract *self, const struct reader *reader, const struct foreign_tag *tag, uint32_t set)
{
	enum extract_effect effect = extract_tree_start(&self->tree, self->patterns, tag, &set);
	if (effect == EXTRACT_HTML || effect == EXTRACT_FOREIGN)
		report_element(self, reader, effect, tag, set);
	if ((effect == EXTRACT_HTML || effect == EXTRACT_HIDDEN) && tag->element->traits & EXTRACT_RAW) {
		self->state = tag->element->id == EXTRACT_ELEMENT_PLAINTEXT ? STATE_PLAIN : STATE_RAW;
		self->raw_element = tag->element;
		self->script_state = SCRIPT_DATA;
	}
}

/* Reads the start or end tag that a pattern has found at the reader's position. */
static void read_tag(struct extract *self, struct reader *reader, const size_t *found)
{
	struct slice wanted = group(reader->bytes, found, EXTRACT_GROUP_WANTED);
	struct slice tail = group(reader->bytes, found, EXTRACT_GROUP_TAIL);
	bool is_end = group(reader->bytes, found, EXTRACT_GROUP_SLASH).len > 0;
	struct foreign_tag tag = {
	    .name = group(reader->bytes, found, EXTRACT_GROUP_NAME),
	    .tag = {reader->bytes + reader->at, found[1] - reader->at},
	    .self_closing = tail.len > 0 && tail.data[tail.len - 1] == '/',
	};
	tag.element = extract_element_find(tag.name);
	reader->at = found[1];
	if ((self->holds_stub && tag.tag.data == reader->bytes) || tag.tag.len > EXTRACT_TAG_MAX) {
		tag.tag.len = (size_t)(tag.name.data - tag.tag.data) + tag.name.len;
		wanted = (struct slice){0};
	}
	if (is_end)
		extract_tree_end(&self->tree, &tag);
	else
		read_start_tag(self, reader, &tag,
		    wanted.data ? extract_attributes_find(&self->attributes, self->patterns, &tag, wanted)
		                : 0);
}

static bool is_beginning_of(struct slice text, const char *whole)
{
	return text.len < strlen(whole) && memcmp(text.data, whole, text.len) == 0;
}

static bool enter_state(struct extract *self, struct reader *reader, enum tokenizer_state state, size_t len)
{
	self->state = state;
	reader->at += len;
	return true;
}

/* Enters the state of a comment, CDATA section or bogus comment that starts at the reader's '<' and does not
 * end within the bytes. Returns false if the bytes are the start of a tag, or too few to decide. */
static bool enter_construct(struct extract *self, struct reader *reader)
{
	struct slice rest = {reader->bytes + reader->at, reader->len - reader->at};
	/* "<!-->" and "<!--->" are complete comments. */
	if (is_beginning_of(rest, "<!--->") || is_beginning_of(rest, "</>"))
		return false;
	if (ascii_starts_with(rest, "<!--"))
		return enter_state(self, reader, STATE_COMMENT, 4);
	if (foreign_is_current(&self->tree.foreign)) {
		if (is_beginning_of(rest, "<![CDATA["))
			return false;
		if (ascii_starts_with(rest, "<![CDATA["))
			return enter_state(self, reader, STATE_CDATA, 9);
	}
	if (ascii_is_letter(rest.data[1]) || (rest.data[1] == '/' && ascii_is_letter(rest.data[2])))
		return false;
	return enter_state(self, reader, STATE_BOGUS_COMMENT, 2);
}

static bool read_data(struct extract *self, struct reader *reader)
{
	bool all = extract_tree_needs_all(&self->tree);
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
		return enter_construct(self, reader);
	return true;
}

/* Skips all bytes but the last tail_max, which may be the start of an end mark. Returns false, since more
 * bytes are needed. */
static bool keep_tail(struct reader *reader, size_t tail_max)
{
	if (reader->len - reader->at > tail_max)
		reader->at = reader->len - tail_max;
	return false;
}

/* Reads to the end mark that the pattern finds. If it is not there, the last tail_max bytes are kept, since
 * they may be the start of it. */
static bool read_until(
    struct extract *self, struct reader *reader, enum extract_pattern pattern, size_t tail_max)
{
	const size_t *found =
	    extract_pattern_find(self->patterns, pattern, reader->bytes, reader->len, reader->at);
	if (!found)
		return keep_tail(reader, tail_max);
	reader->at = found[1];
	self->state = STATE_DATA;
	return true;
}

static bool read_bogus_comment(struct extract *self, struct reader *reader)
{
	const char *end = memchr(reader->bytes + reader->at, '>', reader->len - reader->at);
	reader->at = end ? (size_t)(end - reader->bytes) + 1 : reader->len;
	if (end)
		self->state = STATE_DATA;
	return end;
}

/* Follows the script data states (sections 13.2.5.4 and 13.2.5.15 to 31). Between "<!--" and "-->", a
 * "<script" needs an end tag of its own. mark is one of these three or "</script". */
static void read_script_mark(struct extract *self, struct slice mark)
{
	bool is_end = mark.data[1] == '/';
	if (mark.data[0] == '-') {
		self->script_state = SCRIPT_DATA;
	} else if (mark.data[1] == '!') {
		if (self->script_state == SCRIPT_DATA)
			self->script_state = SCRIPT_ESCAPED;
	} else if (self->script_state == SCRIPT_ESCAPED && !is_end) {
		self->script_state = SCRIPT_DOUBLE_ESCAPED;
	} else if (self->script_state == SCRIPT_DOUBLE_ESCAPED && is_end) {
		self->script_state = SCRIPT_ESCAPED;
	} else if (is_end) {
		self->state = STATE_DATA;
	}
}

static bool read_raw(struct extract *self, struct reader *reader)
{
	const size_t *found =
	    extract_pattern_find(self->patterns, EXTRACT_PATTERN_RAW, reader->bytes, reader->len, reader->at);
	if (!found)
		return keep_tail(reader, RAW_END_MAX);
	struct slice mark = {reader->bytes + found[0], found[1] - found[0]};
	struct slice name = group(reader->bytes, found, EXTRACT_GROUP_RAW_NAME);
	bool is_own_name = name.data && extract_element_is_named(name, self->raw_element->name);
	if (self->raw_element->id == EXTRACT_ELEMENT_SCRIPT) {
		if (is_own_name || !name.data)
			read_script_mark(self, mark);
	} else if (is_own_name && mark.data[1] == '/') {
		self->state = STATE_DATA;
	}
	if (self->state == STATE_DATA)
		reader->at = found[0];
	else /* The dashes of "<!--" may also be those of "-->". */
		reader->at = mark.data[1] == '!' ? found[0] + 2 : found[1];
	return true;
}

/* Reads the next bytes by the rules of the current state. Returns false if more bytes are needed. */
static bool read_text(struct extract *self, struct reader *reader)
{
	switch (self->state) {
	case STATE_COMMENT:
		return read_until(self, reader, EXTRACT_PATTERN_COMMENT, 3);
	case STATE_CDATA:
		return read_until(self, reader, EXTRACT_PATTERN_CDATA, 2);
	case STATE_BOGUS_COMMENT:
		return read_bogus_comment(self, reader);
	case STATE_RAW:
		return read_raw(self, reader);
	case STATE_PLAIN:
		reader->at = reader->len;
		return false;
	case STATE_DATA:
		break;
	}
	return read_data(self, reader);
}

/* Reads as many of the bytes as possible. Returns how many are done. */
static size_t read_bytes(struct extract *self, const char *bytes, size_t len, extract_fn on_hit, void *ctx)
{
	assert(bytes);
	struct reader reader = {bytes, len, 0, on_hit, ctx};
	while (reader.at < reader.len && read_text(self, &reader))
		;
	if (reader.at > 0)
		self->holds_stub = false;
	count_lines(self, bytes, reader.at);
	self->offset += reader.at;
	return reader.at;
}

/* Replaces an unfinished tag that is too long by a stub: a short tag that leaves the tokenizer in the same
 * state. The rest of the tag is therefore read as a part of a tag and not as text, and its element is opened
 * or closed. */
static void replace_with_stub(struct extract *self, const char *bytes, size_t len)
{
	struct buf stub;
	buf_init(&stub, 2 * STUB_NAME_MAX);
	buf_append_text(&stub, bytes[1] == '/' ? "</" : "<");
	const size_t *found = extract_pattern_find(self->patterns, EXTRACT_PATTERN_UNFINISHED, bytes, len, 0);
	struct slice name = found ? group(bytes, found, EXTRACT_GROUP_OPEN_NAME) : (struct slice){0};
	if (!name.data || name.len > STUB_NAME_MAX)
		name = slice_of("x");
	buf_append(&stub, name.data, name.len);
	if (found) {
		struct slice separator = group(bytes, found, EXTRACT_GROUP_OPEN_SEPARATOR);
		struct slice value = group(bytes, found, EXTRACT_GROUP_OPEN_VALUE);
		bool key = group(bytes, found, EXTRACT_GROUP_OPEN_KEY).data;
		buf_append_text(&stub, !key && separator.data && *separator.data == '/' ? "/" : " ");
		buf_append_text(&stub, key ? "a" : "");
		buf_append_text(&stub, group(bytes, found, EXTRACT_GROUP_OPEN_SPACE).data ? " " : "");
		buf_append_text(&stub, group(bytes, found, EXTRACT_GROUP_OPEN_EQUALS).data ? "=" : "");
		if (value.data)
			buf_append_byte(&stub, *value.data == '"' || *value.data == '\'' ? *value.data : 'x');
	}
	count_lines(self, bytes, len);
	self->offset += len - stub.len;
	self->holds_stub = true;
	buf_clear(&self->held);
	buf_append(&self->held, stub.data, stub.len);
	buf_release(&stub);
}

/* Keeps bytes until more arrive. If held is not empty, they are at its end already. */
static void hold_bytes(struct extract *self, const char *bytes, size_t len)
{
	if (len > EXTRACT_TAG_MAX) {
		replace_with_stub(self, bytes, len);
	} else if (self->held.len > 0) {
		buf_consume(&self->held, self->held.len - len);
	} else {
		buf_append(&self->held, bytes, len);
	}
	self->retry_len = 2 * self->held.len;
}

/* Adds the next bytes to the held ones and reads them together. Returns how many of the new bytes are done,
 * which includes those that are held now. */
static size_t feed_held(struct extract *self, const char *bytes, size_t len, extract_fn on_hit, void *ctx)
{
	size_t chunk = self->held.len > CHUNK_MIN ? self->held.len : CHUNK_MIN;
	if (chunk > len)
		chunk = len;
	buf_append(&self->held, bytes, chunk);
	if (self->held.len < self->retry_len && self->held.len <= EXTRACT_TAG_MAX)
		return chunk;
	size_t read = read_bytes(self, self->held.data, self->held.len, on_hit, ctx);
	size_t rest = self->held.len - read;
	if (rest < chunk) {
		/* All bytes that were held before are done, so reading goes on in the caller's bytes. */
		buf_clear(&self->held);
		return chunk - rest;
	}
	hold_bytes(self, self->held.data + read, rest);
	return chunk;
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
		hold_bytes(self, bytes + read, len - read);
}

void extract_finish(struct extract *self, extract_fn on_hit, void *ctx)
{
	/* The held bytes are read once more, because retry_len may have put that off. The rest is dropped. */
	if (self->held.len > 0)
		read_bytes(self, self->held.data, self->held.len, on_hit, ctx);
	buf_clear(&self->held);
}
