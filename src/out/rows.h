/* The rows: source_url<TAB>parsed_url. */
#ifndef AREQ_OUT_ROWS_H
#define AREQ_OUT_ROWS_H

#include "base/options.h"
#include "out/file.h"
#include "out/observer.h"

struct rows;

/* Writes to file, which is borrowed, open and, unless appended to, empty. Free with rows_free. */
struct rows *rows_new(const struct options *options, struct file *file);
void rows_free(struct rows *self);

/* A page's rows leave in one write as soon as its outcome is known to be ok; those of more than ROWS_HELD
 * bytes in several, of whole rows each. Nothing of another page comes between them. */
enum { ROWS_HELD = 16 << 20 };

struct observer rows_observer(struct rows *self);

#endif
