/* The command line and the configuration: what the user asked for. One table row per option feeds the parser,
 * --help and the completions; a test holds the man page to it. */
#ifndef AREQ_CLI_CLI_H
#define AREQ_CLI_CLI_H

#include "base/options.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct cli_option {
	const char *name;    /* long, without the dashes */
	char letter;         /* short, or 0 */
	const char *value;   /* what its argument is called; NULL: it takes none (but see choices) */
	const char *group;   /* its heading in --help */
	bool basic;          /* in the short --help, too */
	const char *choices; /* the words that its argument may be, with spaces between them; NULL: any */
	const char *help;    /* one line */
};

/* Row index of the table, from 0; NULL behind the last. */
const struct cli_option *cli_option(size_t index);

/* Reads argv, and the configuration where there is one, into options, which starts as anything and must be
 * given to cli_release in any case. Texts are borrowed from argv or owned by options; the password of -u is
 * wiped off argv. *shown: --help or the like was printed, and there is nothing to run. STATUS_USAGE for a
 * wrong command line or configuration, STATUS_OUTPUT where what was to be shown could not be written; both
 * were logged. */
enum status cli_parse(struct options *options, int argc, char **argv, bool *shown);
void cli_release(struct options *options);

#endif
