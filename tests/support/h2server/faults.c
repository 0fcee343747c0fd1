#include "faults.h"

#include <string.h>

#define PAGE_TEXT "<title>x</title><a href=one>1</a><a href=two>2</a><a href=three>3</a>"
#define HTTP_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"

/* Header fields, RFC 7541: indexed, or the index of the name and the plain value behind its length. */
#define STATUS_200     "\210"
#define STATUS_404     "\215"
#define STATUS_103     "\010\003103"
#define STATUS_302     "\010\003302"
#define LOCATION_X     "\017\037\002/x"
#define TYPE_HTML      "\017\020\011text/html"
#define LENGTH(digits) "\017\015\005" digits /* five of them */

/* Numbers of four bytes: streams (libcurl's first is 1) and codes of RFC 9113, section 7. */
#define NO_STREAM      "\0\0\0\0"
#define STREAM_1       "\0\0\0\1"
#define NO_ERROR       "\0\0\0\0"
#define PROTOCOL_ERROR "\0\0\0\1"
#define INTERNAL_ERROR "\0\0\0\2"
#define REFUSED_STREAM "\0\0\0\7"
#define CANCEL         "\0\0\0\010"
#define CALM           "\0\0\0\013"
#define HTTP1_REQUIRED "\0\0\0\015"

#define BYTES(text) text, sizeof(text) - 1
#define THIS        FAULT_THIS_STREAM

/* The members of a frame but the last, which is how often. */
#define FIELDS(bytes)      PEER_HEADERS, PEER_END_HEADERS, THIS, BYTES(bytes)
#define HEAD               FIELDS(STATUS_200 TYPE_HTML)
#define DATA(text)         PEER_DATA, 0, THIS, BYTES(text)
#define HALF               PEER_DATA, 0, THIS, PAGE_TEXT, sizeof PAGE_TEXT / 2
#define PAGE               PEER_DATA, PEER_END_STREAM, THIS, BYTES(PAGE_TEXT)
#define GOAWAY(last, code) PEER_GOAWAY, 0, 0, BYTES(last code)
#define RST(code)          PEER_RST_STREAM, 0, THIS, BYTES(code)
#define RST_OLD            PEER_RST_STREAM, 0, 1, BYTES(CANCEL)
#define SETTINGS(text)     PEER_SETTINGS, 0, 0, BYTES(text)
#define PING               PEER_PING, 0, 0, BYTES("areqping")
#define RAW(text)          PEER_RAW, 0, 0, BYTES(text)

#define HTTP1_PAGE HTTP_HEAD "Content-Length: 69\r\n\r\n" PAGE_TEXT

static const char too_large[PEER_FRAME_MAX + 1] = "x";

