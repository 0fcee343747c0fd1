/* Parses the text of an option's value and sets the field of struct options. */
#ifndef AREQ_CLI_VALUE_H
#define AREQ_CLI_VALUE_H

#include "base/buf.h"
#include "cli/table.h"

/* Sets the field of a row, whose kind is before CLI_CONFIG, to the value of text. text is borrowed as long as
 * options lives; a flag ignores it and becomes true. NULL means that no value was given, which only a flag
 * and CLI_CHECK allow. STATUS_USAGE if the text is not a valid value, which was logged; the message begins
 * with prefix, which is "" or, for example, "FILE:3: ". */
enum status cli_value_set(
    struct options *options, const struct cli_row *row, const char *text, const char *prefix);

/* Appends the range of the row's values in words, such as "1 to 65536" or "1ms to 24h, or 0". Appends nothing
 * if the row has no range. */
void cli_value_append_range(struct buf *text, const struct cli_row *row);

/* Sets the field of a flag to false, or that of a text to NULL. */
void cli_value_unset(struct options *options, const struct cli_row *row);

/* True if the flag or text is set, and the text is not empty. */
bool cli_value_is_set(const struct options *options, const struct cli_row *row);

/* True if text is one of the choices, which are separated by spaces. *index is then its index among them,
 * from 0. */
bool cli_value_find_choice(const char *choices, const char *text, unsigned *index);

#endif
