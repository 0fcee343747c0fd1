/* What one scripted answer shall be like, as a query says it: ?status=503&delay=100&chunked=1 */
#ifndef SERVER_PLAN_H
#define SERVER_PLAN_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* The word "forever" where a number is expected. */
#define PLAN_FOREVER UINT64_MAX

/* Bytes that the plan owns; data is NULL where the query does not name the key. */
struct plan_text {
	char *data;
	size_t len;
};

/* BYTES,MS: so many bytes at once, then a pause. */
struct plan_pace {
	uint64_t bytes;
	uint64_t ms;
};

/* BYTES,N,GROUP: so many bytes, and the rest once there were N requests of the group. */
struct plan_hold {
	uint64_t bytes;
	uint64_t requests; /* 0: nothing is held */
	char group[64];
};

enum plan_hang { PLAN_HANG_NOT, PLAN_HANG_START, PLAN_HANG_HEADER, PLAN_HANG_BODY };

/* Copies value over what was there. */
void plan_text_set(struct plan_text *self, struct slice value);

/* The keys of the table in plan.c, which says what each does, in its order. */
struct plan {
	uint64_t delay, body_delay;
	struct plan_pace drip, header_drip;
	enum plan_hang hang;
	struct plan_hold hold;

	uint64_t status;
	struct plan_text version, reason, type, location, header, retry_after;
	uint64_t headers, header_size, hints;

	/* Times are seconds since 1970, by the server's clock. */
	struct plan_text etag, etag_304;
	uint64_t etag_each;
	bool has_modified, has_date;
	uint64_t modified, date;
	uint64_t not_modified;

	struct plan_text body;
	uint64_t links, size;
	struct plan_text prefix;
	struct plan_text encoding, encoding_name;
	uint64_t bomb, trim;

	uint64_t chunked, chunk, unfinished, shortage;
	struct plan_text length;

	uint64_t close, stale, empty, reset, header_cut;
	bool has_cut;
	uint64_t cut;

	uint64_t fail, fail_status;

	struct plan_text head; /* the keys of the plan for a HEAD; data is NULL where it is this one */
	uint64_t head_body;
};

/* The plan of an empty query: 200, text/html, a small page without links. */
void plan_init(struct plan *self);
void plan_release(struct plan *self);

/* Adds a header line, without its line end. */
void plan_header_add(struct plan *self, struct slice line);

/* Takes the keys of a query (percent-encoded). False, with the reason in error, for a key that is not in the
 * table or a value that does not fit: a typing error shall not pass for an answer. */
bool plan_read(struct plan *self, struct slice query, struct buf *error);

/* Appends the table as lines of text: name, value, what it does. */
void plan_help(struct buf *out);

#endif
