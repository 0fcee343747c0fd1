/* Makes options of the command line and the configuration file. Each option is one row of a table, from which
 * the parser, --help and the completions are made; a test checks that the man page has the same options. */
#ifndef AREQ_CLI_CLI_H
#define AREQ_CLI_CLI_H

#include "base/options.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct cli_option {
	const char *name; /* the long name, without dashes */
	char letter;      /* the short name; 0 if there is none */
	/* The name of the argument in --help, as "[=LIST]" if it may be left out; NULL if the option takes
	 * none, or is --help. */
	const char *value;
	const char *group; /* the heading in --help that the option is listed under */
	bool basic;        /* true if the short --help lists it too */
	/* The words that the argument may be, separated by spaces; NULL if it may be any text. */
	const char *choices;
	const char *help; /* the description in --help, in one line */
};

/* True if the argument may be left out, and therefore stands in the same word as the option. */
static inline bool cli_option_value_is_optional(const struct cli_option *self)
{
	return self->value ? self->value[0] == '[' : self->choices != NULL;
}

/* The option at an index of the table, from 0; NULL if index is not below the number of options. */
const struct cli_option *cli_option(size_t index);

/* Initialises options and sets them from argv and from the configuration file, if there is one. Call
 * cli_release in any case. Texts are borrowed from argv or owned by options; the password of -u is wiped off
 * argv. *shown is true if the text of --help or a similar option was printed, so that there is nothing to
 * run. STATUS_USAGE if the command line or the configuration is wrong, STATUS_OUTPUT if that text could not
 * be written, STATUS_CUT_SHORT if a signal or the deadline came while the configuration was read; all were
 * logged. */
enum status cli_parse(struct options *options, int argc, char **argv, bool *shown);
void cli_release(struct options *options);

#endif
