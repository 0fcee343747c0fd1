#include "link/charset/internal.h"

#include <string.h>

size_t charset_ascii_run(const char *bytes, size_t len)
{
	static const uint64_t high_bits = 0x8080808080808080;
	size_t run = 0;
	for (uint64_t word; len - run >= sizeof word; run += sizeof word) {
		memcpy(&word, bytes + run, sizeof word);
		if (word & high_bits)
			break;
	}
	while (run < len && (unsigned char)bytes[run] < 0x80)
		run++;
	return run;
}
