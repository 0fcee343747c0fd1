#include "plan.h"

#include "base/alloc.h"
#include "request.h"
#include "text.h"

#include <stdlib.h>

enum kind { NUMBER, TEXT, PART, PACE, HANG, HOLD, HEADER, GZIP, CUT, KEYS, MODIFIED, DATE, IGNORED };

/* What stands where in a plan is said by offsets, so that a new key is one row here and one field there. */
struct key {
	const char *name;
	enum kind kind;
	size_t offset;
	const char *value;
	const char *help;
};

#define AT(field) offsetof(struct plan, field)

static const struct key keys[] = {
    {"delay", NUMBER, AT(delay), "MS", "waits before it answers"},
    {"body_delay", NUMBER, AT(body_delay), "MS", "waits between the head and the body"},
    {"drip", PACE, AT(drip), "BYTES,MS", "sends the body in small pieces with pauses"},
    {"header_drip", PACE, AT(header_drip), "BYTES,MS", "the same for the head"},
    {"hang", HANG, AT(hang), "accept|header|body",
        "falls silent for good: before the answer, in its head, in its body (half of it, or where cut says)"},
    {"hold", HOLD, AT(hold), "BYTES,N,GROUP",
        "holds what follows so many bytes of the body until there were N requests with group=GROUP"},

    {"status", NUMBER, AT(status), "N", "the status code, three digits, not checked; 200"},
    {"version", TEXT, AT(version), "TEXT", "the first word of the status line; HTTP/1.1"},
    {"reason", TEXT, AT(reason), "TEXT", "the words behind the status code"},
    {"type", TEXT, AT(type), "TEXT", "Content-Type; text/html; empty: none is sent"},
    {"location", TEXT, AT(location), "TEXT",
        "a Location header, bytes as they are (with fail: also when it fails)"},
    {"header", HEADER, AT(header), "NAME: VALUE", "a header line, bytes as they are; may be repeated"},
    {"retry_after", TEXT, AT(retry_after), "TEXT", "a Retry-After header (with fail: only when it fails)"},
    {"headers", NUMBER, AT(headers), "N|forever", "so many header lines more"},
    {"header_size", NUMBER, AT(header_size), "N|forever", "one header with a value of so many bytes"},
    {"hints", NUMBER, AT(hints), "N|forever", "so many 103 answers before the real one"},

    {"etag", TEXT, AT(etag), "TEXT", "an ETag header, bytes as they are; If-None-Match is compared with it"},
    {"etag_each", NUMBER, AT(etag_each), "1", "the ETag of each answer of this very URL is another one"},
    {"etag_304", TEXT, AT(etag_304), "TEXT", "the ETag that a 304 has instead"},
    {"modified", MODIFIED, AT(modified), "SECONDS",
        "a Last-Modified header, since 1970; If-Modified-Since is compared with it"},
    {"date", DATE, AT(date), "SECONDS", "a Date header, since 1970; else there is none"},
    {"not_modified", NUMBER, AT(not_modified), "1", "every conditional request gets 304"},

    {"body", TEXT, AT(body), "BYTES", "the body"},
    {"part", PART, AT(body), "N*BYTES", "bytes behind the body, so many times; may be repeated"},
    {"links", NUMBER, AT(links), "N", "a page with N links: PREFIX1, PREFIX2, ..."},
    {"prefix", TEXT, AT(prefix), "TEXT", "what the links start with; link"},
    {"size", NUMBER, AT(size), "N|forever", "fills the body up to so many bytes with text without tags"},
    {"encoding", TEXT, AT(encoding), "NAME,...",
        "Content-Encoding, applied in this order: gzip, deflate, br, zstd, identity"},
    {"gzip", GZIP, AT(encoding), "1", "the same as encoding=gzip"},
    {"encoding_name", TEXT, AT(encoding_name), "TEXT", "names another Content-Encoding than the real one"},
    {"bomb", NUMBER, AT(bomb), "MIB",
        "so many MiB of spaces behind the body, well compressed by encoding (gzip, br, br-wide, ...)"},
    {"trim", NUMBER, AT(trim), "N", "leaves out the last N bytes of the encoded body, Content-Length fits"},

    {"chunked", NUMBER, AT(chunked), "1", "chunked transfer coding"},
    {"chunk", NUMBER, AT(chunk), "N", "bytes in a chunk; 4096"},
    {"unfinished", NUMBER, AT(unfinished), "1", "leaves out the last chunk and closes"},
    {"length", TEXT, AT(length), "TEXT|none", "another Content-Length; none: no such header, close ends it"},
    {"short", NUMBER, AT(shortage), "N", "a Content-Length that is N bytes too large, then close"},

    {"close", NUMBER, AT(close), "1", "Connection: close"},
    {"stale", NUMBER, AT(stale), "1", "closes the connection, unanswered, as its next request arrives"},
    {"empty", NUMBER, AT(empty), "1", "closes without any answer"},
    {"header_cut", NUMBER, AT(header_cut), "1", "closes in the middle of the head"},
    {"cut", CUT, AT(cut), "N", "closes after N bytes of the body (as sent, chunk sizes count)"},
    {"reset", NUMBER, AT(reset), "1", "closes by RST: at once, or where cut says"},

    {"fail", NUMBER, AT(fail), "K", "the first K requests of this very URL fail, later ones succeed"},
    {"fail_status", NUMBER, AT(fail_status), "N", "how they fail; 503; 0: closed without an answer"},

    {"head", KEYS, AT(head), "KEYS",
        "a HEAD gets the answer of these keys, percent-encoded once more, instead"},
    {"head_body", NUMBER, AT(head_body), "1", "sends the body also in answer to a HEAD"},

    {"group", IGNORED, 0, "NAME", "in /_/stats, requests in flight are also counted by this name"},
};

