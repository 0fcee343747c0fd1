/* One client's connection: TLS, and on it HTTP/2 as raw frames (RFC 9113). Everything blocks, for each
 * connection has a thread of its own. */
#ifndef H2SERVER_PEER_H
#define H2SERVER_PEER_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer {
	int fd;
	SSL *tls;        /* NULL: plain bytes */
	bool http1;      /* the client chose HTTP/1.1 though HTTP/2 was offered, too */
	unsigned number; /* of the connection, from 1 */
};

/* RFC 9113, section 6, and one that stands for bytes that are no frame. */
enum peer_type {
	PEER_DATA = 0x0,
	PEER_HEADERS = 0x1,
	PEER_RST_STREAM = 0x3,
	PEER_SETTINGS = 0x4,
	PEER_PING = 0x6,
	PEER_GOAWAY = 0x7,
	PEER_CONTINUATION = 0x9,
	PEER_RAW = 0x100
};
enum peer_flags { PEER_ACK = 0x1, PEER_END_STREAM = 0x1, PEER_END_HEADERS = 0x4 };

enum { PEER_FRAME_MAX = 16384 };

struct peer_frame {
	enum peer_type type;
	unsigned flags;
	uint32_t stream;
	const void *payload; /* borrowed */
	size_t len;
};

/* False where the client has gone, as below. */
bool peer_send(struct peer *self, const struct peer_frame *frame);

/* Sends the frame without end, as fast as it can. `reads` tells whether it reads what the client has to say
 * to that. */
void peer_storm(struct peer *self, const struct peer_frame *frame, bool reads);

/* Waits for the next request and returns its stream; 0 where the client has gone. Acknowledges SETTINGS and
 * PING, and passes over all else. */
uint32_t peer_request(struct peer *self);

/* Waits for bytes of any kind. */
bool peer_read_some(struct peer *self);

#endif
