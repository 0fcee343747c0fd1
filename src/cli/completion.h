/* Prints the code that makes a shell complete the options of areq. */
#ifndef AREQ_CLI_COMPLETION_H
#define AREQ_CLI_COMPLETION_H

#include <stdio.h>

enum cli_shell { CLI_SHELL_BASH, CLI_SHELL_ZSH, CLI_SHELL_FISH };

/* Prints the code for one shell. Errors are left to be found by ferror. */
void cli_completion_print(FILE *to, enum cli_shell shell);

#endif