enum { KEY_COUNT = sizeof keys / sizeof *keys };

void plan_init(struct plan *self)
{
	*self = (struct plan){.status = 200, .chunk = 4096, .fail_status = 503};
}

void plan_release(struct plan *self)
{
	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (keys[i].kind == TEXT || keys[i].kind == HEADER || keys[i].kind == KEYS)
			free(((struct plan_text *)(void *)((char *)self + keys[i].offset))->data);
	}
	plan_init(self);
}

void plan_text_set(struct plan_text *self, struct slice value)
{
	free(self->data);
	*self = (struct plan_text){alloc_copy(value.data, value.len), value.len};
}

void plan_header_add(struct plan *self, struct slice line)
{
	struct plan_text *header = &self->header;
	header->data = alloc_resize(header->data, header->len + line.len + 3, 1);
	memcpy(header->data + header->len, line.data, line.len);
	memcpy(header->data + header->len + line.len, "\r\n", 3);
	header->len += line.len + 2;
}

/* A part has no more than a body may have in all. */
static bool part_add(struct plan_text *self, struct slice value)
{
	uint64_t count;
	const char *star = memchr(value.data, '*', value.len);
	if (!star || !text_number((struct slice){value.data, (size_t)(star - value.data)}, &count))
		return false;
	size_t len = value.len - (size_t)(star + 1 - value.data);
	if (len > 0 && count > (TEXT_MAX - self->len) / len)
		return false;
	self->data = alloc_resize(self->data, self->len + (size_t)count * len + 1, 1);
	for (uint64_t i = 0; i < count; i++, self->len += len)
		memcpy(self->data + self->len, star + 1, len);
	return true;
}

static bool read_number(struct slice value, uint64_t *number)
{
	if (slice_equal(value, slice_of("forever"))) {
		*number = PLAN_FOREVER;
		return true;
	}
	return text_number(value, number);
}

static bool read_pace(struct slice value, struct plan_pace *pace)
{
	const char *comma = memchr(value.data, ',', value.len);
	if (!comma)
		return false;
	size_t first = (size_t)(comma - value.data);
	return text_number((struct slice){value.data, first}, &pace->bytes) && pace->bytes > 0 &&
	       text_number((struct slice){comma + 1, value.len - first - 1}, &pace->ms);
}

static bool read_hang(struct slice value, enum plan_hang *hang)
{
	if (slice_equal(value, slice_of("accept")))
		*hang = PLAN_HANG_START;
	else if (slice_equal(value, slice_of("header")))
		*hang = PLAN_HANG_HEADER;
	else if (slice_equal(value, slice_of("body")))
		*hang = PLAN_HANG_BODY;
	else
		return false;
	return true;
}

static bool read_hold(struct slice value, struct plan_hold *hold)
{
	const char *first = memchr(value.data, ',', value.len), *end = value.data + value.len;
	const char *second = first ? memchr(first + 1, ',', (size_t)(end - first) - 1) : NULL;
	if (!second || (size_t)(end - second) > sizeof hold->group)
		return false;
	memcpy(hold->group, second + 1, (size_t)(end - second) - 1);
	return text_number((struct slice){value.data, (size_t)(first - value.data)}, &hold->bytes) &&
	       text_number((struct slice){first + 1, (size_t)(second - first) - 1}, &hold->requests);
}

/* The keys of another plan, which are read again when they are needed. */
static bool read_keys(struct slice value, struct plan_text *text)
{
	struct plan plan;
	struct buf error;
	plan_init(&plan);
	buf_init(&error, TEXT_MAX);
	bool fits = plan_read(&plan, value, &error);
	if (fits)
		plan_text_set(text, value);
	buf_release(&error);
	plan_release(&plan);
	return fits;
}

static bool set(struct plan *self, const struct key *key, struct slice value)
{
	void *field = (char *)self + key->offset;
	switch (key->kind) {
	case NUMBER:
		return read_number(value, field);
	case CUT:
		self->has_cut = true;
		return text_number(value, field);
	case MODIFIED:
		self->has_modified = true;
		return text_number(value, field);
	case DATE:
		self->has_date = true;
		return text_number(value, field);
	case TEXT:
		plan_text_set(field, value);
		return true;
	case PART:
		return part_add(field, value);
	case HEADER:
		plan_header_add(self, value);
		return true;
	case PACE:
		return read_pace(value, field);
	case HANG:
		return read_hang(value, field);
	case HOLD:
		return read_hold(value, field);
	case GZIP:
		plan_text_set(field, slice_of("gzip"));
		return true;
	case KEYS:
		return read_keys(value, field);
	case IGNORED:
		return true;
	}
	return false;
}

static const struct key *find(struct slice name)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		if (slice_equal(name, slice_of(keys[i].name)))
			return &keys[i];
	return NULL;
}

bool plan_read(struct plan *self, struct slice query, struct buf *error)
{
	struct slice name, raw;
	struct buf value;
	buf_init(&value, TEXT_MAX);
	bool fits = true;
	while (fits && request_query_next(&query, &name, &raw)) {
		const struct key *key = find(name);
		buf_clear(&value);
		buf_append(&value, "", 0);
		text_percent_decode(&value, raw);
		fits = key && set(self, key, (struct slice){value.data, value.len});
		if (!fits)
			text_printf(error, "%s: %.*s=%.*s\n", key ? "bad value" : "no such key",
			    (int)name.len, name.data, (int)raw.len, raw.data);
	}
	buf_release(&value);
	return fits;
}

void plan_help(struct buf *out)
{
	for (size_t i = 0; i < KEY_COUNT; i++)
		text_printf(out, "  %s=%s\n      %s\n", keys[i].name, keys[i].value, keys[i].help);
}
