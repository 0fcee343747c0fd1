/* One HTTP request, parsed from the bytes of a connection. */
#ifndef SERVER_REQUEST_H
#define SERVER_REQUEST_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { REQUEST_HEAD_MAX = 256 << 10, REQUEST_HEADERS_MAX = 100 };

struct request_header {
	struct slice name;
	struct slice value; /* without the blanks around it */
};

/* The slices point into bytes, which the request owns. */
struct request {
	char *bytes;
	struct slice head; /* as received, with the empty line */
	struct slice method;
	struct slice target; /* as received; a proxy's request has the absolute form */
	struct slice path;   /* the target's, still percent-encoded */
	struct slice query;  /* data is NULL where there is no '?' */
	struct slice host;   /* the Host header; empty where there is none */
	struct request_header headers[REQUEST_HEADERS_MAX];
	size_t header_count;
	uint64_t body_len; /* bytes behind the head that belong to the request */
	bool keep_alive;   /* the client would send another one */
};

enum request_state {
	REQUEST_MORE,  /* the head is not complete */
	REQUEST_READY, /* self holds it; the head's bytes are self->head.len many */
	REQUEST_BAD    /* no HTTP, or more than the server takes */
};

/* Parses the head at the start of bytes. self need not be initialised; release it after REQUEST_READY. */
enum request_state request_parse(struct request *self, const char *bytes, size_t len);
void request_release(struct request *self);

/* Takes the next name=value of a query from the front of *rest, both still percent-encoded; a name without
 * '=' has an empty value. False at the end. */
bool request_query_next(struct slice *rest, struct slice *name, struct slice *value);

/* The value of the first such name, still percent-encoded; data is NULL where it is not there. */
struct slice request_query_get(const struct request *self, const char *name);

#endif
