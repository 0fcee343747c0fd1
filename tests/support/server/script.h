/* From the plan of an answer to the steps of it. */
#ifndef SERVER_SCRIPT_H
#define SERVER_SCRIPT_H

#include "plan.h"
#include "request.h"
#include "steps.h"

#include <stdbool.h>
#include <stdint.h>

/* What the connection has to know of an answer besides its steps. */
struct script {
	struct steps steps;
	int status; /* 0: no whole head is sent */
	bool stale; /* the connection's next request is not answered */
};

void script_init(struct script *self);
void script_release(struct script *self);

/* Appends the steps of the answer to request. asked is how often this very target was asked before. */
void script_build(
    struct script *self, const struct plan *plan, const struct request *request, uint64_t asked);

/* Appends the plain answer with a body of that type; both are copied. */
void script_plain(
    struct script *self, const struct request *request, int status, const char *type, struct slice body);

#endif
