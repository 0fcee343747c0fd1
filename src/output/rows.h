/* An observer that writes the rows: each link of each page, in the format that the user asked for. */
#ifndef AREQ_OUTPUT_ROWS_H
#define AREQ_OUTPUT_ROWS_H

#include "base/options.h"
#include "base/slice.h"
#include "output/file.h"
#include "output/observer.h"

#include <stdint.h>

struct rows;

/* options and file are borrowed. The rows are written to file, which is open and, unless it is appended to,
 * empty. The observer that rows_observer returns owns the result and frees it. */
struct rows *rows_new(const struct options *options, struct file *file);

/* The rows of a page are written when the page was received completely, and with --ordered when all pages
 * before it were written too. They are passed to the file in one write, or in several writes of whole rows
 * if they are more than ROWS_PIECE bytes. No row of another page comes between them. For a regular file
 * without --ordered, several small pages are collected for one write, which delays their rows by a fraction
 * of a second at most. */
enum { ROWS_PIECE = 256 << 10 };

struct observer rows_observer(struct rows *self);

/* A row with this URL was written by an earlier run, so that with --unique none is written now. */
void rows_add_seen(struct rows *self, struct slice url);

/* Writes all rows that are left, after the last page_end, and waits until the reader has taken them, but not
 * beyond `until`. Fails as file_drain does. */
enum status rows_drain(struct rows *self, int64_t until);

#endif
