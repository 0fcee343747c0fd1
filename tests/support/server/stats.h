/* What the server was asked, and when: the truth that tests compare a client's story with. */
#ifndef SERVER_STATS_H
#define SERVER_STATS_H

#include "base/buf.h"
#include "request.h"

#include <stdbool.h>
#include <stdint.h>

struct stats;
struct stats_counter;

/* One request in flight; lives in its connection. */
struct stats_ticket {
	struct stats_counter *counters[5];
	size_t entry;
	unsigned generation;
	bool open;
};

/* Counters are for all requests; the log of single requests ends after log_max of them. */
struct stats *stats_new(size_t log_max);
void stats_free(struct stats *self);

/* A connection was accepted, or has ended. */
void stats_connected(struct stats *self);
void stats_disconnected(struct stats *self);

/* A request has arrived in whole, at that monotonic time; opens the ticket. Returns how often this very
 * target was asked before. */
uint64_t stats_begin(struct stats *self, struct stats_ticket *ticket, const struct request *request,
    unsigned connection, double now_ms);

/* How many requests of the group have arrived. */
uint64_t stats_group_requests(struct stats *self, struct slice group);

/* Its answer has ended, or its connection has. status is 0 where no head was sent; complete says that all
 * that was to be sent was handed to the system. Closes the ticket; a closed one is ignored. */
void stats_end(struct stats *self, struct stats_ticket *ticket, int status, uint64_t bytes, bool complete,
    double now_ms);

/* Forgets everything but the requests and connections that are there now. */
void stats_reset(struct stats *self);

/* Appends all of it as one JSON object. */
void stats_write(const struct stats *self, struct buf *out);

#endif
