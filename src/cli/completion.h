/* The completions of the options, as text for a shell. */
#ifndef AREQ_CLI_COMPLETION_H
#define AREQ_CLI_COMPLETION_H

#include <stdio.h>

enum cli_shell { CLI_SHELL_BASH, CLI_SHELL_ZSH, CLI_SHELL_FISH };

void cli_completion_print(FILE *to, enum cli_shell shell);

#endif
