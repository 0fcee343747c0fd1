/* The one table of all options: a row feeds the parser, the configuration, --help and the completions. */
#ifndef AREQ_CLI_TABLE_H
#define AREQ_CLI_TABLE_H

#include "cli/cli.h"

#include <stddef.h>
#include <stdint.h>

/* What an option's value is, and what becomes of it. */
enum cli_kind {
	CLI_FLAG,    /* a bool; --no-NAME takes it back */
	CLI_NUMBER,  /* an int64_t from min to max, as are the next three */
	CLI_TIME,    /* in ms */
	CLI_SIZE,    /* in bytes */
	CLI_FAIL_ON, /* a percentage, or one of the choices */
	CLI_CHOICE,  /* an enum: the place of the word among the choices */
	CLI_TEXT,    /* a const char * */
	CLI_LIST,    /* one more item of a struct option_list */
	CLI_HEADER,  /* the same, of header lines */
	CLI_SECRET,  /* a text that is wiped off the command line */
	CLI_CONFIG,  /* a file of options; the first of the kinds that only a command line can have */
	CLI_NO_CONFIG,
	CLI_HELP, /* the first of the kinds that only show something */
	CLI_VERSION,
	CLI_COMPLETION
};

struct cli_row {
	struct cli_option option;
	enum cli_kind kind;
	size_t field; /* offset in struct options */
	int64_t min, max;
};

enum { CLI_ROWS_MAX = 96 };

extern const struct cli_row cli_table[];
extern const size_t cli_table_rows; /* at most CLI_ROWS_MAX */

/* The row of a long name that is name[0..len), without dashes; NULL: there is none. */
const struct cli_row *cli_table_find(const char *name, size_t len);

#endif
