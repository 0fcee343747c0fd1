/* A decoded value is never longer than the standard's longest gain allows, and decoding leaves text without
 * '&' and NUL as it is. */
#include "link/html/entity.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* Of all references "&nGt;" and its like grow most: five bytes become six. A NUL becomes three. */
static size_t longest_text(const uint8_t *data, size_t size)
{
	size_t nuls = 0, amps = 0;
	for (size_t i = 0; i < size; i++) {
		nuls += data[i] == '\0';
		amps += data[i] == '&';
	}
	return size + 2 * nuls + amps;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, capped;
	buf_init(&whole, SIZE_MAX / 4);
	check(entity_decode((const char *)data, size, &whole));
	check(whole.len <= longest_text(data, size));
	check(whole.len == 0 || !memchr(whole.data, '\0', whole.len));
	if (size > 0 && !memchr(data, '&', size) && !memchr(data, '\0', size))
		check(whole.len == size && memcmp(whole.data, data, size) == 0);

	buf_init(&capped, whole.len);
	check(entity_decode((const char *)data, size, &capped));
	check(capped.len == whole.len && (whole.len == 0 || memcmp(capped.data, whole.data, whole.len) == 0));
	buf_release(&capped);
	if (whole.len > 0) {
		buf_init(&capped, whole.len - 1);
		check(!entity_decode((const char *)data, size, &capped));
		buf_release(&capped);
	}
	buf_release(&whole);
	return 0;
}
