/* Suggests options for a mistyped one. */
#ifndef AREQ_CLI_SUGGEST_H
#define AREQ_CLI_SUGGEST_H

#include "base/buf.h"

/* Appends the end of the message "there is no option …". given is the word as it was typed, such as
 * "--outptu" or "--outptu=x". The word without its value is appended, and then a hint: the options that begin
 * with it, or else a similar option ("; did you mean --output?"), or else where to look. */
void cli_suggest(struct buf *message, const char *given);

#endif
