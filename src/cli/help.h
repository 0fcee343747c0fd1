/* What --help and --version show. */
#ifndef AREQ_CLI_HELP_H
#define AREQ_CLI_HELP_H

#include <stdbool.h>
#include <stdio.h>

/* Prints --help, at most 80 columns wide: the options that most people need, or all of them. */
void cli_help_print(FILE *to, bool all);

/* Prints the versions of areq and its libraries. */
void cli_help_print_version(FILE *to);

#endif
