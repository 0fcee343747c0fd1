/* What a server does that no decent one would, each under a name. */
#ifndef H2SERVER_FAULTS_H
#define H2SERVER_FAULTS_H

#include "peer.h"

/* What lies below the frames. */
enum fault_layer {
	FAULT_HTTP2,   /* TLS with HTTP/2 chosen */
	FAULT_DEAF,    /* … and nothing of it understood: all frames are raw, as for those below */
	FAULT_HTTP1,   /* TLS with HTTP/1.1 chosen */
	FAULT_OLD_TLS, /* TLS 1.1 at most */
	FAULT_TCP      /* no TLS: what comes first is a ClientHello */
};

/* Which requests get it; the others get a page with three links. */
enum fault_scope {
	FAULT_ALWAYS,
	FAULT_ONCE, /* the first connection's first */
	FAULT_LATER /* each connection's second and all after it */
};

/* What follows behind the last frame. */
enum fault_end {
	FAULT_STAY,         /* the next request is answered too */
	FAULT_STORM,        /* the last frame, again and again */
	FAULT_UNREAD_STORM, /* the same, and what the client sends is not read */
	FAULT_CLOSE,
	FAULT_CUT /* … without TLS's closure alert */
};

enum { FAULT_FRAMES_MAX = 4, FAULT_THIS_STREAM = -1 };

struct fault_frame {
	enum peer_type type;
	unsigned flags;
	int stream; /* or FAULT_THIS_STREAM, that of the request */
	const char *payload;
	size_t len;
	unsigned count; /* how often; 0 ends the list */
};

struct fault {
	const char *name;
	enum fault_layer layer;
	enum fault_scope scope;
	enum fault_end end;
	struct fault_frame frames[FAULT_FRAMES_MAX + 1];
	struct fault_frame greeting; /* before HTTP/2's first request; all zero: empty SETTINGS */
	const char *http1; /* the answer to a client that only speaks HTTP/1.1; NULL: it is refused */
};

/* NULL where there is none of that name. */
const struct fault *fault_find(const char *name);

/* Serves the connection, behind the handshake and the client's preface, to its end. */
void fault_serve(const struct fault *self, struct peer *peer);

#endif
