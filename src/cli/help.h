/* Prints the texts of --help and --version. */
#ifndef AREQ_CLI_HELP_H
#define AREQ_CLI_HELP_H

#include <stdbool.h>
#include <stdio.h>

/* Prints the text of --help, at most 80 columns wide: the options marked as basic, or all options. */
void cli_help_print(FILE *to, bool all);

/* Prints the versions of areq and its libraries. */
void cli_help_print_version(FILE *to);

#endif
