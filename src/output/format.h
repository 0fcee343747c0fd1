/* How a row looks. */
#ifndef AREQ_OUTPUT_FORMAT_H
#define AREQ_OUTPUT_FORMAT_H

#include "base/buf.h"
#include "base/link.h"
#include "base/options.h"
#include "base/outcome.h"

#include <stdbool.h>

struct row_format {
	const char *header; /* the first line, with its end; NULL: there is none */
	bool unique;        /* each URL once over the whole run */
	/* Appends the row of a link of that page, with its end; rows has no cap that it could pass. */
	void (*append_row)(struct buf *rows, const struct outcome *page, const struct link *link);
};

/* The one that the options ask for; constant. */
const struct row_format *format_of(const struct options *options);

#endif
