#include "cli/value.h"

#include "base/ascii.h"
#include "base/attribute.h"
#include "base/log.h"
#include "base/proxy.h"
#include "base/url/url.h"

#include <assert.h>
#include <inttypes.h>
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

static bool parse_rate(const char *text, const struct cli_row *row, int64_t *value)
{
	static const struct unit units[] = {
	    {"", RATE_PER_SECOND}, {"/s", RATE_PER_SECOND}, {"/m", RATE_PER_MINUTE}};
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

static bool parse_depth(const char *text, const struct cli_row *row, int64_t *depth)
{
	unsigned index;
	if (!cli_value_find_choice(row->option.choices, text, &index))
		return parse_number(text, "", row, depth);
	*depth = DEPTH_ALL;
	return true;
}

/* K/N, with K from 1 to N. */
static bool parse_shard(const char *text, const struct cli_row *row, struct option_shard *shard)
{
	struct cli_row number_row = *row;
	struct option_shard parsed;
	char number[16];
	const char *slash = strchr(text, '/');
	if (!slash || (size_t)(slash - text) >= sizeof number)
		return false;
	snprintf(number, sizeof number, "%.*s", (int)(slash - text), text);
	if (!parse_number(slash + 1, "", row, &parsed.count))
		return false;
	number_row.max = parsed.count;
	if (!parse_number(number, "", &number_row, &parsed.number))
		return false;
	*shard = parsed;
	return true;
}

/* Without a value, rows are those of dead links, which every value but "all" includes. */
static bool parse_check(const char *text, const struct cli_row *row, unsigned *kinds)
{
	static const unsigned bits[] = {CHECK_DEAD, CHECK_BLOCKED, CHECK_MOVED, CHECK_ALL};
	*kinds = CHECK_DEAD;
	for (const char *word = text; word;) {
		char name[16];
		unsigned index;
		size_t len = strcspn(word, ",");
		snprintf(name, sizeof name, "%.*s", (int)len, word);
		if (!cli_value_find_choice(row->option.choices, name, &index))
			return false;
		*kinds |= bits[index];
		word = word[len] ? word + len + 1 : NULL;
	}
	return true;
}

static const char *skip_separators(const char *list)
{
	return list + strspn(list, ", ");
}

typedef bool (*is_name_fn)(struct slice name);

/* True if the list, whose names are separated by commas or spaces, has a name and only valid ones. */
static bool is_list(const char *list, is_name_fn is_name)
{
	const char *name = skip_separators(list);
	if (!*name)
		return false;
	while (*name) {
		struct slice slice = {name, strcspn(name, ", ")};
		if (!is_name(slice))
			return false;
		name = skip_separators(name + slice.len);
	}
	return true;
}

/* Parses a list of attributes, of which the last choice stands for all. The others are in the order of enum
 * attribute. */
static bool parse_attributes(const char *list, const struct cli_row *row, uint32_t *set)
{
	char word[ATTRIBUTE_NAME_MAX + 1];
	uint32_t found = 0;
	for (list = skip_separators(list); *list; list = skip_separators(list)) {
		size_t len = strcspn(list, ", ");
		unsigned index;
		if (len > ATTRIBUTE_NAME_MAX)
			return false;
		for (size_t i = 0; i < len; i++)
			word[i] = ascii_lower(list[i]);
		word[len] = '\0';
		if (!cli_value_find_choice(row->option.choices, word, &index))
			return false;
		found |=
		    index < ATTRIBUTE_LAST_LINK ? ATTRIBUTE_BIT(ATTRIBUTE_HREF + index) : ATTRIBUTES_OF_LINKS;
		list += len;
	}
	*set = found;
	return found != 0;
}

/* The names of elements in HTML that XML allows too. Every character that is not ASCII may be part of one. */
static bool is_tag(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];
		if ((unsigned char)c < 0x80 && !ascii_is_alphanumeric(c) && !strchr("-._:", c))
			return false;
	}
	return !ascii_is_digit(name.data[0]) && !strchr("-.:", name.data[0]);
}

/* RFC 3986, section 3.1. */
static bool is_scheme(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		if (!ascii_is_alphanumeric(name.data[i]) && !strchr("+-.", name.data[i]))
			return false;
	}
	return ascii_is_letter(name.data[0]);
}

