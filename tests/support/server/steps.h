/* What a connection does to answer one request: a list of steps, taken one after another. When all are done
 * the connection takes the next request. */
#ifndef SERVER_STEPS_H
#define SERVER_STEPS_H

#include "base/slice.h"

#include <stddef.h>
#include <stdint.h>

enum step_kind {
	STEP_SEND,  /* total bytes, round and round the given ones */
	STEP_WAIT,  /* silence for a while */
	STEP_HOLD,  /* silence until wait_requests requests of the group named by bytes have come */
	STEP_HANG,  /* silence until the client goes away */
	STEP_CLOSE, /* the connection's orderly end */
	STEP_RESET  /* the connection's end by RST */
};

#define STEPS_FOREVER UINT64_MAX

struct step {
	enum step_kind kind;
	char *bytes; /* owned */
	size_t len;
	uint64_t total;    /* STEPS_FOREVER: without end */
	size_t pace_bytes; /* this many at once, then a pause of pace_ms; 0: as fast as they are read */
	uint64_t pace_ms;
	uint64_t wait_ms;
	uint64_t wait_requests;
};

struct steps {
	struct step *step;
	size_t count;
	size_t room;
};

void steps_init(struct steps *self);
void steps_release(struct steps *self);

/* Each adds one step behind the others; bytes are copied. Sending nothing adds none. */
void steps_send(struct steps *self, const void *bytes, size_t len);
void steps_send_text(struct steps *self, const char *text);
void steps_repeat(struct steps *self, struct slice pattern, uint64_t total);
void steps_wait(struct steps *self, uint64_t ms);
void steps_end(struct steps *self, enum step_kind kind); /* STEP_HANG, STEP_CLOSE or STEP_RESET */

/* How many bytes the steps from the given one on send. */
uint64_t steps_total(const struct steps *self, size_t from);

/* Drops what the steps from the given one on send beyond so many bytes, with all steps behind that point. */
void steps_cut(struct steps *self, size_t from, uint64_t bytes);

/* Falls silent behind so many bytes of what the steps from the given one on send, which must end, until there
 * were so many requests of the group. */
void steps_hold(struct steps *self, size_t from, uint64_t bytes, uint64_t requests, const char *group);

/* Sends what the steps from the given one on send in small pieces with pauses between them. */
void steps_pace(struct steps *self, size_t from, size_t bytes, uint64_t ms);

#endif
