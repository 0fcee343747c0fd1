#include "store/output_end.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/types.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { HASHED_MAX = 4096 };

uint64_t output_end_hash(const char *path, uint64_t length)
{
	char bytes[HASHED_MAX];
	size_t len = length < HASHED_MAX ? (size_t)length : HASHED_MAX;
	int fd = len > 0 ? open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
	if (fd < 0)
		return 0;
	ssize_t n = pread(fd, bytes, len, (off_t)(length - len));
	close(fd);
	return n == (ssize_t)len ? XXH3_64bits(bytes, len) : 0;
}
