/* An option's value: from its text into the options. */
#ifndef AREQ_CLI_VALUE_H
#define AREQ_CLI_VALUE_H

#include "cli/table.h"

/* Sets what the row says to the text, which is borrowed (a flag is set whatever it is). place stands
 * before a complaint: "", or "FILE:3: ". STATUS_USAGE where it is no such value; it was logged. For the rows
 * before CLI_CONFIG. */
enum status cli_value_set(
    struct options *options, const struct cli_row *row, const char *text, const char *place);

/* Takes a flag back. */
void cli_value_unset(struct options *options, const struct cli_row *flag);

/* True where text is one of the words; its place among them, from 0, in *at. */
bool cli_value_is_choice(const char *choices, const char *text, unsigned *at);

#endif
