/* Asks for the password if -u was given without one. */
#ifndef AREQ_CLI_PASSWORD_H
#define AREQ_CLI_PASSWORD_H

#include "base/options.h"
#include "base/status.h"

/* If -u has only a name, as is allowed by curl too, asks for the password on the terminal without showing it,
 * and completes options->user. Call it after stop_catch_signals, so that a signal ends the question and the
 * terminal is restored. STATUS_USAGE if there is no terminal or no password was given, which was logged. */
enum status cli_password_ask(struct options *options);

#endif
