/* Whether the links of a page may be followed, by its header fields X-Robots-Tag and its elements <meta
 * name=robots>. No standard defines them; this follows Google's "Robots meta tag, data-nosnippet, and
 * X-Robots-Tag specifications".
 *
 * Both have a list of directives with commas, in any letter case. "nofollow" and "none" forbid to follow
 * links; a page may have several lists, and one that forbids is enough, whatever the others allow. Some
 * directives have a value behind a colon, which may itself have commas and colons: "unavailable_after: Fri,
 * 25 Jun 2010 15:00:00 PST", "max-image-preview: none". As in other crawlers, a blank is enough between two
 * directives. */
#ifndef AREQ_IN_ROBOTS_TAG_H
#define AREQ_IN_ROBOTS_TAG_H

#include "base/slice.h"

#include <stdbool.h>

/* True if a meta element with this name is meant for this program: "robots", or its product token, in any
 * letter case. */
bool robots_tag_is_meta_name(struct slice name, const char *token);

/* True if the content of such an element forbids to follow links. */
bool robots_tag_meta_forbids_links(struct slice content);

/* True if the value of an X-Robots-Tag field forbids this program to follow links. Directives behind
 * "some-token:" are meant for the program with that product token alone, up to the next such prefix; those
 * before the first one, and behind "*:", are meant for all. A token may have a version ("areq/1.0:"). Each
 * field of the response is a value of its own: a prefix does not reach into the next one. */
bool robots_tag_header_forbids_links(struct slice value, const char *token);

#endif
