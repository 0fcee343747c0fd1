/* State files for tests: a folder for them, and pages whose content follows from their number. */
#ifndef UNIT_STORE_STATE_FILES_H
#define UNIT_STORE_STATE_FILES_H

#include "store/state.h"

#include <stddef.h>
#include <stdint.h>

/* Makes a folder, and returns the name of a file in it that does not exist. */
const char *state_files_make(void);

/* Another name in the folder; good until the next call. */
const char *state_files_name(const char *name);

/* Removes the folder. */
void state_files_remove(void);

/* Opens the file, which must succeed, and begins a run in it. */
struct state *state_files_begin(const char *path, enum state_begin how);

/* Adds pages first to last, and gives them their outcomes. Every third stays pending, and every fifth has
 * failed. The links are those of that run: they change with each. */
void state_files_add(struct state *state, uint64_t first, uint64_t last);
void state_files_settle(struct state *state, uint64_t first, uint64_t last, unsigned version);

/* Fills in what the two functions give. The texts are good until the next call. */
void state_files_page(uint64_t id, struct state_page *page);
void state_files_result(
    uint64_t id, unsigned version, struct state_result *result, struct link_records *links);

/* Expects that the file has exactly pages 1 to `last`, as they were given. Returns the number of those that
 * are settled. */
uint64_t state_files_expect(struct state *state, uint64_t last, unsigned version);

/* The status of opening the file with this access, reading all of it, and, to write, of beginning a run.
 * problem[0..size) gets the message. */
enum status state_files_try(const char *path, enum state_access access, char *problem, size_t size);

/* Reads and writes a whole file. */
char *state_files_read(const char *path, size_t *len);
void state_files_write(const char *path, const char *bytes, size_t len);

#endif