/* RFC 9309, section 2.2.1. */
static bool is_token(const char *text)
{
	const char *end = text;
	while (ascii_is_letter(*end) || *end == '-' || *end == '_')
		end++;
	return end > text && !*end;
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

/* Appends an amount in the largest unit that gives a whole number, or else in the smallest unit. The units
 * are those from the largest to the smallest, which is 1 or stands before {NULL}. */
static void append_amount(struct buf *text, int64_t amount, const struct unit *units)
{
	char number[32];
	while (amount % (int64_t)units->factor != 0 && units[1].name)
		units++;
	snprintf(number, sizeof number, "%.15g", (double)amount / units->factor);
	buf_append_text(text, number);
	buf_append_text(text, units->name);
}

void cli_value_append_range(struct buf *text, const struct cli_row *row)
{
	static const struct unit times[] = {{"h", 36e5}, {"m", 6e4}, {"s", 1e3}, {"ms", 1}},
	                         sizes[] = {{"G", 1 << 30}, {"M", 1 << 20}, {"k", 1 << 10}, {"", 1}},
	                         rates[] = {{"/s", RATE_PER_SECOND}, {"/m", RATE_PER_MINUTE}, {NULL, 0}},
	                         percents[] = {{"%", 1}}, numbers[] = {{"", 1}};
	const struct unit *units = row->kind == CLI_TIME      ? times
	                           : row->kind == CLI_SIZE    ? sizes
	                           : row->kind == CLI_RATE    ? rates
	                           : row->kind == CLI_FAIL_ON ? percents
	                                                      : numbers;
	/* A time that is not 0 must not be rounded to 0. */
	bool has_gap = row->kind == CLI_TIME && row->min == 0;
	if (row->max == 0)
		return;
	append_amount(text, has_gap ? 1 : row->min, units);
	buf_append_text(text, " to ");
	append_amount(text, row->max, units);
	if (has_gap)
		buf_append_text(text, ", or 0");
}

static enum status log_wrong_value(const struct cli_row *row, const char *text, const char *prefix)
{
	struct buf wanted, shown;
	buf_init(&wanted, SIZE_MAX / 2);
	buf_init(&shown, SIZE_MAX / 2);
	url_append_redacted(&shown, text);
	switch (row->kind) {
	case CLI_NUMBER:
		buf_append_text(&wanted, "a whole number from ");
		cli_value_append_range(&wanted, row);
		break;
	case CLI_TIME:
		buf_append_text(&wanted, "a time such as 10, 500ms or 2m, from ");
		cli_value_append_range(&wanted, row);
		break;
	case CLI_SIZE:
		buf_append_text(&wanted, "a size such as 1000, 64k or 16M, from ");
		cli_value_append_range(&wanted, row);
		break;
	case CLI_RATE:
		buf_append_text(&wanted, "a rate such as 10, 0.5/s or 30/m, from ");
		cli_value_append_range(&wanted, row);
		break;
	case CLI_FAIL_ON:
		buf_append_text(&wanted, "any, all, never or a percentage from ");
		cli_value_append_range(&wanted, row);
		break;
	case CLI_DEPTH:
		buf_append_text(&wanted, "all or a whole number from ");
		cli_value_append_range(&wanted, row);
		break;
	case CLI_SHARD:
		buf_append_text(&wanted, "a shard such as 2/5: K/N with K from 1 to N, and N from ");
		cli_value_append_range(&wanted, row);
		break;
	case CLI_CHECK:
		buf_append_text(&wanted, "a list of ");
		append_choices(&wanted, row->option.choices);
		break;
	case CLI_CHOICE:
		append_choices(&wanted, row->option.choices);
		break;
	case CLI_HEADER:
		buf_append_text(&wanted, "of the form 'Name: value'");
		break;
	case CLI_TEXT:
		buf_append_text(&wanted, "one line");
		break;
	case CLI_ATTRS:
		buf_append_text(&wanted, "a list of words among ");
		append_choices(&wanted, row->option.choices);
		break;
	case CLI_TAGS:
		buf_append_text(&wanted, "a list of elements such as a,area");
		break;
	case CLI_SCHEMES:
		buf_append_text(&wanted, "a list of schemes such as http,https");
		break;
	case CLI_TOKEN:
		buf_append_text(&wanted, "a name of letters, '-' and '_'");
		break;
	case CLI_PROXY:
		buf_append_text(&wanted, PROXY_EXAMPLES);
		break;
	default:
		break;
	}
	if (wanted.len)
		log_error("%s--%s: \"%s\" is not %s", prefix, row->option.name, shown.data, wanted.data);
	else
		log_error("%s--%s: the value is empty", prefix, row->option.name);
	buf_release(&wanted);
	buf_release(&shown);
	return STATUS_USAGE;
}

/* True if the text is "Name: value", or "Name;" for a header without a value, and has no line break, which
 * would begin another header. */
static bool is_header(const char *text)
{
	size_t name = strcspn(text, ":;");
	return name > 0 && text[name] != '\0' && !strpbrk(text, "\r\n");
}

static bool is_valid_text(enum cli_kind kind, const char *text)
{
	switch (kind) {
	case CLI_TEXT:
		return !strpbrk(text, "\r\n");
	case CLI_SECRET: /* cli_password_ask checks it */
		return true;
	case CLI_TAGS:
		return is_list(text, is_tag);
	case CLI_SCHEMES:
		return is_list(text, is_scheme);
	case CLI_TOKEN:
		return is_token(text);
	case CLI_PROXY:
		return !*text || proxy_is_valid(text);
	default:
		return *text != '\0';
	}
}

enum status cli_value_set(
    struct options *options, const struct cli_row *row, const char *text, const char *prefix)
{
	void *field = (char *)options + row->field;
	bool is_valid = true;
	assert(text || row->kind == CLI_FLAG || row->kind == CLI_CHECK);
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
	case CLI_DEPTH:
		is_valid = parse_depth(text, row, field);
		break;
	case CLI_RATE:
		is_valid = parse_rate(text, row, field);
		break;
	case CLI_FAIL_ON:
		is_valid = parse_fail_on(text, row, field);
		break;
	case CLI_SHARD:
		is_valid = parse_shard(text, row, field);
		break;
	case CLI_CHECK:
		is_valid = parse_check(text, row, field);
		break;
	case CLI_CHOICE: {
		unsigned index;
		is_valid = cli_value_find_choice(row->option.choices, text, &index);
		if (is_valid)
			*(unsigned *)field = index;
		break;
	}
	case CLI_ATTRS:
		is_valid = parse_attributes(text, row, field);
		break;
	case CLI_HEADER:
		is_valid = is_header(text);
		if (is_valid)
			options_list_add(field, text);
		break;
	case CLI_LIST:
	case CLI_NAMES:
		is_valid = row->kind == CLI_LIST || *text != '\0';
		if (is_valid)
			options_list_add(field, text);
		break;
	default:
		is_valid = is_valid_text(row->kind, text);
		if (is_valid)
			*(const char **)field = text;
		break;
	}
	return is_valid ? STATUS_OK : log_wrong_value(row, text, prefix);
}

void cli_value_unset(struct options *options, const struct cli_row *row)
{
	void *field = (char *)options + row->field;
	if (row->kind == CLI_FLAG)
		*(bool *)field = false;
	else if (row->kind == CLI_CHECK)
		*(unsigned *)field = 0;
	else if (row->kind == CLI_ATTRS)
		*(uint32_t *)field = 0;
	else if (row->kind == CLI_DEPTH || row->kind == CLI_TIME)
		*(int64_t *)field = 0;
	else
		*(const char **)field = NULL;
}

bool cli_value_is_set(const struct options *options, const struct cli_row *row)
{
	const void *field = (const char *)options + row->field;
	if (row->kind == CLI_FLAG)
		return *(const bool *)field;
	if (row->kind == CLI_ATTRS)
		return *(const uint32_t *)field != 0;
	if (row->kind == CLI_DEPTH || row->kind == CLI_TIME)
		return *(const int64_t *)field != 0;
	if (row->kind == CLI_SHARD)
		return ((const struct option_shard *)field)->count != 0;
	if (row->kind == CLI_CHECK)
		return *(const unsigned *)field != 0;
	const char *text = *(const char *const *)field;
	return text && *text;
}
