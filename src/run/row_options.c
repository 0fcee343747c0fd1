#include "run/row_options.h"

#include "output/json_writer.h"

#include <stdlib.h>
#include <string.h>

/* The first of the keys that say what the outputs make of the links. Quotation marks within a value have a
 * backslash, so that no value has the text of a key. */
static const char output_key[] = "format";
static const char output_part[] = ",\"format\":";

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

void row_options_append(struct buf *to, const struct options *options)
{
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
	json_writer_number(to, "shard", (uint64_t)options->shard.number);
	json_writer_number(to, output_key, options->format);
	json_writer_bool(to, "null", options->null_ends);
	json_writer_bool(to, "unique", options->unique);
	json_writer_bool(to, "changes", options->changes);
	json_writer_bool(to, "changes-to", options->changes_to);
	buf_append_byte(to, '}');
}

bool row_options_have_same_answers(const char *before, const char *now)
{
	const char *before_output = strstr(before, output_part), *now_output = strstr(now, output_part);
	if (!before_output || !now_output || before_output - before != now_output - now ||
	    strncmp(before, now, (size_t)(now_output - now)) != 0)
		return false;
	enum format had = (enum format)strtoul(before_output + sizeof output_part - 1, NULL, 10);
	enum format has = (enum format)strtoul(now_output + sizeof output_part - 1, NULL, 10);
	/* Some formats show more of a link than is kept without them, see options_want_details. */
	bool is_checked = !strstr(now, "\"check\":0,");
	return had == has || had == FORMAT_JSONL || (has != FORMAT_JSONL && !is_checked);
}
