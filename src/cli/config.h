/* Options from a file: the same long options as on the command line, one a line. */
#ifndef AREQ_CLI_CONFIG_H
#define AREQ_CLI_CONFIG_H

#include "base/options.h"
#include "base/status.h"

/* The file that is read unasked, $XDG_CONFIG_HOME/areq/config or ~/.config/areq/config (XDG Base Directory
 * Specification); NULL where there is none. It belongs to options. */
const char *cli_config_default(struct options *options);

/* Sets what the file says. Its lines are "name", "name value" or "name = value", with or without two dashes
 * in front; blank lines and those that begin with '#' are passed over, as are CRLF and a byte order mark; a
 * value in double quotes stands without them. The texts belong to options. STATUS_USAGE where it cannot be
 * read, or a line is no such thing; it was logged with the line's number. */
enum status cli_config_read(struct options *options, const char *path);

#endif
