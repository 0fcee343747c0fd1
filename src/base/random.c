#include "base/random.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

uint64_t random_bits(void)
{
	uint64_t bits = 0;
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, &bits, sizeof bits);
	if (fd >= 0)
		close(fd);
	if (n != (ssize_t)sizeof bits) {
		struct timespec now;
		clock_gettime(CLOCK_MONOTONIC, &now);
		bits = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u ^ (uint64_t)now.tv_sec;
	}
	return bits;
}
