/* What a mistyped option may have meant. */
#ifndef AREQ_CLI_SUGGEST_H
#define AREQ_CLI_SUGGEST_H

#include "base/buf.h"

/* What stands behind "there is no option": given is the word as it was typed, "--outptu" or "--outptu=x".
 * Appends the word and, where one is near, "; did you mean --output?", or what it is short for, where that
 * is more than one option, or where to look. */
void cli_suggest(struct buf *message, const char *given);

#endif
