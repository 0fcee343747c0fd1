#include "cli/cli.h"

#include "base/alloc.h"
#include "base/attribute.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "cli/completion.h"
#include "cli/config.h"
#include "cli/help.h"
#include "cli/suggest.h"
#include "cli/table.h"
#include "cli/value.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* getopt_long returns LONG_BASE + i for the long option of row i, and NEGATED_BASE + i for its --no-NAME.
 * Both are above every character. */
enum { LONG_BASE = 256, NEGATED_BASE = LONG_BASE + CLI_ROWS_MAX };

enum { NAME_MAX_LEN = 31 };

/* The table of options in the form that getopt_long needs. */
struct getopt_tables {
	char letters[2 * CLI_ROWS_MAX + 2];
	struct option names[2 * CLI_ROWS_MAX + 1];
	char negated[CLI_ROWS_MAX][NAME_MAX_LEN + 1];
};

/* One option of the command line. All options are recorded first and applied later: the configuration is
 * applied before them, and which configuration that is may depend on the last option. */
struct given_option {
	const struct cli_row *row;
	const char *text; /* the value; NULL if the option takes none */
	bool is_negated;  /* it was given as --no-NAME */
};

struct command_line {
	struct given_option *given;
	size_t count;
	/* rows whose option was given, or that must yield to an option that was given */
	bool decided[CLI_ROWS_MAX];
	const char *config; /* the configuration file; NULL for the default one */
	bool no_config;     /* no configuration file is read */
};

static void fill_tables(struct getopt_tables *tables)
{
	char *letter = tables->letters;
	struct option *name = tables->names;
	*letter++ = ':'; /* makes getopt_long return ':' for a missing argument */
	for (int i = 0; i < (int)cli_table_rows; i++) {
		const struct cli_option *option = &cli_table[i].option;
		int argument = cli_option_value_is_optional(option) ? optional_argument
		               : option->value                      ? required_argument
		                                                    : no_argument;
		*name++ = (struct option){option->name, argument, NULL, LONG_BASE + i};
		if (cli_table[i].kind == CLI_FLAG || cli_table[i].kind == CLI_CHECK) {
			snprintf(tables->negated[i], sizeof tables->negated[i], "no-%s", option->name);
			*name++ = (struct option){tables->negated[i], no_argument, NULL, NEGATED_BASE + i};
		}
		if (option->letter) {
			*letter++ = option->letter;
			if (option->value)
				*letter++ = ':';
		}
	}
}

static const struct cli_row *find_row(int code)
{
	if (code >= NEGATED_BASE)
		return &cli_table[code - NEGATED_BASE];
	if (code >= LONG_BASE)
		return &cli_table[code - LONG_BASE];
	for (size_t i = 0; i < cli_table_rows; i++) {
		if (cli_table[i].option.letter == code)
			return &cli_table[i];
	}
	return NULL;
}

static void log_unknown_option(const char *given)
{
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	cli_suggest(&text, given);
	log_error("there is no option %s", text.data);
	buf_release(&text);
}

static enum status log_wrong_option(int code, char **argv)
{
	const char *given = argv[optind - 1];
	if (code == ':')
		log_error("%s needs a value (see areq --help all)", given);
	else if (optopt && optopt < LONG_BASE)
		log_error("there is no option -%c (see areq --help all)", optopt);
	else if (optopt)
		log_error("--%s%s takes no value (see areq --help all)", optopt >= NEGATED_BASE ? "no-" : "",
		    find_row(optopt)->option.name);
	else
		log_unknown_option(given);
	return STATUS_USAGE;
}

/* Handles an option that only prints something. text is its value; NULL if an optional value is missing. */
static enum status print_information(const struct cli_row *row, const char *text)
{
	unsigned index = 0;
	if (text && !cli_value_find_choice(row->option.choices, text, &index)) {
		log_error("--%s: \"%s\" is none of these: %s", row->option.name, text, row->option.choices);
		return STATUS_USAGE;
	}
	if (row->kind == CLI_HELP)
		cli_help_print(stdout, text != NULL);
	else if (row->kind == CLI_VERSION)
		cli_help_print_version(stdout);
	else
		cli_completion_print(stdout, (enum cli_shell)index);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return STATUS_OK;
	return log_output_error("stdout", "cannot be written");
}

/* Copies a secret and wipes it off argv, because all users of the machine can see the arguments of its
 * processes. */
static const char *copy_and_wipe(struct options *options, char *text)
{
	size_t len = strlen(text);
	char *copy = alloc_copy(text, len);
	options_own(options, copy);
	memset(text, ' ', len);
	return copy;
}

