#include "peer.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { HEADER_LEN = 9, STORM_PIECE = 300 };

/* Frames that want no answer may come in full TLS records: faster than they are read. */
enum { FLOOD_PIECE = PEER_FRAME_MAX / HEADER_LEN };

static bool write_bytes(struct peer *self, const void *bytes, size_t len)
{
	if (!self->tls)
		return send(self->fd, bytes, len, 0) == (ssize_t)len;
	return SSL_write(self->tls, bytes, (int)len) == (int)len;
}

static bool read_bytes(struct peer *self, unsigned char *bytes, size_t len)
{
	while (len > 0) {
		int got = SSL_read(self->tls, bytes, (int)len);
		if (got <= 0)
			return false;
		bytes += got;
		len -= (size_t)got;
	}
	return true;
}

bool peer_read_some(struct peer *self)
{
	char bytes[PEER_FRAME_MAX];
	if (!self->tls)
		return recv(self->fd, bytes, sizeof bytes, 0) > 0;
	return SSL_read(self->tls, bytes, sizeof bytes) > 0;
}

static void put_32(unsigned char *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (unsigned char)(value >> (24 - 8 * i));
}

/* RFC 9113, section 4.1. */
static void put_header(unsigned char to[HEADER_LEN], const struct peer_frame *frame)
{
	put_32(to, (uint32_t)frame->len << 8 | (uint32_t)frame->type);
	to[4] = (unsigned char)frame->flags;
	put_32(to + 5, frame->stream);
}

bool peer_send(struct peer *self, const struct peer_frame *frame)
{
	unsigned char header[HEADER_LEN];
	put_header(header, frame);
	return (frame->type == PEER_RAW || write_bytes(self, header, sizeof header)) &&
	       (frame->len == 0 || write_bytes(self, frame->payload, frame->len));
}

/* Reads what has come already. */
static bool drain(struct peer *self)
{
	struct pollfd polled = {.fd = self->fd, .events = POLLIN};
	while (SSL_pending(self->tls) > 0 || poll(&polled, 1, 0) == 1)
		if (!peer_read_some(self))
			return false;
	return true;
}

void peer_storm(struct peer *self, const struct peer_frame *frame, bool reads)
{
	/* The less the system takes for us, the sooner the client cannot send. */
	const int receive_buffer = 4096;
	if (!reads)
		setsockopt(self->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
	/* Content at full speed would reach the limit of size before that of time. */
	const struct timespec pause = {.tv_nsec = frame->type == PEER_DATA && frame->len ? 1000000 : 0};
	unsigned char bytes[PEER_FRAME_MAX];
	size_t used = 0;
	int piece = frame->type == PEER_DATA && frame->len == 0 ? FLOOD_PIECE : STORM_PIECE;
	for (int i = 0; i < piece && used + HEADER_LEN + frame->len <= sizeof bytes; i++) {
		put_header(bytes + used, frame);
		memcpy(bytes + used + HEADER_LEN, frame->payload, frame->len);
		used += HEADER_LEN + frame->len;
	}
	while (write_bytes(self, bytes, used) && (!reads || drain(self)))
		if (pause.tv_nsec)
			nanosleep(&pause, NULL);
}

/* The type of the frame that was read, answered where it wants that; -1 where the client has gone. */
static int read_frame(struct peer *self, uint32_t *stream)
{
	unsigned char header[HEADER_LEN], payload[PEER_FRAME_MAX];
	if (!read_bytes(self, header, sizeof header))
		return -1;
	size_t len = (size_t)header[0] << 16 | (size_t)header[1] << 8 | header[2];
	if (len > sizeof payload || !read_bytes(self, payload, len))
		return -1;
	*stream =
	    (uint32_t)header[5] << 24 | (uint32_t)header[6] << 16 | (uint32_t)header[7] << 8 | header[8];
	if (header[3] == PEER_SETTINGS && !(header[4] & PEER_ACK))
		peer_send(self, &(struct peer_frame){.type = PEER_SETTINGS, .flags = PEER_ACK});
	if (header[3] == PEER_PING && !(header[4] & PEER_ACK))
		peer_send(self, &(struct peer_frame){PEER_PING, PEER_ACK, 0, payload, len});
	return header[3];
}

uint32_t peer_request(struct peer *self)
{
	uint32_t stream = 0;
	int type;
	do
		type = read_frame(self, &stream);
	while (type >= 0 && type != PEER_HEADERS);
	return type == PEER_HEADERS ? stream : 0;
}
