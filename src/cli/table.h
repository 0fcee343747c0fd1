/* The table of all options. The parser, the configuration, --help and the completions are made from its
 * rows. */
#ifndef AREQ_CLI_TABLE_H
#define AREQ_CLI_TABLE_H

#include "cli/cli.h"

#include <stddef.h>
#include <stdint.h>

/* The type of an option's value, and of the field of struct options that it sets. */
enum cli_kind {
	CLI_FLAG,    /* bool: set by --NAME, cleared by --no-NAME */
	CLI_NUMBER,  /* int64_t from min to max */
	CLI_TIME,    /* int64_t from min to max, in ms */
	CLI_SIZE,    /* int64_t from min to max, in bytes */
	CLI_DEPTH,   /* int64_t from min to max, or the choice all: DEPTH_ALL */
	CLI_RATE,    /* int64_t from min to max, in RATE_PER_SECOND or RATE_PER_MINUTE */
	CLI_CHECK,   /* unsigned: CHECK_… joined; the value is optional */
	CLI_SHARD,   /* struct option_shard: the number and the count, which is at most max */
	CLI_FAIL_ON, /* int64_t: a percentage from min to max, or one of the choices any, all and never */
	CLI_CHOICE,  /* enum whose value is the index of the word among the choices */
	CLI_TEXT,    /* const char *, of one line; it may be empty */
	CLI_NAME,    /* const char *: a name, a pattern or the like */
	CLI_TAGS,    /* const char *: names of elements, separated by commas or spaces */
	CLI_ATTRS,   /* uint32_t: a set of the attributes that are the choices, or all of them */
	CLI_SCHEMES, /* const char *: URL schemes, separated by commas or spaces */
	CLI_TOKEN,   /* const char *: a product token of robots.txt */
	CLI_PROXY,   /* const char *: a proxy that libcurl can use; "" for none */
	CLI_LIST,    /* struct option_list, to which the text is added */
	CLI_NAMES,   /* the same for a text that must not be empty */
	CLI_HEADER,  /* struct option_list, to which the text is added, which must be a header line */
	CLI_SECRET,  /* const char *; the text is wiped off argv */
	CLI_CONFIG,  /* --config; from this kind on, the options are allowed on the command line only */
	CLI_NO_CONFIG,
	CLI_HELP, /* --help; from this kind on, the options only print something */
	CLI_VERSION,
	CLI_COMPLETION
};

struct cli_row {
	struct cli_option option;
	enum cli_kind kind;
	size_t field;     /* the offset of the field in struct options */
	int64_t min, max; /* the range of the value, in the smallest unit */
};

enum { CLI_ROWS_MAX = 96 };

extern const struct cli_row cli_table[];
extern const size_t cli_table_rows; /* the number of rows, at most CLI_ROWS_MAX */

/* Finds the row of the option whose long name, without dashes, is name[0..len). NULL if there is none. */
const struct cli_row *cli_table_find(const char *name, size_t len);

#endif