static void record_option(struct command_line *line, struct options *options, int code, char *text)
{
	const struct cli_row *row = find_row(code);
	if (row->kind == CLI_CONFIG)
		line->config = text;
	if (row->kind == CLI_CONFIG || row->kind == CLI_NO_CONFIG) {
		line->no_config = row->kind == CLI_NO_CONFIG;
		return;
	}
	const char *kept = row->kind == CLI_SECRET ? copy_and_wipe(options, text) : text;
	line->decided[row - cli_table] = true;
	line->given = alloc_resize(line->given, line->count + 1, sizeof *line->given);
	line->given[line->count++] = (struct given_option){row, kept, code >= NEGATED_BASE};
}

/* The value of --help. getopt_long takes an optional value only in the form --help=all, but --help all is the
 * usual one. */
static const char *optional_value(int argc, char **argv)
{
	if (optarg)
		return optarg;
	return optind < argc && strcmp(argv[optind], "all") == 0 ? argv[optind] : NULL;
}

static enum status parse_arguments(
    struct command_line *line, struct options *options, int argc, char **argv, bool *shown)
{
	struct getopt_tables tables = {0};
	fill_tables(&tables);
	opterr = 0;
	for (int code; (code = getopt_long(argc, argv, tables.letters, tables.names, NULL)) != -1;) {
		const struct cli_row *row = find_row(code);
		if (!row)
			return log_wrong_option(code, argv);
		if (row->kind >= CLI_HELP) {
			*shown = true;
			return print_information(
			    row, row->kind == CLI_HELP ? optional_value(argc, argv) : optarg);
		}
		record_option(line, options, code, optarg);
	}
	return STATUS_OK;
}

/* Applies --deadline first, because the deadline also holds while the configuration is read, which may be a
 * slow pipe. */
static enum status apply_deadline(const struct command_line *line, struct options *options)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < line->count && status == STATUS_OK; i++) {
		const struct given_option *given = &line->given[i];
		if (given->row == cli_table_find("deadline", strlen("deadline")))
			status = cli_value_set(options, given->row, given->text, "");
	}
	if (options->deadline_ms)
		stop_at(clock_now_ms() + options->deadline_ms);
	return status;
}

static enum status apply_options(const struct command_line *line, struct options *options)
{
	enum status status = apply_deadline(line, options);
	const char *config = line->no_config ? NULL : line->config;
	if (!config && !line->no_config)
		config = cli_config_default(options);
	if (config && !*config && status == STATUS_OK) {
		log_error("--config: the value is empty");
		status = STATUS_USAGE;
	}
	if (config && status == STATUS_OK)
		status = cli_config_read(options, config);
	for (size_t i = 0; i < line->count && status == STATUS_OK; i++) {
		const struct given_option *given = &line->given[i];
		options_set_config_line(options, given->row->field, 0);
		if (given->is_negated)
			cli_value_unset(options, given->row);
		else
			status = cli_value_set(options, given->row, given->text, "");
	}
	return status;
}

/* Two options of which the first needs the other, or excludes it. */
struct rule {
	const char *name, *other;
	const char *need; /* the other option must have this value; NULL if the two exclude each other */
	const char *why;  /* the end of the message; may be NULL */
	bool is_of_runs;  /* it does not hold for --replay */
};

static const struct rule rules[] = {
    {.name = "append", .other = "output", .need = " FILE"},
    {.name = "atomic", .other = "output", .need = " FILE"},
    {.name = "atomic", .other = "append"},
    {.name = "repair", .other = "append", .need = ""},
    {.name = "elsewhere", .other = "shard", .need = " K/N"},
    {.name = "quiet", .other = "verbose"},
    {.name = "regexp", .other = "xpath"},
    {.name = "regexp", .other = "tags"},
    {.name = "xpath", .other = "tags"},
    {.name = "regexp", .other = "attrs"},
    {.name = "xpath", .other = "attrs"},
    {.name = "null", .other = "format", .need = " urls"},
    {.name = "same-host", .other = "external"},
    {.name = "fragments", .other = "check", .need = ""},
    {.name = "fragments", .other = "strip-fragment"},
    {.name = "http3", .other = "http1.1"},
    {.name = "http3", .other = "proxy", .why = ": libcurl has no HTTP/3 through a proxy"},
    {.name = "ipv4", .other = "ipv6"},
    {.name = "ordered", .other = "depth", .why = ": what a crawl finds has no place in the list"},
    {.name = "ordered", .other = "sitemaps", .why = ": what they name has no place in the list"},
    {.name = "ordered", .other = "check", .why = ": a link is known to be dead when its target is"},
    {.name = "restart", .other = "state", .need = " FILE"},
    {.name = "max-age", .other = "state", .need = " FILE"},
    {.name = "changes", .other = "state", .need = " FILE"},
    {.name = "changes-to", .other = "state", .need = " FILE"},
    {.name = "changes", .other = "changes-to", .why = ": the one replaces all rows, the other has both"},
    {.name = "changes", .other = "check", .why = ": --changes-to FILE has the changes beside the dead links"},
    {.name = "changes", .other = "atomic", .why = ": changes that are left out would never come again"},
    {.name = "changes", .other = "unique", .why = ": a change is that of one page"},
    {.name = "replay", .other = "state", .need = " FILE"},
    {.name = "state", .other = "append", .is_of_runs = true, .why = ": the state says where rows go on"},
    {.name = "state", .other = "ordered", .why = ": a run that goes on has no order"},
    {.name = "public-only", .other = "proxy", .why = ": a proxy chooses the address itself"},
};

