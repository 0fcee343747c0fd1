#include "fetch/headers.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "fetch/decode.h"

#include <stdint.h>
#include <string.h>

void headers_add(struct curl_slist **list, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*list, line);
	if (!longer)
		alloc_fail();
	*list = longer;
}

static bool has_name(const char *line, const char *name)
{
	size_t len = strcspn(line, ":;");
	while (len > 0 && (line[len - 1] == ' ' || line[len - 1] == '\t'))
		len--;
	return ascii_equal_nocase((struct slice){line, len}, slice_of(name));
}

static bool is_for_one_origin(const char *line)
{
	return has_name(line, "Authorization") || has_name(line, "Cookie") || has_name(line, "Host") ||
	       has_name(line, "Proxy-Authorization");
}

static void add_field(struct curl_slist **list, const char *name, const char *value)
{
	struct buf line;
	buf_init(&line, SIZE_MAX / 2);
	buf_append_text(&line, name);
	buf_append_text(&line, value);
	headers_add(list, line.data);
	buf_release(&line);
}

static void add_to_both(struct headers *self, const char *name, const char *value)
{
	add_field(&self->same_origin, name, value);
	add_field(&self->cross_origin, name, value);
}

void headers_init(struct headers *self, const struct options *options)
{
	const struct option_list *lines = &options->headers;
	bool has_agent = *options->user_agent == '\0', has_accepts = false;
	*self = (struct headers){0};
	for (size_t i = 0; i < lines->count; i++) {
		has_agent |= has_name(lines->items[i], "User-Agent");
		has_accepts |= has_name(lines->items[i], "Accept-Encoding");
		headers_add(&self->same_origin, lines->items[i]);
		if (!is_for_one_origin(lines->items[i]))
			headers_add(&self->cross_origin, lines->items[i]);
	}
	if (!has_agent)
		add_to_both(self, "User-Agent: ", options->user_agent);
	if (!has_accepts)
		add_to_both(self, "Accept-Encoding: ", DECODER_ACCEPTS);
}

struct curl_slist *headers_copy_with(
    const struct curl_slist *lines, const char *if_none_match, const char *if_modified_since)
{
	struct curl_slist *copy = NULL;
	for (; lines; lines = lines->next)
		headers_add(&copy, lines->data);
	if (if_none_match)
		add_field(&copy, "If-None-Match: ", if_none_match);
	if (if_modified_since)
		add_field(&copy, "If-Modified-Since: ", if_modified_since);
	return copy;
}

static bool is_precondition(const char *line)
{
	return has_name(line, "If-None-Match") || has_name(line, "If-Modified-Since");
}

bool headers_name_preconditions(const struct option_list *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		if (is_precondition(lines->items[i]))
			return true;
	}
	return false;
}

/* libcurl sends no field for a line without a value, and "name;" gives one that is empty. */
static bool has_value(const char *line)
{
	const char *colon = strchr(line, ':');
	return colon && ascii_trim(slice_of(colon + 1)).len > 0;
}

bool headers_are_conditional(const struct option_list *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		if (is_precondition(lines->items[i]) && has_value(lines->items[i]))
			return true;
	}
	return false;
}

void headers_release(struct headers *self)
{
	curl_slist_free_all(self->same_origin);
	curl_slist_free_all(self->cross_origin);
	*self = (struct headers){0};
}
