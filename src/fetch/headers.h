/* The header fields that are sent with each request. */
#ifndef AREQ_FETCH_HEADERS_H
#define AREQ_FETCH_HEADERS_H

#include "base/options.h"

#include <curl/curl.h>
#include <stdbool.h>

/* The header lines as libcurl takes them. {0} holds none. */
struct headers {
	/* For requests to the origin of the URL that the user listed: all lines. */
	struct curl_slist *same_origin;
	/* For requests to other origins: without Authorization, Cookie, Host and Proxy-Authorization, which
	 * the user meant for the first origin only. curl leaves them out, too. */
	struct curl_slist *cross_origin;
};

/* Collects the user's header lines. Adds an Accept-Encoding line with the codings that areq decodes (see
 * decode.h), and a User-Agent line if the user agent of options is not empty. A line of the user with the
 * same name takes precedence. */
void headers_init(struct headers *self, const struct options *options);
void headers_release(struct headers *self);

/* Returns a copy of lines, and behind it a line for each of the two values that is not NULL. Free with
 * curl_slist_free_all. */
struct curl_slist *headers_copy_with(
    const struct curl_slist *lines, const char *if_none_match, const char *if_modified_since);

/* True if one of the user's header lines has the name If-None-Match or If-Modified-Since, even if it has no
 * value and so removes the field. Then the user decides what is asked conditionally, and areq adds no line of
 * its own. */
bool headers_name_preconditions(const struct option_list *lines);

/* True if one of the user's header lines makes requests conditional, so that a server may answer with the
 * status 304 (RFC 9110, section 15.4.5). */
bool headers_are_conditional(const struct option_list *lines);

/* Appends a copy of line to the list. */
void headers_add(struct curl_slist **list, const char *line);

#endif
