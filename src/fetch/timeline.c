#include "fetch/timeline.h"

#include "base/clock.h"

static void record_first(int64_t *moment)
{
	if (*moment == 0)
		*moment = clock_now_us();
}

void timeline_begin(struct timeline *self, bool is_https, bool looks_up)
{
	*self = (struct timeline){.is_https = is_https, .looks_up = looks_up, .begun = clock_now_us()};
}

void timeline_socket(struct timeline *self)
{
	if (self->request)
		self->socket = self->handshake = self->request = self->response = 0;
	record_first(&self->socket);
}

void timeline_handshake(struct timeline *self)
{
	if (self->is_https && self->socket && !self->request)
		record_first(&self->handshake);
}

void timeline_request(struct timeline *self)
{
	/* This is the second request on one connection. */
	if (self->request)
		self->socket = self->handshake = 0;
	self->request = clock_now_us();
	self->response = 0;
}

void timeline_response(struct timeline *self)
{
	record_first(&self->response);
}

void timeline_add_handshake(struct timeline *self, int64_t after_us)
{
	int64_t at = self->begun + after_us;
	bool is_missing = self->is_https && self->socket && self->request && !self->handshake;
	if (is_missing && at >= self->socket && at <= self->request)
		self->handshake = at;
}

enum outcome_stage timeline_stage(const struct timeline *self)
{
	return self->response                    ? STAGE_RECEIVE
	       : self->request                   ? STAGE_WAIT
	       : self->handshake                 ? STAGE_TLS
	       : self->socket || !self->looks_up ? STAGE_CONNECT
	                                         : STAGE_RESOLVE;
}

/* Returns the time from one moment to another in ms; -1 if the try did not reach both. */
static double elapsed_ms(int64_t from, int64_t to)
{
	return from && to ? (double)(to - from) / 1000 : -1;
}

struct phases timeline_phases(const struct timeline *self, int64_t waited_ms)
{
	bool is_waited_for = waited_ms >= 0;
	return (struct phases){
	    .queued = -1,
	    .dns = is_waited_for    ? (double)waited_ms
	           : self->looks_up ? elapsed_ms(self->begun, self->socket)
	                            : -1,
	    .connect = elapsed_ms(self->socket, self->handshake ? self->handshake : self->request),
	    .tls = elapsed_ms(self->handshake, self->request),
	    .first_byte = elapsed_ms(self->request, self->response),
	    .total = elapsed_ms(self->begun, clock_now_us()) + (is_waited_for ? (double)waited_ms : 0),
	};
}
