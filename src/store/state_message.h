/* The messages that the program sends to the process that writes the state (state_writer.h), and its replies.
 * Both are the same program, so that structures are sent as they are in memory, with their texts behind
 * them. */
#ifndef AREQ_STORE_STATE_MESSAGE_H
#define AREQ_STORE_STATE_MESSAGE_H

#include "base/buf.h"
#include "base/slice.h"
#include "store/state.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum state_message_type {
	STATE_MESSAGE_BEGIN,
	STATE_MESSAGE_ADD,
	STATE_MESSAGE_SETTLE,
	STATE_MESSAGE_FORGET,
	STATE_MESSAGE_ROBOTS,
	STATE_MESSAGE_DEPTH,
	STATE_MESSAGE_TARGET,
	STATE_MESSAGE_OUTPUT,
	STATE_MESSAGE_END,
	STATE_MESSAGE_COMMIT
};

/* The member of the union is that of the type. */
struct state_message {
	enum state_message_type type;
	union {
		struct {
			const char *options;
			enum state_wish wish;
			double now;
		} begin;
		struct state_page page;
		struct state_result result;
		uint64_t forgotten; /* id of a page */
		struct state_robots robots;
		struct state_depth depth;
		struct state_target target;
		struct {
			size_t index; /* of the output in the list that the writer was started with */
			uint64_t length;
		} output;
		struct {
			struct state_totals totals;
			double now;
		} end;
		uint64_t commit; /* number of the batch that ends here */
	} with;
};

/* Appends a message to a buffer whose limit is out of reach. It has at most 4 GiB. */
void state_message_put(struct buf *out, const struct state_message *message);

/* Takes a message from the front of bytes; its texts are borrowed from there. Returns false if bytes do not
 * have all of it. */
bool state_message_take(struct slice *bytes, struct state_message *message);

enum state_reply_type {
	STATE_REPLY_LOCKED, /* another run uses the file; it is tried again */
	STATE_REPLY_OPENED,
	STATE_REPLY_BEGUN,
	STATE_REPLY_COMMITTED,
	STATE_REPLY_FAILED /* the last reply */
};

struct state_reply {
	enum state_reply_type type;
	enum status status;       /* with STATE_REPLY_FAILED */
	struct state_begun begun; /* with STATE_REPLY_BEGUN */
	uint64_t batch;           /* with STATE_REPLY_COMMITTED */
	char problem[1024];       /* with STATE_REPLY_FAILED and STATE_REPLY_LOCKED */
};

#endif