/* The row of the option with that name, which there must be. */
static const struct cli_row *row_of(const char *name)
{
	return cli_table_find(name, strlen(name));
}

static bool is_need_met(const struct options *options, const struct cli_row *other)
{
	if (other->kind == CLI_CHOICE)
		return options->format == FORMAT_URLS;
	bool is_stdout = other->kind == CLI_NAME && options->output && strcmp(options->output, "-") == 0;
	return cli_value_is_set(options, other) && !is_stdout;
}

static bool is_broken(const struct options *options, const struct rule *rule)
{
	const struct cli_row *other = row_of(rule->other);
	if (!cli_value_is_set(options, row_of(rule->name)) || (rule->is_of_runs && options->replay))
		return false;
	return rule->need ? !is_need_met(options, other) : cli_value_is_set(options, other);
}

/* Appends an option by its letter, if it has one, or by its name as in the configuration that it is from. */
static void append_option(const struct options *options, const struct cli_row *row, struct buf *text)
{
	bool has_letter = row->option.letter && !options_config_line(options, row->field);
	buf_append_text(text, has_letter ? "-" : "--");
	if (has_letter)
		buf_append_byte(text, row->option.letter);
	else
		buf_append_text(text, row->option.name);
}

static enum status log_broken(const struct options *options, const struct rule *rule)
{
	const struct cli_row *row = row_of(rule->name), *other = row_of(rule->other);
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	append_option(options, row, &text);
	options_append_origin(options, row->field, &text);
	buf_append_text(&text, rule->need ? " needs " : " and ");
	append_option(options, other, &text);
	if (rule->need)
		buf_append_text(&text, rule->need);
	options_append_origin(options, other->field, &text);
	if (!rule->need)
		buf_append_text(&text, " exclude each other");
	if (rule->why)
		buf_append_text(&text, rule->why);
	log_error("%s", text.data);
	buf_release(&text);
	return STATUS_USAGE;
}

/* Takes back an option of the configuration that contradicts an option of the command line. False if the
 * option is not one of the configuration, or the other one not one of the command line. */
static bool yields(struct options *options, struct command_line *line, const char *name, const char *other)
{
	const struct cli_row *row = row_of(name);
	if (!options_config_line(options, row->field) || !line->decided[row_of(other) - cli_table])
		return false;
	cli_value_unset(options, row);
	line->decided[row - cli_table] = true;
	return true;
}

/* --public-only is a protection, so that no other option takes it back. */
static bool is_protection(const char *name)
{
	return strcmp(name, "public-only") == 0;
}

static enum status check_rules(struct options *options, struct command_line *line)
{
	for (const struct rule *rule = rules; rule < rules + sizeof rules / sizeof *rules; rule++) {
		if (!is_broken(options, rule))
			continue;
		bool is_solved = !is_protection(rule->name) && yields(options, line, rule->name, rule->other);
		if (!is_solved && !rule->need)
			is_solved = yields(options, line, rule->other, rule->name);
		if (!is_solved)
			return log_broken(options, rule);
	}
	return STATUS_OK;
}

static void append_attributes(struct buf *text, uint32_t set)
{
	size_t count = 0;
	for (enum attribute i = ATTRIBUTE_HREF; i <= ATTRIBUTE_LAST_LINK; i++) {
		if (!(set & ATTRIBUTE_BIT(i)))
			continue;
		buf_append_text(text, count++ ? "," : "");
		buf_append_text(text, attribute_word(i));
	}
}

