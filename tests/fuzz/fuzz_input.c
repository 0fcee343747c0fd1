/* Any bytes are a list: every entry is a URL to fetch or says why not, and no line is lost or counted twice.
 */
#include "in/input.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Lines end with LF, or in a list without LF with CR. */
static size_t count_lines(const uint8_t *data, size_t size)
{
	const uint8_t end = size > 0 && !memchr(data, '\n', size) ? '\r' : '\n';
	size_t lines = size > 0 && data[size - 1] != end;
	for (size_t i = 0; i < size; i++)
		lines += data[i] == end;
	return lines;
}

static void check_entry(const struct input_entry *entry)
{
	assert((entry->url == NULL) == (entry->problem != NULL));
	if (!entry->url)
		return;
	assert(url_is_http(entry->url));
	assert(url_host(entry->url).len > 0);
	for (const char *c = entry->text; *c; c++)
		assert((unsigned char)*c >= 0x20 && *c != 0x7f);
	/* What is shown leads to where will be fetched. */
	struct url again;
	url_init(&again);
	bool parsed = url_parse(&again, entry->text, strlen(entry->text), NULL, NULL);
	assert(parsed && slice_equal(url_href(&again), url_href(entry->url)));
	url_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[] = "/tmp/areq-fuzz-XXXXXX";
	int fd = mkstemp(name);
	assert(fd >= 0);
	ssize_t written = write(fd, data, size);
	assert(written == (ssize_t)size);
	close(fd);

	const char *args[] = {name};
	struct option_list list = {args, 1};
	struct input *input = input_new(&list);
	/* What is refused here is no list by its first bytes. */
	bool is_list = input_open(input) == STATUS_OK;
	struct input_entry entry;
	size_t last_line = 0;
	enum input_state state = INPUT_END;
	while (is_list && (state = input_next(input, &entry)) == INPUT_ENTRY) {
		assert(entry.line > last_line);
		last_line = entry.line;
		check_entry(&entry);
	}
	/* A file is also refused once its first 100 lines are known not to be URLs. */
	assert(state == INPUT_END || state == INPUT_ERROR);
	assert(last_line <= count_lines(data, size));
	input_free(input);
	unlink(name);
	return 0;
}
