/* Answers that no decent server gives, each under a name: /_/fault/NAME */
#ifndef SERVER_FAULTS_H
#define SERVER_FAULTS_H

#include "base/buf.h"
#include "base/slice.h"
#include "steps.h"

#include <stdbool.h>

/* Appends the steps of the fault of that name. False where there is none. */
bool faults_build(struct slice name, struct steps *steps);

/* Appends the table as lines of text: name, what it does. */
void faults_help(struct buf *out);

#endif