static const struct fault faults[] = {
    {.name = "none", .frames = {{HEAD, 1}, {PAGE, 1}}},

    /* The connection ends. */
    {.name = "goaway-first",
        .scope = FAULT_ONCE,
        .end = FAULT_CLOSE,
        .frames = {{GOAWAY(NO_STREAM, NO_ERROR), 1}}},
    {.name = "goaway-stay", .scope = FAULT_ONCE, .frames = {{GOAWAY(NO_STREAM, NO_ERROR), 1}}},
    {.name = "goaway-always", .end = FAULT_CLOSE, .frames = {{GOAWAY(NO_STREAM, NO_ERROR), 1}}},
    {.name = "goaway-graceful",
        .end = FAULT_CLOSE,
        .frames = {{GOAWAY(STREAM_1, NO_ERROR), 1}, {HEAD, 1}, {PAGE, 1}}},
    {.name = "goaway-mid-first",
        .scope = FAULT_ONCE,
        .end = FAULT_CLOSE,
        .frames = {{HEAD, 1}, {HALF, 1}, {GOAWAY(STREAM_1, INTERNAL_ERROR), 1}}},
    {.name = "goaway-mid",
        .end = FAULT_CLOSE,
        .frames = {{HEAD, 1}, {HALF, 1}, {GOAWAY(STREAM_1, INTERNAL_ERROR), 1}}},
    {.name = "calm", .end = FAULT_CLOSE, .frames = {{GOAWAY(NO_STREAM, CALM), 1}}},
    {.name = "close-mid", .end = FAULT_CLOSE, .frames = {{HEAD, 1}, {HALF, 1}}},

    /* The stream ends. */
    {.name = "rst-refused", .scope = FAULT_ONCE, .frames = {{RST(REFUSED_STREAM), 1}}},
    {.name = "rst-refused-later", .scope = FAULT_LATER, .frames = {{RST(REFUSED_STREAM), 1}}},
    {.name = "rst-refused-always", .frames = {{RST(REFUSED_STREAM), 1}}},
    {.name = "rst-internal", .frames = {{HEAD, 1}, {HALF, 1}, {RST(INTERNAL_ERROR), 1}}},
    {.name = "rst-internal-first",
        .scope = FAULT_ONCE,
        .frames = {{HEAD, 1}, {HALF, 1}, {RST(INTERNAL_ERROR), 1}}},
    {.name = "rst-cancel-after-head", .frames = {{HEAD, 1}, {RST(CANCEL), 1}}},
    {.name = "rst-many", .scope = FAULT_LATER, .frames = {{RST_OLD, 10000}, {HEAD, 1}, {PAGE, 1}}},

    /* The server wants HTTP/1.1 instead, when it has begun to answer. */
    {.name = "http1-first", .frames = {{RST(HTTP1_REQUIRED), 1}}, .http1 = HTTP1_PAGE},
    {.name = "http1-after-404",
        .frames = {{FIELDS(STATUS_404 TYPE_HTML), 1}, {RST(HTTP1_REQUIRED), 1}},
        .http1 = HTTP1_PAGE},
    {.name = "http1-after-redirect",
        .frames = {{FIELDS(STATUS_302 LOCATION_X), 1}, {RST(HTTP1_REQUIRED), 1}},
        .http1 = HTTP1_PAGE},
    {.name = "http1-after-half",
        .frames = {{HEAD, 1}, {HALF, 1}, {RST(HTTP1_REQUIRED), 1}},
        .http1 = HTTP1_PAGE},
    {.name = "http1-then-404",
        .frames = {{HEAD, 1}, {HALF, 1}, {RST(HTTP1_REQUIRED), 1}},
        .http1 = "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 69\r\n\r\n" PAGE_TEXT},
    {.name = "http1-then-binary",
        .frames = {{HEAD, 1}, {HALF, 1}, {RST(HTTP1_REQUIRED), 1}},
        .http1 = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 69\r\n\r\n" PAGE_TEXT},
    {.name = "http1-goaway",
        .end = FAULT_CLOSE,
        .frames = {{GOAWAY(NO_STREAM, HTTP1_REQUIRED), 1}},
        .http1 = HTTP1_PAGE},
    {.name = "http1-refused", .frames = {{RST(REFUSED_STREAM), 1}}, .http1 = HTTP1_PAGE},
    {.name = "http1-internal", .frames = {{RST(INTERNAL_ERROR), 1}}, .http1 = HTTP1_PAGE},
    {.name = "http1-protocol", .frames = {{RST(PROTOCOL_ERROR), 1}}, .http1 = HTTP1_PAGE},
    {.name = "http1-then-folded",
        .frames = {{HEAD, 1}, {HALF, 1}, {RST(HTTP1_REQUIRED), 1}},
        .http1 = "HTTP/1.1 200 OK\r\n X: folded\r\nContent-Type: text/html\r\nContent-Length: "
                 "69\r\n\r\n" PAGE_TEXT},
    {.name = "http1-then-nothing", .frames = {{HEAD, 1}, {HALF, 1}, {RST(HTTP1_REQUIRED), 1}}, .http1 = ""},

    /* Without end. */
    {.name = "rst-storm", .scope = FAULT_LATER, .end = FAULT_STORM, .frames = {{RST_OLD, 1}}},
    {.name = "settings-storm", .end = FAULT_STORM, .frames = {{SETTINGS(""), 1}}},
    {.name = "settings-storm-unread", .end = FAULT_UNREAD_STORM, .frames = {{SETTINGS(""), 1}}},
    {.name = "ping-storm", .end = FAULT_STORM, .frames = {{PING, 1}}},
    {.name = "empty-storm", .end = FAULT_STORM, .frames = {{HEAD, 1}, {DATA(""), 1}}},
    {.name = "body-storm", .end = FAULT_STORM, .frames = {{HEAD, 1}, {DATA("x"), 1}}},
    {.name = "hints-storm", .end = FAULT_STORM, .frames = {{FIELDS(STATUS_103), 1}}},
    {.name = "continuation-storm",
        .end = FAULT_STORM,
        .frames = {{PEER_HEADERS, 0, THIS, BYTES(STATUS_200), 1},
            {PEER_CONTINUATION, 0, THIS, BYTES("\0\1x\1y"), 1}}},

    /* Silence. */
    {.name = "silence", .layer = FAULT_DEAF},
    {.name = "silence-settings"},
    {.name = "silence-head", .frames = {{HEAD, 1}}},

    /* Bad grammar. */
    {.name = "bad-preface",
        .layer = FAULT_DEAF,
        .end = FAULT_CLOSE,
        .frames = {{RAW("HTTP/1.1 400 Bad Request\r\n\r\n"), 1}}},
    {.name = "bad-settings", .frames = {{SETTINGS("\0\3\0\0\0"), 1}}},
    {.name = "bad-size",
        .frames = {{FIELDS(STATUS_200 TYPE_HTML LENGTH("16385")), 1},
            {PEER_DATA, PEER_END_STREAM, THIS, too_large, sizeof too_large, 1}}},
    {.name = "stream-zero",
        .frames = {{FIELDS(STATUS_200 TYPE_HTML LENGTH("00010")), 1},
            {PEER_DATA, 0, 0, BYTES("0123456789"), 1}}},
    {.name = "length-long", .frames = {{FIELDS(STATUS_200 TYPE_HTML LENGTH("01000")), 1}, {PAGE, 1}}},
    {.name = "length-short", .frames = {{FIELDS(STATUS_200 TYPE_HTML LENGTH("00010")), 1}, {PAGE, 1}}},

    /* Its good right. */
    {.name = "one-stream", .frames = {{HEAD, 1}, {PAGE, 1}}, .greeting = {SETTINGS("\0\3\0\0\0\1"), 1}},

    /* TLS. */
    {.name = "tls-old",
        .layer = FAULT_OLD_TLS,
        .end = FAULT_CLOSE,
        .frames = {{RAW(HTTP_HEAD "\r\n" PAGE_TEXT), 1}}},
    {.name = "tls-hang", .layer = FAULT_TCP},
    {.name = "tls-close", .layer = FAULT_TCP, .end = FAULT_CLOSE},
    {.name = "tls-garbage",
        .layer = FAULT_TCP,
        .end = FAULT_CLOSE,
        .frames = {{RAW("220 mail.example ESMTP\r\n"), 1}}},
    {.name = "tls-silence", .layer = FAULT_HTTP1},
    {.name = "tls-no-length",
        .layer = FAULT_HTTP1,
        .end = FAULT_CLOSE,
        .frames = {{RAW(HTTP_HEAD "\r\n" PAGE_TEXT), 1}}},
    {.name = "tls-cut-within",
        .layer = FAULT_HTTP1,
        .end = FAULT_CUT,
        .frames = {{RAW(HTTP_HEAD "Content-Length: 1000\r\n\r\n" PAGE_TEXT), 1}}},
    {.name = "tls-cut-behind", .layer = FAULT_HTTP1, .end = FAULT_CUT, .frames = {{RAW(HTTP1_PAGE), 1}}},
    {.name = "tls-cut-no-length",
        .layer = FAULT_HTTP1,
        .end = FAULT_CUT,
        .frames = {{RAW(HTTP_HEAD "\r\n" PAGE_TEXT), 1}}},
    {.name = "tls-cut-chunked",
        .layer = FAULT_HTTP1,
        .end = FAULT_CUT,
        .frames = {{RAW(HTTP_HEAD "Transfer-Encoding: chunked\r\n\r\n45\r\n" PAGE_TEXT "\r\n0\r\n\r\n"), 1}}},
    {.name = "tls-cut-chunks",
        .layer = FAULT_HTTP1,
        .end = FAULT_CUT,
        .frames = {{RAW(HTTP_HEAD "Transfer-Encoding: chunked\r\n\r\n45\r\n" PAGE_TEXT "\r\n"), 1}}},
    {.name = "tls-cut-head", .layer = FAULT_HTTP1, .end = FAULT_CUT, .frames = {{RAW(HTTP_HEAD), 1}}},
    {.name = "tls-cut-first", .layer = FAULT_HTTP1, .end = FAULT_CUT},
    {.name = "tls-later-cut", .layer = FAULT_HTTP1, .scope = FAULT_LATER, .end = FAULT_CUT},
    {.name = "tls-later-cut-head",
        .layer = FAULT_HTTP1,
        .scope = FAULT_LATER,
        .end = FAULT_CUT,
        .frames = {{RAW(HTTP_HEAD), 1}}},
    {.name = "tls-later-bytes",
        .layer = FAULT_HTTP1,
        .scope = FAULT_LATER,
        .frames = {{RAW("\r\n"), 1}, {RAW(HTTP1_PAGE), 1}}},
    {.name = "tls-later-408",
        .layer = FAULT_HTTP1,
        .scope = FAULT_LATER,
        .end = FAULT_CUT,
        .frames = {{RAW("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"), 1}}},
};

/* What the requests get that a fault leaves out. */
static const struct fault *without_fault(const struct fault *self)
{
	static const struct fault http1 = {.frames = {{RAW(HTTP1_PAGE), 1}}};
	return self->layer == FAULT_HTTP1 ? &http1 : &faults[0];
}

const struct fault *fault_find(const char *name)
{
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		if (strcmp(faults[i].name, name) == 0)
			return &faults[i];
	return NULL;
}

static struct peer_frame frame_for(const struct fault_frame *frame, uint32_t stream)
{
	return (struct peer_frame){frame->type, frame->flags,
	    frame->stream == FAULT_THIS_STREAM ? stream : (uint32_t)frame->stream, frame->payload,
	    frame->len};
}

static bool send_frames(const struct fault *self, struct peer *peer, uint32_t stream)
{
	struct peer_frame frame = {0};
	bool good = true;
	for (const struct fault_frame *next = self->frames; good && next->count; next++) {
		frame = frame_for(next, stream);
		for (unsigned i = 0; good && i < next->count; i++)
			good = peer_send(peer, &frame);
	}
	if (good && (self->end == FAULT_STORM || self->end == FAULT_UNREAD_STORM))
		peer_storm(peer, &frame, self->end == FAULT_STORM);
	return good && self->end == FAULT_STAY;
}

static void serve_http1(const struct fault *self, struct peer *peer)
{
	const struct peer_frame answer = {
	    .type = PEER_RAW, .payload = self->http1, .len = strlen(self->http1)};
	while (peer_read_some(peer) && answer.len > 0 && peer_send(peer, &answer))
		;
}

static uint32_t next_request(const struct fault *self, struct peer *peer)
{
	return self->layer == FAULT_HTTP2 ? peer_request(peer) : peer_read_some(peer);
}

static bool is_due(const struct fault *self, unsigned connection, unsigned request)
{
	switch (self->scope) {
	case FAULT_ONCE:
		return connection == 1 && request == 1;
	case FAULT_LATER:
		return request > 1;
	default:
		return true;
	}
}

void fault_serve(const struct fault *self, struct peer *peer)
{
	static const struct fault_frame settings = {SETTINGS(""), 1};
	const struct fault_frame *greeting = self->greeting.count ? &self->greeting : &settings;
	struct peer_frame first = frame_for(greeting, 0);
	if (peer->http1) {
		serve_http1(self, peer);
		return;
	}
	bool good = self->layer != FAULT_HTTP2 || peer_send(peer, &first);
	uint32_t stream;
	for (unsigned request = 1; good && (stream = next_request(self, peer)); request++)
		good = send_frames(
		    is_due(self, peer->number, request) ? self : without_fault(self), peer, stream);
}