/* Fails if no element of --tags can have a link, because none has an attribute of --attrs. */
static enum status check_tags(const struct options *options)
{
	const char *tags = options->tags ? options->tags : "";
	uint32_t wanted = options_attributes(options), possible = 0;
	for (tags += strspn(tags, ", "); *tags; tags += strspn(tags, ", ")) {
		size_t len = strcspn(tags, ", ");
		possible |= attribute_set_of_element((struct slice){tags, len});
		tags += len;
	}
	if (!options->tags || possible & wanted)
		return STATUS_OK;
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	buf_append_text(&text, "--tags ");
	buf_append_text(&text, options->tags);
	options_append_origin(options, offsetof(struct options, tags), &text);
	buf_append_text(&text, " has no links in the attribute ");
	append_attributes(&text, wanted);
	options_append_origin(options, offsetof(struct options, attributes), &text);
	buf_append_text(&text, "; try --attrs ");
	append_attributes(&text, possible);
	log_error("%s", text.data);
	buf_release(&text);
	return STATUS_USAGE;
}

static enum status add_inputs(struct options *options, int argc, char **argv)
{
	for (int i = optind; i < argc; i++) {
		if (!*argv[i]) {
			log_error("an argument is empty, and so neither a file nor a URL");
			return STATUS_USAGE;
		}
		options_list_add(&options->inputs, argv[i]);
	}
	return STATUS_OK;
}

/* Changes need the page that they are of. */
static enum status check_changes(const struct options *options)
{
	if (options->format != FORMAT_URLS || !(options->changes || options->changes_to))
		return STATUS_OK;
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	append_option(options, row_of(options->changes ? "changes" : "changes-to"), &text);
	buf_append_text(&text, " and --format urls");
	options_append_origin(options, offsetof(struct options, format), &text);
	buf_append_text(&text, " exclude each other: a change is that of one page");
	log_error("%s", text.data);
	buf_release(&text);
	return STATUS_USAGE;
}

/* What --replay may be combined with: the rest says how to fetch, or what to write about that. */
static bool counts_with_replay(const struct cli_row *row)
{
	static const char *const names[] = {"replay", "state", "output", "append", "repair", "atomic", "lock",
	    "no-header", "format", "null", "schemes", "include", "exclude", "same-host", "external",
	    "strip-fragment", "unique", "deadline", "verbose", "quiet", "color"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (row == row_of(names[i]))
			return true;
	}
	return false;
}

/* Options of the configuration that do not count with --replay are ignored. */
static enum status check_replay(const struct options *options, const struct command_line *line)
{
	if (!options->replay)
		return STATUS_OK;
	for (size_t i = 0; i < line->count; i++) {
		const struct given_option *given = &line->given[i];
		if (given->is_negated || counts_with_replay(given->row))
			continue;
		log_error(
		    "--replay and --%s exclude each other: nothing is fetched", given->row->option.name);
		return STATUS_USAGE;
	}
	if (options->inputs.count == 0)
		return STATUS_OK;
	log_error("--replay takes no list, and so no %s: its rows are those of the last run",
	    options->inputs.items[0]);
	return STATUS_USAGE;
}

enum status cli_parse(struct options *options, int argc, char **argv, bool *shown)
{
	*shown = false;
	*options = (struct options){
	    .jobs = 64,
	    .per_host = 6,
	    .connect_timeout_ms = 10000,
	    .timeout_ms = 30000,
	    .retries = 2,
	    .host_errors = 10,
	    .host_patience_ms = 300 * 1000,
	    .max_retry_after_ms = 60000,
	    .max_redirs = 20,
	    .max_size = 16 << 20,
	    .max_output = 128 << 20,
	    .max_crawl_delay_ms = 60000,
	    .user_agent = "Mozilla/5.0 (compatible; areq/" AREQ_VERSION ")",
	};
	struct command_line line = {0};
	enum status status = parse_arguments(&line, options, argc, argv, shown);
	if (status == STATUS_OK && !*shown)
		status = apply_options(&line, options);
	if (status == STATUS_OK && !*shown)
		status = add_inputs(options, argc, argv);
	if (status == STATUS_OK && !*shown)
		status = check_replay(options, &line);
	if (status == STATUS_OK && !*shown)
		status = check_rules(options, &line);
	if (status == STATUS_OK && !*shown)
		status = check_changes(options);
	if (status == STATUS_OK && !*shown)
		status = check_tags(options);
	free(line.given);
	return status;
}

void cli_release(struct options *options)
{
	struct option_list *const lists[] = {&options->inputs, &options->headers, &options->includes,
	    &options->excludes, &options->follow, &options->no_follow, &options->cookies, &options->resolves};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		free(lists[i]->items);
	for (size_t i = 0; i < options->owned_count; i++)
		free(options->owned[i]);
	free(options->owned);
	free(options->config_lines);
	*options = (struct options){0};
}
