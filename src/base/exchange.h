/* A request and its response, as they were sent and received: the record that the ledger passes to the
 * outputs at the end of each try. */
#ifndef AREQ_BASE_EXCHANGE_H
#define AREQ_BASE_EXCHANGE_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* The most bytes of a head that are kept. Servers and clients of the web accept 8 to 64 KiB; libcurl reads up
 * to 300. */
enum { EXCHANGE_HEAD_MAX = 64 * 1024 };

/* A request line or a status line, and the header lines after it, with their line ends. For HTTP/2 these are
 * the lines of HTTP/1.1 that libcurl converts the fields from and to. */
struct exchange_head {
	struct slice text; /* the first EXCHANGE_HEAD_MAX bytes; empty if nothing was sent or received */
	uint64_t size;     /* of the head in bytes, with those that were not kept */
};

struct exchange {
	/* If libcurl repeated the request by itself, this is the last one. */
	struct exchange_head request;
	struct exchange_head response; /* without responses whose status is 1xx, and without trailers */
	bool has_whole_head;           /* the end of the response's head was received */
	bool is_complete;              /* all of the response was received, as far as it was wanted */
	bool is_decoded; /* the content coding was undone, since the body was wanted; else it was dropped */
	uint64_t body_bytes; /* of the response's body as it was received, before decoding */
	const char *address; /* IP address of the server or proxy; "" if there was no connection */
	int local_port;      /* the port of the connection on this machine; 0 if there was no connection */
};

#endif
