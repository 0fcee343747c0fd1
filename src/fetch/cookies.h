/* The cookies that the user gives with -b. */
#ifndef AREQ_FETCH_COOKIES_H
#define AREQ_FETCH_COOKIES_H

#include "base/options.h"
#include "base/slice.h"
#include "base/status.h"

#include <curl/curl.h>
#include <stdbool.h>

/* {0} holds no cookies. */
struct cookies {
	/* The cookies given as name=value, as one Cookie header value ("name=value; …"); NULL if there are
	 * none. They are sent only to the origin of the URL that the user listed. */
	char *line;
	struct curl_slist *stored; /* the lines of all cookie files, as CURLOPT_COOKIELIST takes them */
};

/* Collects the cookies of options and reads the cookie files. A line of a file that holds no cookie is
 * skipped with a warning. Returns STATUS_USAGE if a file cannot be read, and STATUS_CUT_SHORT if the run was
 * stopped while it was read; an error was logged. cookies_release must be called in any case. */
enum status cookies_init(struct cookies *self, const struct options *options);
void cookies_release(struct cookies *self);

/* Returns false if a stored cookie is certainly for another host, so that libcurl does not need it. If it
 * returns true, libcurl still decides by domain, path and scheme. */
bool cookies_may_match(const char *stored, struct slice host);

#endif
