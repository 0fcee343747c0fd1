/* Are two parsed URLs the same in all that their readers can see? */
#ifndef AREQ_TESTS_UNIT_BASE_URL_URL_SAME_H
#define AREQ_TESTS_UNIT_BASE_URL_URL_SAME_H

#include "base/url/url.h"

static inline bool url_same_authority(const struct url *a, const struct url *b)
{
	return a->username_end == b->username_end && a->host_start == b->host_start &&
	       a->host_end == b->host_end;
}

static inline bool url_same(const struct url *a, const struct url *b)
{
	return slice_equal(url_href(a), url_href(b)) && a->href.data[a->href.len] == '\0' &&
	       a->scheme_end == b->scheme_end && a->path_start == b->path_start &&
	       a->query_start == b->query_start && a->fragment_start == b->fragment_start &&
	       a->port == b->port && a->special == b->special && a->opaque_path == b->opaque_path &&
	       a->has_host == b->has_host && (!a->has_host || url_same_authority(a, b));
}

#endif
