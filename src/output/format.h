/* The formats of the rows. */
#ifndef AREQ_OUTPUT_FORMAT_H
#define AREQ_OUTPUT_FORMAT_H

#include "base/buf.h"
#include "base/link.h"
#include "base/options.h"
#include "base/outcome.h"

#include <stdbool.h>

struct row_format {
	const char *header; /* the first line with its line end; NULL if there is none */
	bool unique;        /* each URL gets one row in the whole run */
	/* Appends the row of a link of that page, with its line end. The limit of rows must be out of
	 * reach. */
	void (*append_row)(struct buf *rows, const struct outcome *page, const struct link *link);
};

/* The format that the options ask for. It is constant and never freed. */
const struct row_format *format_of(const struct options *options);

/* The same for the changes of pages: each row begins with link->change. Not for FORMAT_URLS. */
const struct row_format *format_of_changes(const struct options *options);

#endif
