/* The paths of robots.txt rules and of URLs: a normal form in which both can be compared, and whether a rule
 * matches a URL (RFC 9309, sections 2.2.2 and 2.2.3).
 *
 * In the normal form, unreserved characters stand for themselves, and so do reserved ones (RFC 3986, sections
 * 2.2 and 2.3) that were not percent-encoded. Every other octet is percent-encoded with uppercase digits: a
 * path "/%7ejo" becomes "/~jo", "/caf\xe9" becomes "/caf%E9", and "/a%2fb" becomes "/a%2Fb", not "/a/b". A
 * '%' without two hexadecimal digits stays as it is. A rule keeps a '*' that stands for any octets, and a '$'
 * that stands for the end; every literal '*' and '$' of rules and URLs becomes "%2A" and "%24". */
#ifndef AREQ_IN_ROBOTS_PATH_H
#define AREQ_IN_ROBOTS_PATH_H

#include "base/buf.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

/* How the '/' and ':' behind the first '?' are kept. An example of the RFC shows that they are the same as
 * "%2F" and "%3A" there. */
enum robots_query {
	ROBOTS_QUERY_AS_SENT, /* as everywhere else: an encoded one is different */
	ROBOTS_QUERY_DECODED  /* decoded, so that both are equal */
};

/* Append the normal form of a rule's path, whose query is always decoded, or of the path and query of a URL.
 * out must have a limit that is never reached. */
void robots_path_append_rule(struct buf *out, struct slice path);
void robots_path_append_url(struct buf *out, struct slice path, enum robots_query query);

/* Returns the number of octets of a rule's path as it is written, if those that are not ASCII were
 * percent-encoded. '*' and '$' count. Of all rules that match, the one with the most octets decides. */
size_t robots_path_octets(struct slice path);

/* True if the rule matches the start of the path, both in the normal form; a rule that ends in '$' must match
 * the whole path. The time is at most proportional to the product of their lengths. Subtracts from *effort
 * about the number of comparisons that were made, and may give up with false once none is left. */
bool robots_path_matches(struct slice rule, struct slice path, size_t *effort);

#endif
