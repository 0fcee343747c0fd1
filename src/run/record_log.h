/* Records that are appended and read back by their place. The newest are in memory, and the others in a
 * temporary file once there are too many.
 *
 *     record_log_init(&log, memory_max);
 *     uint64_t place = record_log_add(&log, parts, count);
 *     if (record_log_read(&log, place, &record)) …
 *     record_log_release(&log); */
#ifndef AREQ_RUN_RECORD_LOG_H
#define AREQ_RUN_RECORD_LOG_H

#include "base/buf.h"
#include "base/slice.h"
#include "base/temporary_file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct record_log {
	size_t memory_max;
	struct buf newest; /* the records from file_end on */
	uint64_t file_end; /* bytes that are in the file; the place of the first byte of newest */
	struct temporary_file file;
	bool memory_only;  /* the file cannot be written, which was logged */
	struct buf record; /* the record that was read last from the file */
};

/* Initialises an empty log that keeps at most about memory_max bytes in memory. */
void record_log_init(struct record_log *self, size_t memory_max);
void record_log_release(struct record_log *self);

/* Removes all records. Places that were returned before are void. */
void record_log_clear(struct record_log *self);

/* Appends a record of fewer than 2^32 bytes, which consists of the parts one after the other. Returns its
 * place, which is never 0. It never fails: if the file cannot be written, which is logged once, all later
 * records stay in memory. */
uint64_t record_log_add(struct record_log *self, const struct slice *parts, size_t count);

/* Reads the record at a place. *record is borrowed until the next call for this log. Returns false if the
 * file cannot be read, which was logged. */
bool record_log_read(struct record_log *self, uint64_t place, struct slice *record);

#endif
