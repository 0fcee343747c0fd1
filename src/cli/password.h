/* Asks for what -u leaves out. */
#ifndef AREQ_CLI_PASSWORD_H
#define AREQ_CLI_PASSWORD_H

#include "base/options.h"
#include "base/status.h"

/* Where -u has a name alone, as in curl: asks for its password on the terminal, without showing it;
 * options->user is then whole. After stop_watch, so that a signal ends the question and leaves the terminal
 * as it was. STATUS_USAGE where there is no terminal or no answer; it was logged. */
enum status cli_password_ask(struct options *options);

#endif
