#include "fetch/headers.h"

#include "base/alloc.h"
#include "fetch/decode.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

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
	return strlen(name) == len && strncasecmp(line, name, len) == 0;
}

static bool is_for_one_origin(const char *line)
{
	return has_name(line, "Authorization") || has_name(line, "Cookie") || has_name(line, "Host") ||
	       has_name(line, "Proxy-Authorization");
}

void headers_init(struct headers *self, const struct options *options)
{
	const struct option_list *lines = &options->headers;
	bool accepts = false;
	*self = (struct headers){0};
	for (size_t i = 0; i < lines->count; i++) {
		accepts |= has_name(lines->items[i], "Accept-Encoding");
		headers_add(&self->own, lines->items[i]);
		if (!is_for_one_origin(lines->items[i]))
			headers_add(&self->foreign, lines->items[i]);
	}
	if (accepts)
		return;
	headers_add(&self->own, "Accept-Encoding: " DECODER_ACCEPTS);
	headers_add(&self->foreign, "Accept-Encoding: " DECODER_ACCEPTS);
}

void headers_release(struct headers *self)
{
	curl_slist_free_all(self->own);
	curl_slist_free_all(self->foreign);
	*self = (struct headers){0};
}
