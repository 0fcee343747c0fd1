#include "cli/cli.h"

#include "base/alloc.h"
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

/* getopt's values for the long option of row i, and for the one that takes it back; above every character. */
enum { LONG_BASE = 256, NEGATED_BASE = LONG_BASE + CLI_ROWS_MAX };

enum { NAME_MAX_LEN = 31 };

/* The table in getopt_long's form. */
struct getopt_tables {
	char letters[2 * CLI_ROWS_MAX + 2];
	struct option names[2 * CLI_ROWS_MAX + 1];
	char negated[CLI_ROWS_MAX][NAME_MAX_LEN + 1];
};

/* One option of the command line. The configuration comes before all of them, and which one is read is known
 * only behind the last. */
struct given {
	const struct cli_row *row;
	const char *text; /* NULL: it takes none */
	bool taken_back;
};

struct command_line {
	struct given *given;
	size_t count;
	const char *config; /* NULL: the default one, */
	bool no_config;     /* … or none */
};

static void make_tables(struct getopt_tables *tables)
{
	char *letter = tables->letters;
	struct option *name = tables->names;
	*letter++ = ':'; /* report a missing argument as ':' */
	for (int i = 0; i < (int)cli_table_rows; i++) {
		const struct cli_option *option = &cli_table[i].option;
		int argument = option->value     ? required_argument
		               : option->choices ? optional_argument
		                                 : no_argument;
		*name++ = (struct option){option->name, argument, NULL, LONG_BASE + i};
		if (cli_table[i].kind == CLI_FLAG) {
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

static const struct cli_row *row_of(int code)
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

static void no_such_option(const char *given)
{
	struct buf text;
	buf_init(&text, SIZE_MAX / 2);
	cli_suggest(&text, given);
	log_error("there is no option %s", text.data);
	buf_release(&text);
}

static enum status wrong_option(int code, char **argv)
{
	const char *given = argv[optind - 1];
	if (code == ':')
		log_error("%s needs a value (see areq --help all)", given);
	else if (optopt && optopt < LONG_BASE)
		log_error("there is no option -%c (see areq --help all)", optopt);
	else if (optopt)
		log_error("--%s%s takes no value (see areq --help all)", optopt >= NEGATED_BASE ? "no-" : "",
		    row_of(optopt)->option.name);
	else
		no_such_option(given);
	return STATUS_USAGE;
}

/* What only shows something; text is the value, which may be missing where it is optional. */
static enum status show(const struct cli_row *row, const char *text)
{
	unsigned at = 0;
	if (text && !cli_value_is_choice(row->option.choices, text, &at)) {
		log_error("--%s: \"%s\" is none of these: %s", row->option.name, text, row->option.choices);
		return STATUS_USAGE;
	}
	if (row->kind == CLI_HELP)
		cli_help_print(stdout, text != NULL);
	else if (row->kind == CLI_VERSION)
		cli_help_print_version(stdout);
	else
		cli_completion_print(stdout, (enum cli_shell)at);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return STATUS_OK;
	log_error("stdout: cannot be written: %s", strerror(errno));
	return STATUS_OUTPUT;
}

/* Whoever lists the processes of this machine sees their arguments. */
static const char *take_secret(struct options *options, char *text)
{
	size_t len = strlen(text);
	char *copy = alloc_copy(text, len);
	options_own(options, copy);
	memset(text, ' ', len);
	return copy;
}

static void note(struct command_line *line, struct options *options, int code, char *text)
{
	const struct cli_row *row = row_of(code);
	if (row->kind == CLI_CONFIG)
		line->config = text;
	if (row->kind == CLI_CONFIG || row->kind == CLI_NO_CONFIG) {
		line->no_config = row->kind == CLI_NO_CONFIG;
		return;
	}
	const char *kept = row->kind == CLI_SECRET ? take_secret(options, text) : text;
	line->given = alloc_resize(line->given, line->count + 1, sizeof *line->given);
	line->given[line->count++] = (struct given){row, kept, code >= NEGATED_BASE};
}

/* "--help all" has its word behind it. */
static const char *optional_value(int argc, char **argv)
{
	if (optarg)
		return optarg;
	return optind < argc && strcmp(argv[optind], "all") == 0 ? argv[optind] : NULL;
}

static enum status read_line(
    struct command_line *line, struct options *options, int argc, char **argv, bool *shown)
{
	struct getopt_tables tables = {0};
	make_tables(&tables);
	opterr = 0;
	for (int code; (code = getopt_long(argc, argv, tables.letters, tables.names, NULL)) != -1;) {
		const struct cli_row *row = row_of(code);
		if (!row)
			return wrong_option(code, argv);
		if (row->kind >= CLI_HELP) {
			*shown = true;
			return show(row, row->kind == CLI_HELP ? optional_value(argc, argv) : optarg);
		}
		note(line, options, code, optarg);
	}
	return STATUS_OK;
}

/* It holds while the configuration is read, too, which may be a pipe. */
static enum status apply_deadline(const struct command_line *line, struct options *options)
{
	enum status status = STATUS_OK;
	for (size_t i = 0; i < line->count && status == STATUS_OK; i++) {
		const struct given *given = &line->given[i];
		if (given->row == cli_table_find("deadline", strlen("deadline")))
			status = cli_value_set(options, given->row, given->text, "");
	}
	if (options->deadline_ms)
		stop_at(clock_now_ms() + options->deadline_ms);
	return status;
}

static enum status apply_line(const struct command_line *line, struct options *options)
{
	enum status status = apply_deadline(line, options);
	const char *config = line->no_config ? NULL : line->config;
	if (!config && !line->no_config)
		config = cli_config_default(options);
	if (config && status == STATUS_OK)
		status = cli_config_read(options, config);
	for (size_t i = 0; i < line->count && status == STATUS_OK; i++) {
		const struct given *given = &line->given[i];
		if (given->taken_back)
			cli_value_unset(options, given->row);
		else
			status = cli_value_set(options, given->row, given->text, "");
	}
	return status;
}

static bool is_empty(const char *text)
{
	return text && !*text;
}

static enum status check(const struct options *options)
{
	const char *problem = NULL;
	bool to_file = options->output && strcmp(options->output, "-") != 0;
	if (options->append && !to_file)
		problem = "-a needs -o FILE";
	else if (options->atomic && !to_file)
		problem = "--atomic needs -o FILE";
	else if (options->atomic && options->append)
		problem = "--atomic and -a exclude each other";
	else if (options->repair && !options->append)
		problem = "--repair needs -a";
	else if (options->quiet && options->verbose)
		problem = "-q and -v exclude each other";
	else if ((options->pattern != NULL) + (options->xpath != NULL) + (options->tags != NULL) > 1)
		problem = "-e, --xpath and --tags exclude each other";
	else if (options->null_ends && options->format != FORMAT_URLS)
		problem = "-0 needs --format urls";
	else if (options->same_host && options->external)
		problem = "--same-host and --external exclude each other";
	else if (options->ipv4 && options->ipv6)
		problem = "-4 and -6 exclude each other";
	else if (options->public_only && options->proxy)
		problem = "--public-only and -x exclude each other: a proxy chooses the address itself";
	else if (strpbrk(options->user_agent, "\r\n"))
		problem = "-A: a header cannot hold a line break";
	else if (is_empty(options->output))
		problem = "-o: the name is empty";
	else if (is_empty(options->summary_json))
		problem = "--summary-json: the name is empty";
	if (!problem)
		return STATUS_OK;
	log_error("%s", problem);
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
	    .user_agent = "Mozilla/5.0 (compatible; areq/" AREQ_VERSION ")",
	};
	struct command_line line = {0};
	enum status status = read_line(&line, options, argc, argv, shown);
	if (status == STATUS_OK && !*shown)
		status = apply_line(&line, options);
	free(line.given);
	if (status != STATUS_OK || *shown)
		return status;
	for (int i = optind; i < argc; i++)
		options_list_add(&options->inputs, argv[i]);
	return check(options);
}

void cli_release(struct options *options)
{
	struct option_list *const lists[] = {&options->inputs, &options->headers, &options->includes,
	    &options->excludes, &options->cookies, &options->resolves};
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		free(lists[i]->items);
	for (size_t i = 0; i < options->owned_count; i++)
		free(options->owned[i]);
	free(options->owned);
	*options = (struct options){0};
}
