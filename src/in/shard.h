/* Which of the hosts belong to this process, if the hosts of a list are shared by several (--shard). The rule
 * stays the same for ever, so that processes that know nothing of each other agree on it. */
#ifndef AREQ_IN_SHARD_H
#define AREQ_IN_SHARD_H

#include "base/options.h"
#include "base/slice.h"
#include "base/url/url.h"

#include <stdbool.h>

/* Returns the shard of a host, from 1 to count: the XXH3 hash of 64 bits with the seed 0 of its bytes, modulo
 * count, plus 1. host is as url_host returns it; count is at least 1. */
int64_t shard_of(struct slice host, int64_t count);

/* True if the host of a URL belongs to the shard. A line of the list that is no URL belongs to shard 1; url
 * is then NULL. Everything belongs to {0}. */
bool shard_has(const struct option_shard *self, const struct url *url);

#endif
