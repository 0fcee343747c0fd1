#include "in/shard.h"

#include <xxhash.h>

int64_t shard_of(struct slice host, int64_t count)
{
	return (int64_t)(XXH3_64bits(host.data, host.len) % (uint64_t)count) + 1;
}

bool shard_has(const struct option_shard *self, const struct url *url)
{
	if (self->count == 0)
		return true;
	return self->number == (url ? shard_of(url_host(url), self->count) : 1);
}
