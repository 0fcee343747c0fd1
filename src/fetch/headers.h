/* The header lines that go with each request, and which of them go where. */
#ifndef AREQ_FETCH_HEADERS_H
#define AREQ_FETCH_HEADERS_H

#include "base/options.h"

#include <curl/curl.h>

/* In libcurl's form. {0} is empty. */
struct headers {
	struct curl_slist *own;     /* for the origin of the URL that the user listed */
	struct curl_slist *foreign; /* … without what is meant for that origin alone, as curl has it too */
};

/* The user's lines and, unless these say otherwise, the User-Agent and the content codings that are undone
 * here (see decode.h). */
void headers_init(struct headers *self, const struct options *options);
void headers_release(struct headers *self);

/* Adds a line of any such list; it is copied. */
void headers_add(struct curl_slist **list, const char *line);

#endif
