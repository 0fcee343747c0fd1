/* Reads options from a configuration file, which has one long option of the command line on each line. */
#ifndef AREQ_CLI_CONFIG_H
#define AREQ_CLI_CONFIG_H

#include "base/options.h"
#include "base/status.h"

/* The name of the default configuration file: $XDG_CONFIG_HOME/areq/config or ~/.config/areq/config (XDG Base
 * Directory Specification). NULL if there is no such file. The text belongs to options. */
const char *cli_config_default(struct options *options);

/* Sets the options that the file contains, and options->config to path, which is borrowed. A line is "name",
 * "name value", "name = value" or "name: value", with or without two dashes in front. Blank lines and lines
 * that begin with '#' are skipped; CRLF, a UTF-8 byte order mark and double quotes around a value are
 * removed. The texts belong to options. STATUS_USAGE if the file cannot be read or a line is not valid, and
 * STATUS_CUT_SHORT if a signal or the deadline came first; both were logged, a line with its number. */
enum status cli_config_read(struct options *options, const char *path);

#endif
