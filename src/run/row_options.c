#include "run/row_options.h"

#include "base/readfile.h"
#include "output/json_writer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

static void append_list(struct buf *to, const char *key, const struct option_list *list)
{
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	for (size_t i = 0; i < list->count; i++) {
		buf_append_text(&text, list->items[i]);
		buf_append_byte(&text, '\n');
	}
	json_writer_slice(to, key, (struct slice){text.data ? text.data : "", text.len});
	buf_release(&text);
}

static void append_value(struct buf *to, const char *name, const char *value)
{
	buf_append_text(to, name);
	if (value)
		buf_append(to, value, strlen(value) + 1);
}

static void append_shard(struct buf *to, const struct option_shard *shard)
{
	char text[64] = "";
	if (shard->count)
		snprintf(text, sizeof text, "%" PRId64 "/%" PRId64, shard->number, shard->count);
	json_writer_text(to, "shard", shard->count ? text : NULL);
}

/* The file names other people then, even if its name is the same. */
static void append_netrc(struct buf *to, const struct options *options)
{
	char *path = settings_netrc_path(options);
	append_value(to, options->netrc ? "n" : "", path);
	if (path)
		readfile_whole(path, to);
	free(path);
}

/* Secrets must not be read from the file, so it has only a fingerprint. */
static void append_request(struct buf *to, const struct settings *settings)
{
	struct buf text;
	char digits[17];
	const struct options *options = settings->options;
	buf_init(&text, SIZE_MAX / 2);
	append_value(&text, "A", options->user_agent);
	append_value(&text, "u", options->user);
	append_value(&text, "b", settings->cookies.line);
	for (const struct curl_slist *cookie = settings->cookies.stored; cookie; cookie = cookie->next)
		append_value(&text, "b", cookie->data);
	for (size_t i = 0; i < options->headers.count; i++)
		append_value(&text, "H", options->headers.items[i]);
	append_netrc(&text, options);
	snprintf(digits, sizeof digits, "%016" PRIx64, (uint64_t)XXH3_64bits(text.data, text.len));
	json_writer_text(to, "request", digits);
	buf_release(&text);
}

/* Begins the object with those on which the answer for a page depends. */
static void append_options(struct buf *to, const struct settings *settings)
{
	const struct options *options = settings->options;
	buf_append_byte(to, '{');
	json_writer_text(to, "regexp", options->pattern);
	json_writer_text(to, "xpath", options->xpath);
	json_writer_text(to, "tags", options->tags);
	json_writer_number(to, "attrs", options_attributes(options));
	json_writer_text(to, "schemes", options->schemes);
	append_list(to, "include", &options->includes);
	append_list(to, "exclude", &options->excludes);
	json_writer_bool(to, "same-host", options->same_host);
	json_writer_bool(to, "external", options->external);
	json_writer_bool(to, "strip-fragment", options->strip_fragment);
	json_writer_number(to, "depth", (uint64_t)options->depth);
	json_writer_number(to, "scope", options->scope);
	append_list(to, "follow", &options->follow);
	append_list(to, "no-follow", &options->no_follow);
	json_writer_bool(to, "sitemaps", options->sitemaps);
	json_writer_number(to, "robots", options->robots);
	json_writer_text(to, "robots-agent", options->robots_agent);
	json_writer_number(to, "max-size", (uint64_t)options->max_size);
	json_writer_number(to, "max-output", (uint64_t)options->max_output);
	json_writer_number(to, "check", options->check);
	json_writer_bool(to, "fragments", options->fragments);
	append_shard(to, &options->shard);
	json_writer_bool(to, "format-details", options_want_details(options));
	append_request(to, settings);
}

void row_options_append(struct buf *to, const struct settings *settings)
{
	const struct options *options = settings->options;
	append_options(to, settings);
	json_writer_number(to, "format", options->format);
	json_writer_bool(to, "null", options->null_ends);
	json_writer_bool(to, "unique", options->unique);
	json_writer_bool(to, "changes", options->changes);
	json_writer_bool(to, "changes-to", options->changes_to);
	buf_append_byte(to, '}');
}

uint64_t row_options_variant(const struct settings *settings)
{
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	append_options(&text, settings);
	uint64_t variant = XXH3_64bits(text.data, text.len);
	buf_release(&text);
	return variant;
}
