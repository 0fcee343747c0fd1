/* A temporary folder for one test. Like all support it fails the test where it cannot do its work. */
#ifndef SUPPORT_SCRATCH_H
#define SUPPORT_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

struct scratch {
	char *folder; /* absolute */
	char **names; /* what scratch_path gave out */
	size_t count;
};

void scratch_init(struct scratch *self);

/* Removes the folder with everything in it. */
void scratch_release(struct scratch *self);

/* The absolute name of a file in it, whether it exists or not; good until the release. */
const char *scratch_path(struct scratch *self, const char *name);

/* Writes a file anew, or at its end, and returns its absolute name. */
const char *scratch_write(struct scratch *self, const char *name, const char *text);
const char *scratch_write_bytes(struct scratch *self, const char *name, const char *bytes, size_t len);
const char *scratch_append(struct scratch *self, const char *name, const char *text);

/* The bytes of a file in it, with a NUL behind them; the caller frees them. len may be NULL. */
char *scratch_read(struct scratch *self, const char *name, size_t *len);

/* Expects that a file in it holds this text. */
void scratch_expect(struct scratch *self, const char *name, const char *expected);

bool scratch_exists(struct scratch *self, const char *name);

/* Removes a folder with everything in it; one that is not there is removed already. */
void scratch_remove_tree(const char *folder);

#endif
