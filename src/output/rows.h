/* The rows: each link of each page, in the format that the user asked for. */
#ifndef AREQ_OUTPUT_ROWS_H
#define AREQ_OUTPUT_ROWS_H

#include "base/options.h"
#include "output/file.h"
#include "output/observer.h"

#include <stdint.h>

struct rows;

/* Writes to file, which is borrowed, open and, unless appended to, empty. Its observer owns it. */
struct rows *rows_new(const struct options *options, struct file *file);

/* A page's rows leave once all of it is there, with --ordered as soon as all pages before have left: in one
 * write, those of more than ROWS_PIECE bytes in several, of whole rows each. Nothing of another page comes
 * between them. A file of the disk gets several small pages in one write, at most a moment later. */
enum { ROWS_PIECE = 256 << 10 };

struct observer rows_observer(struct rows *self);

/* After the last outcome: waits until the reader has taken all rows, as file_drain does for each part. */
enum status rows_drain(struct rows *self, int64_t until);

#endif
