#include "cli/config.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/readfile.h"
#include "base/slice.h"
#include "cli/suggest.h"
#include "cli/table.h"
#include "cli/value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CONFIG_MAX_BYTES = 1 << 20, PREFIX_MAX = 512 };

const char *cli_config_default(struct options *options)
{
	const char *folder = getenv("XDG_CONFIG_HOME");
	const char *below = "/areq/config";
	struct buf path;
	if (!folder || *folder != '/') {
		folder = getenv("HOME");
		below = "/.config/areq/config";
	}
	if (!folder || *folder != '/')
		return NULL;
	buf_init(&path, SIZE_MAX / 2);
	buf_append_text(&path, folder);
	buf_append_text(&path, below);
	options_own(options, path.data);
	return access(path.data, F_OK) == 0 ? path.data : NULL;
}

static char *skip_spaces(char *text)
{
	while (ascii_is_space(*text))
		text++;
	return text;
}

/* Removes white space at the end of a value, and then a pair of double quotes around it. */
static char *trim_value(char *value)
{
	size_t len = strlen(value);
	while (len && ascii_is_space(value[len - 1]))
		len--;
	if (len > 1 && value[0] == '"' && value[len - 1] == '"') {
		value++;
		len -= 2;
	}
	value[len] = '\0';
	return value;
}

static enum status log_unknown_option(const char *prefix, struct slice name)
{
	struct buf given, text;
	buf_init(&given, SIZE_MAX / 2);
	buf_append_text(&given, "--");
	buf_append(&given, name.data, name.len);
	buf_init(&text, SIZE_MAX / 2);
	cli_suggest(&text, given.data);
	log_error("%sthere is no option %s", prefix, text.data);
	buf_release(&given);
	buf_release(&text);
	return STATUS_USAGE;
}

static enum status log_line_error(const char *prefix, const struct cli_row *row, const char *what)
{
	log_error("%s--%s %s", prefix, row->option.name, what);
	return STATUS_USAGE;
}

/* The row of the flag that a name such as "no-unique" negates; NULL if there is none. */
static const struct cli_row *find_negated(struct slice name)
{
	const struct cli_row *row = NULL;
	if (name.len > 3 && memcmp(name.data, "no-", 3) == 0)
		row = cli_table_find(name.data + 3, name.len - 3);
	return row && (row->kind == CLI_FLAG || row->kind == CLI_CHECK) ? row : NULL;
}

/* Applies the line of that number, which is not blank, not a comment, and does not begin with white space. */
static enum status apply_line(struct options *options, char *line, size_t number, const char *prefix)
{
	char *start = strncmp(line, "--", 2) == 0 ? line + 2 : line;
	struct slice name = {start, strcspn(start, "=: \t\r")};
	char *rest = skip_spaces(start + name.len);
	bool has_value = *rest != '\0';
	const struct cli_row *row = cli_table_find(name.data, name.len);
	const struct cli_row *negated = row ? NULL : find_negated(name);
	if (negated)
		row = negated;
	if (!row)
		return log_unknown_option(prefix, name);
	if (row->kind >= CLI_CONFIG)
		return log_line_error(prefix, row, "has no place in a configuration");
	if (has_value && row->kind == CLI_FLAG)
		return log_line_error(prefix, row, "takes no value");
	if (!has_value && row->kind != CLI_FLAG && row->kind != CLI_CHECK)
		return log_line_error(prefix, row, "needs a value");
	options_set_config_line(options, row->field, number);
	if (negated) {
		cli_value_unset(options, negated);
		return STATUS_OK;
	}
	if (*rest == '=' || *rest == ':')
		rest = skip_spaces(rest + 1);
	char *value = trim_value(rest);
	return cli_value_set(options, row, has_value ? value : NULL, prefix);
}

/* Replaces the newline at the end of the line by a NUL, and returns the start of the next line. NULL if the
 * line is the last one. */
static char *terminate_line(char *line, const char *end)
{
	char *newline = memchr(line, '\n', (size_t)(end - line));
	if (!newline)
		return NULL;
	*newline = '\0';
	return newline + 1;
}

enum status cli_config_read(struct options *options, const char *path)
{
	static const char byte_order_mark[] = "\xef\xbb\xbf";
	struct buf text;
	enum status status = STATUS_OK;
	buf_init(&text, CONFIG_MAX_BYTES);
	bool was_read = readfile_whole(path, &text);
	int error = errno;
	options_own(options, text.data);
	if (!was_read) {
		log_error("%s: %s", path, readfile_error_text(error));
		return error == ECANCELED ? STATUS_CUT_SHORT : STATUS_USAGE;
	}
	options->config = path;
	const char *end = text.data + text.len;
	char *line = text.data;
	for (size_t number = 1; line && status == STATUS_OK; number++) {
		char prefix[PREFIX_MAX];
		snprintf(prefix, sizeof prefix, "%s:%zu: ", path, number);
		char *next = terminate_line(line, end);
		const char *line_end = next ? next - 1 : end;
		if (strlen(line) != (size_t)(line_end - line)) {
			log_error("%sthe line holds a NUL byte", prefix);
			return STATUS_USAGE;
		}
		while (strncmp(line, byte_order_mark, 3) == 0)
			line += 3;
		line = skip_spaces(line);
		if (*line && *line != '#')
			status = apply_line(options, line, number, prefix);
		line = next;
	}
	return status;
}
