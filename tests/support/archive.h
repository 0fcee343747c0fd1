/* A run of areq whose HTTP archive is read back, and held against HAR 1.2
 * (http://www.softwareishard.com/blog/har-12-spec/). Like all support it fails the test if the archive is not
 * valid. */
#ifndef SUPPORT_ARCHIVE_H
#define SUPPORT_ARCHIVE_H

#include "run.h"
#include "scratch.h"

#include <jansson.h>
#include <stddef.h>

struct archive {
	struct scratch scratch;
	struct run_result result;
	char *text;
	json_t *json, *entries;
};

/* Runs areq with these arguments besides its outputs. Release it with archive_release. */
#define archive_fetch(archive, ...) archive_fetch_argv(archive, (const char *const[]){__VA_ARGS__, NULL})
void archive_fetch_argv(struct archive *self, const char *const *args);
void archive_release(struct archive *self);

/* The nth entry (from 0) with this URL. */
json_t *archive_entry(struct archive *self, const char *url, size_t nth);

/* The text of a field; "" if there is none. */
const char *archive_text(const json_t *object, const char *key);

/* The number in a field, which must be there. */
double archive_number(const json_t *object, const char *key);

#endif
