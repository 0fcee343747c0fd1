/* A process that brings outputs to the disk, since that may take seconds and the event loop must not wait.
 *
 *     sync = output_sync_new();
 *     output_sync_add(sync, fd, path); …
 *     output_sync_start(sync)
 *     output_sync_request(sync)          what was written until now
 *     output_sync_turn(sync, &wait, &is_done), in each turn of the event loop, until is_done
 *     output_sync_free(sync) */
#ifndef AREQ_RUN_OUTPUT_SYNC_H
#define AREQ_RUN_OUTPUT_SYNC_H

#include "base/status.h"
#include "base/wait.h"

#include <stdbool.h>

enum { OUTPUT_SYNC_FILES_MAX = 8 };

struct output_sync;

struct output_sync *output_sync_new(void);

/* Ends the process. */
void output_sync_free(struct output_sync *self);

/* Adds a file that is open; path, which is borrowed, is its name now. */
void output_sync_add(struct output_sync *self, int fd, const char *path);

/* Starts the process; does nothing if there is no file. STATUS_OUTPUT if that is not possible (logged). */
enum status output_sync_start(struct output_sync *self);

/* Begins to bring to the disk what was written until now. Call it only if nothing is being done. */
void output_sync_request(struct output_sync *self);

/* True from a request until its end. */
bool output_sync_is_busy(const struct output_sync *self);

/* Sets *is_done if what was requested is on the disk. Else adds to *wait what to wait for; with wait == NULL,
 * waits itself. STATUS_OUTPUT if a file could not be brought to the disk, or the process has died (logged).
 */
enum status output_sync_turn(struct output_sync *self, struct wait *wait, bool *is_done);

#endif
