#include "cli/value.h"

#include "base/buf.h"
#include "base/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *name;
	double factor;
};

/* Parses a number that is followed by one of the units. *value is the number times the factor of the unit,
 * and must be in the range of the row. */
static bool parse_with_unit(
    const char *text, const struct unit *units, size_t count, const struct cli_row *row, int64_t *value)
{
	/* Only these characters are passed to strtod, which would also accept "inf", "0x1p3" and a sign. */
	size_t digits = strspn(text, "0123456789.");
	if (digits == 0 || digits > 20)
		return false;
	char number[32];
	char *end;
	memcpy(number, text, digits);
	number[digits] = '\0';
	double amount = strtod(number, &end);
	if (*end != '\0')
		return false;
	for (size_t i = 0; i < count; i++) {
		if (strcasecmp(text + digits, units[i].name) != 0)
			continue;
		amount *= units[i].factor;
		if (amount < (double)row->min || amount > (double)row->max)
			return false;
		*value = (int64_t)(amount + 0.5);
		/* A small number must not be rounded to 0, because 0 often means that there is no limit. */
		return amount <= 0 || *value > 0;
	}
	return false;
}

static bool parse_time(const char *text, const struct cli_row *row, int64_t *value)
{
	static const struct unit units[] = {{"", 1e3}, {"s", 1e3}, {"ms", 1}, {"m", 6e4}, {"h", 36e5}};
	return parse_with_unit(text, units, sizeof units / sizeof *units, row, value);
}

static bool parse_size(const char *text, const struct cli_row *row, int64_t *value)
{
	static const struct unit units[] = {{"", 1}, {"b", 1}, {"k", 1 << 10}, {"kb", 1 << 10},
	    {"kib", 1 << 10}, {"m", 1 << 20}, {"mb", 1 << 20}, {"mib", 1 << 20}, {"g", 1 << 30},
	    {"gb", 1 << 30}, {"gib", 1 << 30}};
	return parse_with_unit(text, units, sizeof units / sizeof *units, row, value);
}

static bool parse_number(const char *text, const char *unit, const struct cli_row *row, int64_t *value)
{
	const struct unit units[] = {{unit, 1}};
	return !strchr(text, '.') && parse_with_unit(text, units, 1, row, value);
}

bool cli_value_find_choice(const char *choices, const char *text, unsigned *index)
{
	size_t len = strlen(text);
	*index = 0;
	for (const char *word = choices; len; word += 1) {
		size_t word_len = strcspn(word, " ");
		if (word_len == len && memcmp(word, text, len) == 0)
			return true;
		word += word_len;
		if (!*word)
			break;
		++*index;
	}
	return false;
}

static bool parse_fail_on(const char *text, const struct cli_row *row, int64_t *percent)
{
	static const int64_t percents[] = {FAIL_ON_ANY, 100, FAIL_ON_NEVER};
	unsigned index;
	if (!cli_value_find_choice(row->option.choices, text, &index))
		return parse_number(text, "%", row, percent);
	assert(index < sizeof percents / sizeof *percents);
	*percent = percents[index];
	return true;
}

/* Appends the choices in words, such as "tsv, csv, jsonl or urls". */
static void append_choices(struct buf *text, const char *choices)
{
	for (const char *word = choices; *word;) {
		size_t len = strcspn(word, " ");
		bool last = !strchr(word, ' ');
		if (word != choices)
			buf_append_text(text, last ? " or " : ", ");
		buf_append(text, word, len);
		word += len + !last;
	}
}

static enum status log_wrong_value(const struct cli_row *row, const char *text, const char *prefix)
{
	struct buf wanted;
	buf_init(&wanted, SIZE_MAX / 2);
	switch (row->kind) {
	case CLI_TIME:
		buf_append_text(&wanted, "a time such as 10, 500ms or 2m in its range");
		break;
	case CLI_SIZE:
		buf_append_text(&wanted, "a size such as 1000, 64k or 16M in its range");
		break;
	case CLI_FAIL_ON:
		buf_append_text(&wanted, "any, all, never or a percentage in its range");
		break;
	case CLI_CHOICE:
		append_choices(&wanted, row->option.choices);
		break;
	case CLI_HEADER:
		buf_append_text(&wanted, "of the form 'Name: value'");
		break;
	default:
		buf_append_text(&wanted, "a whole number in its range");
		break;
	}
	log_error("%s--%s: \"%s\" is not %s", prefix, row->option.name, text, wanted.data);
	buf_release(&wanted);
	return STATUS_USAGE;
}

/* True if the text is "Name: value", or "Name;" for a header without a value, and has no line break, which
 * would begin another header. */
static bool is_header(const char *text)
{
	size_t name = strcspn(text, ":;");
	return name > 0 && text[name] != '\0' && !strpbrk(text, "\r\n");
}

enum status cli_value_set(
    struct options *options, const struct cli_row *row, const char *text, const char *prefix)
{
	void *field = (char *)options + row->field;
	bool is_valid = true;
	switch (row->kind) {
	case CLI_FLAG:
		*(bool *)field = true;
		break;
	case CLI_NUMBER:
		is_valid = parse_number(text, "", row, field);
		break;
	case CLI_TIME:
		is_valid = parse_time(text, row, field);
		break;
	case CLI_SIZE:
		is_valid = parse_size(text, row, field);
		break;
	case CLI_FAIL_ON:
		is_valid = parse_fail_on(text, row, field);
		break;
	case CLI_CHOICE: {
		unsigned index;
		is_valid = cli_value_find_choice(row->option.choices, text, &index);
		if (is_valid)
			*(unsigned *)field = index;
		break;
	}
	case CLI_HEADER:
		is_valid = is_header(text);
		if (is_valid)
			options_list_add(field, text);
		break;
	case CLI_LIST:
		options_list_add(field, text);
		break;
	default:
		*(const char **)field = text;
		break;
	}
	return is_valid ? STATUS_OK : log_wrong_value(row, text, prefix);
}

void cli_value_unset(struct options *options, const struct cli_row *flag)
{
	*(bool *)((char *)options + flag->field) = false;
}
