/* The validators of a response, and the conditional request that can be made of them (RFC 9110, sections 8.8
 * and 13; RFC 9111, section 4.3). Nothing here keeps or copies a text. */
#ifndef AREQ_BASE_VALIDATORS_H
#define AREQ_BASE_VALIDATORS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

/* A longer value is no validator: it would have to be kept for each page and sent with each request. */
enum { VALIDATORS_LENGTH_MAX = 1024 };

/* What a response says. The values are as they were received; data is NULL for one that is missing or may not
 * be kept. Whether a date is one is told when it is used: that takes longer than all else here, and most are
 * never used. */
struct validators {
	struct slice etag;          /* see validators_is_etag; a weak one keeps its W/ */
	struct slice last_modified; /* see validators_date */
	struct slice date;          /* the same */
};

/* The values of the header fields that make a request conditional. data is NULL for a field that is not to be
 * sent. */
struct preconditions {
	struct slice if_none_match;
	struct slice if_modified_since;
};

/* True for one entity tag, strong or weak (RFC 9110, section 8.8.3). A tag without quotes, which some servers
 * send, is none. */
bool validators_is_etag(struct slice value);

/* Returns the time of an HTTP-date in any of its three formats (RFC 9110, section 5.6.7), in Unix seconds;
 * INT64_MIN for a value that is none. Some other dates that libcurl understands count, too: the server that
 * sent such a date gets it back, and may ignore it. */
int64_t validators_date(struct slice value);

/* Returns the three without those that may not be kept: what is too long, has bytes that neither a date nor
 * an entity tag has, or is no entity tag. */
struct validators validators_filter(struct validators values);

/* Returns what the next request for the same URL sends. received is when the response came, in Unix seconds;
 * it stands in for a missing Date (RFC 9110, section 6.6.1).
 *
 * If-None-Match is the entity tag. If-Modified-Since is Last-Modified as it was received, since some servers
 * only compare the two texts (section 13.1.3), and never another date. It is left out if Last-Modified is not
 * at least one second earlier than Date (section 8.8.2.2): a page with a later date may have changed, and may
 * change again, before the time of that date comes; and one with the same date may change once more within
 * that second. Then the server would say that the page is as it was. With both, both are sent, for a server
 * or cache that knows only one of them (RFC 9111, section 4.3.1). */
struct preconditions validators_choose(struct validators values, int64_t received);

/* Returns true if a response with the status 304 to a request with these preconditions speaks of the response
 * that they come from. It does not if it has another entity tag, or no entity tag that could be compared and
 * another Last-Modified (RFC 9111, section 4.3.4). The entity tags are compared weakly (RFC 9110, section
 * 8.8.3.2), because servers that compress a response make its tag weak, but not that of the 304. */
bool validators_confirm(struct preconditions sent, struct validators answer);

#endif
