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

/* A number with one of the units behind it, from min to max in the smallest unit. */
static bool parse_amount(
    const char *text, const struct unit *units, size_t count, const struct cli_row *row, int64_t *value)
{
	/* strtod would also take "inf", "0x1p3" and a sign. */
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
		/* Too little to be counted is not nothing, which often means no limit. */
		return amount <= 0 || *value > 0;
	}
	return false;
}

static bool parse_time(const char *text, const struct cli_row *row, int64_t *value)
{
	static const struct unit units[] = {{"", 1e3}, {"s", 1e3}, {"ms", 1}, {"m", 6e4}, {"h", 36e5}};
	return parse_amount(text, units, sizeof units / sizeof *units, row, value);
}

static bool parse_size(const char *text, const struct cli_row *row, int64_t *value)
{
	static const struct unit units[] = {{"", 1}, {"b", 1}, {"k", 1 << 10}, {"kb", 1 << 10},
	    {"kib", 1 << 10}, {"m", 1 << 20}, {"mb", 1 << 20}, {"mib", 1 << 20}, {"g", 1 << 30},
	    {"gb", 1 << 30}, {"gib", 1 << 30}};
	return parse_amount(text, units, sizeof units / sizeof *units, row, value);
}

static bool parse_number(const char *text, const char *unit, const struct cli_row *row, int64_t *value)
{
	const struct unit units[] = {{unit, 1}};
	return !strchr(text, '.') && parse_amount(text, units, 1, row, value);
}

bool cli_value_is_choice(const char *choices, const char *text, unsigned *at)
{
	size_t len = strlen(text);
	*at = 0;
	for (const char *word = choices; len; word += 1) {
		size_t word_len = strcspn(word, " ");
		if (word_len == len && memcmp(word, text, len) == 0)
			return true;
		word += word_len;
		if (!*word)
			break;
		++*at;
	}
	return false;
}

static bool parse_fail_on(const char *text, const struct cli_row *row, int64_t *percent)
{
	static const int64_t percents[] = {FAIL_ON_ANY, 100, FAIL_ON_NEVER};
	unsigned at;
	if (!cli_value_is_choice(row->option.choices, text, &at))
		return parse_number(text, "%", row, percent);
	assert(at < sizeof percents / sizeof *percents);
	*percent = percents[at];
	return true;
}

/* "tsv, csv, jsonl or urls" */
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

static enum status complain(const struct cli_row *row, const char *text, const char *place)
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
	log_error("%s--%s: \"%s\" is not %s", place, row->option.name, text, wanted.data);
	buf_release(&wanted);
	return STATUS_USAGE;
}

/* A header that cannot be sent whole would be sent as something else. */
static bool is_header(const char *text)
{
	size_t name = strcspn(text, ":;");
	return name > 0 && text[name] != '\0' && !strpbrk(text, "\r\n");
}

enum status cli_value_set(
    struct options *options, const struct cli_row *row, const char *text, const char *place)
{
	void *field = (char *)options + row->field;
	bool good = true;
	switch (row->kind) {
	case CLI_FLAG:
		*(bool *)field = true;
		break;
	case CLI_NUMBER:
		good = parse_number(text, "", row, field);
		break;
	case CLI_TIME:
		good = parse_time(text, row, field);
		break;
	case CLI_SIZE:
		good = parse_size(text, row, field);
		break;
	case CLI_FAIL_ON:
		good = parse_fail_on(text, row, field);
		break;
	case CLI_CHOICE: {
		unsigned at;
		good = cli_value_is_choice(row->option.choices, text, &at);
		if (good)
			*(unsigned *)field = at;
		break;
	}
	case CLI_HEADER:
		good = is_header(text);
		if (good)
			options_list_add(field, text);
		break;
	case CLI_LIST:
		options_list_add(field, text);
		break;
	default:
		*(const char **)field = text;
		break;
	}
	return good ? STATUS_OK : complain(row, text, place);
}

void cli_value_unset(struct options *options, const struct cli_row *flag)
{
	*(bool *)((char *)options + flag->field) = false;
}
