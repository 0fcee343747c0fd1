/* The cookies that the user gives along (-b). */
#ifndef AREQ_FETCH_COOKIES_H
#define AREQ_FETCH_COOKIES_H

#include "base/options.h"
#include "base/slice.h"
#include "base/status.h"

#include <curl/curl.h>
#include <stdbool.h>

/* {0} is empty. */
struct cookies {
	char *line; /* "name=value; …" for the origin of the URL that the user listed; NULL: none */
	struct curl_slist *stored; /* those of files, in a form that CURLOPT_COOKIELIST takes */
};

/* Reads the files. STATUS_USAGE where one cannot be read; it was logged. A line that holds no cookie gets a
 * warning and is passed over. cookies_release is due in any case. */
enum status cookies_init(struct cookies *self, const struct options *options);
void cookies_release(struct cookies *self);

/* False where a stored cookie is for other hosts, so that libcurl need not be told; it decides the rest. */
bool cookies_may_match(const char *stored, struct slice host);

#endif
