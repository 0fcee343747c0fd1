/* Damages a state file, and its log if it has one: it is refused, or all that is read is right. Never is
 * there a crash, or a row of any table that was not written; and a file that is refused keeps its
 * bytes. A log that is damaged may lose its last commits, but only whole ones.
 *
 * The first byte of an input says which file is damaged. Then come any number of these:
 *
 *     operation  1 byte, see enum operation
 *     offset     3 bytes
 *     length     1 byte
 *     bytes      as many as the length says, only for OVERWRITE
 */
#include "store/state.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PAGES_EACH_COMMIT = 10, COMMITS = 5, LINKS_MAX = 12, BLOCK = 4096, FILE_MAX = 1 << 20 };
enum operation { OVERWRITE, TRUNCATE, FILL, COPY_BLOCK, FLIP_BIT, OPERATIONS };

/* What is damaged: a file whose run has ended, one that was interrupted, or the log of that. */
enum target { ENDED, INTERRUPTED, LOG, TARGETS };

struct image {
	char *bytes;
	size_t len;
};

static char folder[40], path[60], log_path[70], shared_path[70];
static struct image originals[TARGETS];

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* A page and its links follow from its number. */
static void make_page(uint64_t id, struct state_page *page)
{
	static char url[64];
	snprintf(url, sizeof url, "http://a.example/page/%d", (int)id);
	*page = (struct state_page){.id = id, .url = url, .depth = (uint32_t)id % 3, .via = id / 2};
}

static void make_links(uint64_t id, struct link_records *links)
{
	char url[64];
	link_records_clear(links);
	for (unsigned i = 0; i < id % LINKS_MAX; i++) {
		int len = snprintf(url, sizeof url, "http://b.example/%d/%u", (int)id, i);
		link_records_add(links,
		    &(struct link_record){
		        .url = {url, (size_t)len}, .tag = slice_of("a"), .position = i, .is_row = true});
	}
}

static bool is_pending(uint64_t id)
{
	return id % 4 == 0;
}

static bool has_failed(uint64_t id)
{
	return id % 7 == 0;
}

static void settle(struct state *state, uint64_t id, struct link_records *links)
{
	make_links(id, links);
	struct state_result result = {.page = id, .http_status = 200, .depth = (uint32_t)id % 3};
	if (has_failed(id)) {
		result.outcome = OUTCOME_FAILED;
		result.cause = CAUSE_REFUSED;
	} else {
		result.answer = STATE_ANSWER_NEW;
		result.etag = "\"an entity tag\"";
		result.fetched = 1e9;
		result.links = (struct slice){links->bytes.data, links->bytes.len};
		result.link_count = links->count;
		result.links_hash = links->hash;
	}
	check(state_settle_page(state, &result) == STATUS_OK);
}

/* What is kept besides the pages follows from the number of a page, too. */
static void make_depth(uint64_t id, struct state_depth *depth)
{
	struct state_page page;
	make_page(id, &page);
	*depth = (struct state_depth){.url = page.url, .depth = (uint32_t)id % 2};
}

static void make_robots(uint64_t id, struct state_robots *robots)
{
	static char origin[64], body[64];
	snprintf(origin, sizeof origin, "http://host%d.example", (int)id);
	int len = snprintf(body, sizeof body, "User-agent: *\nDisallow: /%d\n", (int)id);
	*robots = (struct state_robots){
	    .origin = origin, .http_status = 200, .fetched = 1e9, .body = {body, (size_t)len}};
}

static void make_target(uint64_t id, struct state_target *target)
{
	static char url[64];
	snprintf(url, sizeof url, "http://target.example/%d", (int)id);
	*target = (struct state_target){.url = url,
	    .purpose = STORE_ANCHORS,
	    .outcome = OUTCOME_OK,
	    .stage = STAGE_RECEIVE,
	    .http_status = 200 + (long)id % 5,
	    .has_answered = true,
	    .has_anchors = true,
	    .anchors = {"one\0two\0", 8}};
}

static void add_more(struct state *state, uint64_t id)
{
	struct state_depth depth;
	struct state_robots robots;
	struct state_target target;
	make_depth(id, &depth);
	make_robots(id, &robots);
	make_target(id, &target);
	check(state_lower_depth(state, &depth) == STATUS_OK);
	check(state_set_robots(state, &robots) == STATUS_OK);
	check(state_add_target(state, &target) == STATUS_OK);
}

static struct state *make_file(void)
{
	struct state *state = state_new(path);
	struct state_begun begun;
	struct state_page page;
	struct link_records links;
	link_records_init(&links);
	check(state_open(state, STATE_WRITE) == STATUS_OK);
	check(state_begin_run(state, "{\"depth\":1}", false, 1e9, &begun) == STATUS_OK);
	for (uint64_t id = 1; id <= PAGES_EACH_COMMIT * COMMITS; id++) {
		make_page(id, &page);
		check(state_add_page(state, &page) == STATUS_OK);
		if (!is_pending(id))
			settle(state, id, &links);
		add_more(state, id);
		if (id % PAGES_EACH_COMMIT > 0)
			continue;
		check(state_set_output(state,
		          &(struct state_output){.name = "output", .path = "rows.tsv", .length = id * 100}) ==
		      STATUS_OK);
		check(state_commit(state) == STATUS_OK);
	}
	link_records_release(&links);
	return state;
}

static struct image read_file(const char *name)
{
	struct image image = {.bytes = malloc(FILE_MAX)};
	FILE *file = fopen(name, "rb");
	check(image.bytes);
	if (!file)
		return image;
	image.len = fread(image.bytes, 1, FILE_MAX, file);
	fclose(file);
	return image;
}

static void write_file(const char *name, const struct image *image)
{
	FILE *file = fopen(name, "wb");
	check(file && fwrite(image->bytes, 1, image->len, file) == image->len);
	fclose(file);
}

static void remove_files(void)
{
	unlink(path);
	unlink(log_path);
	unlink(shared_path);
}

static void remove_folder(void)
{
	remove_files();
	rmdir(folder);
}

static void make_originals(void)
{
	const char *memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(folder, sizeof folder, "%s/fuzz-state-XXXXXX", memory);
	check(mkdtemp(folder));
	atexit(remove_folder);
	snprintf(path, sizeof path, "%s/state.db", folder);
	snprintf(log_path, sizeof log_path, "%s-wal", path);
	snprintf(shared_path, sizeof shared_path, "%s-shm", path);
	struct state *state = make_file();
	originals[INTERRUPTED] = read_file(path);
	originals[LOG] = read_file(log_path);
	check(state_end_run(state, &(struct state_totals){.urls = 1}, 2e9) == STATUS_OK);
	check(state_commit(state) == STATUS_OK);
	state_free(state);
	originals[ENDED] = read_file(path);
	remove_files();
}

/* Returns the operations that are left. */
static struct slice damage(struct image *image, struct slice input)
{
	const unsigned char *at = (const unsigned char *)input.data;
	enum operation operation = (enum operation)(at[0] % OPERATIONS);
	size_t offset = (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3], len = at[4];
	size_t used = 5;
	if (image->len == 0)
		return (struct slice){NULL, 0};
	offset %= image->len;
	size_t room = image->len - offset;
	switch (operation) {
	case OVERWRITE:
		len = len < input.len - used ? len : input.len - used;
		used += len;
		memcpy(image->bytes + offset, at + 5, len < room ? len : room);
		break;
	case TRUNCATE:
		image->len = offset;
		break;
	case FILL:
		memset(image->bytes + offset, (int)(offset % 256), len < room ? len : room);
		break;
	case COPY_BLOCK:
		offset -= offset % BLOCK;
		len = len * BLOCK % image->len;
		if (offset + BLOCK <= image->len && len + BLOCK <= image->len)
			memmove(image->bytes + offset, image->bytes + len, BLOCK);
		break;
	case FLIP_BIT:
		image->bytes[offset] ^= (char)(1 << len % 8);
		break;
	case OPERATIONS:
		break;
	}
	return (struct slice){input.data + used, input.len - used};
}

static void check_links(struct state *state, const struct state_page *page, struct link_reader *reader,
    struct link_records *expected, enum status *status)
{
	struct link_record record;
	enum state_find found = state_find_links(state, page, reader, status);
	if (found == STATE_FAILED)
		return;
	check(found == STATE_FOUND);
	struct link_records actual;
	link_records_init(&actual);
	while (link_reader_next(reader, &record))
		link_records_add(&actual, &record);
	make_links(page->id, expected);
	check(!reader->is_damaged);
	check(slice_equal((struct slice){actual.bytes.data, actual.bytes.len},
	    (struct slice){expected->bytes.data, expected->bytes.len}));
	link_records_release(&actual);
}

static void check_page(const struct state_page *page)
{
	struct state_page expected;
	make_page(page->id, &expected);
	check(strcmp(page->url, expected.url) == 0 && !page->listed);
	check(page->depth == expected.depth && page->via == expected.via && page->run == 1);
	check(page->is_settled == !is_pending(page->id));
	if (!page->is_settled)
		return;
	check(page->http_status == 200);
	check(page->outcome == (has_failed(page->id) ? OUTCOME_FAILED : OUTCOME_OK));
	check(page->cause == (has_failed(page->id) ? CAUSE_REFUSED : CAUSE_NONE));
	check(has_failed(page->id) ? !page->etag : strcmp(page->etag, "\"an entity tag\"") == 0);
}

static enum status read_depths(struct state *state)
{
	struct state_depth depth, expected;
	enum status status = STATUS_OK;
	while (state_next_depth(state, &depth, &status) == STATE_FOUND) {
		unsigned id = 0;
		check(sscanf(depth.url, "http://a.example/page/%u", &id) == 1);
		make_depth(id, &expected);
		check(strcmp(depth.url, expected.url) == 0 && depth.depth == expected.depth);
	}
	return status;
}

static enum status read_robots(struct state *state)
{
	struct state_robots robots, expected;
	enum status status = STATUS_OK;
	for (uint64_t id = 1; id <= PAGES_EACH_COMMIT * COMMITS && status == STATUS_OK; id++) {
		make_robots(id, &expected);
		if (state_find_robots(state, expected.origin, 1e9, &robots, &status) == STATE_FOUND)
			check(robots.http_status == 200 && slice_equal(robots.body, expected.body));
	}
	return status;
}

static enum status read_targets(struct state *state)
{
	struct state_target target, expected;
	enum status status = STATUS_OK;
	while (state_next_target(state, &target, &status) == STATE_FOUND) {
		unsigned id = 0;
		check(target.url && sscanf(target.url, "http://target.example/%u", &id) == 1);
		make_target(id, &expected);
		check(strcmp(target.url, expected.url) == 0 && target.purpose == expected.purpose);
		check(target.outcome == expected.outcome && target.stage == expected.stage);
		check(target.http_status == expected.http_status && target.has_answered);
		check(target.has_anchors && slice_equal(target.anchors, expected.anchors));
	}
	return status;
}

/* Reads the pages, and checks them. */
static enum status read_pages(struct state *state)
{
	struct state_page page;
	struct link_reader reader;
	struct link_records expected;
	enum status status = STATUS_OK, of_links = STATUS_OK;
	uint64_t count = 0, last = 0;
	link_reader_init(&reader);
	link_records_init(&expected);
	while (state_next_page(state, &page, &status) == STATE_FOUND) {
		/* Pages may be missing only where the end of the table then says so. */
		check(page.id > last);
		last = page.id;
		count++;
		check_page(&page);
		if (page.is_settled && !has_failed(page.id) && of_links == STATUS_OK)
			check_links(state, &page, &reader, &expected, &of_links);
	}
	link_reader_release(&reader);
	link_records_release(&expected);
	if (status != STATUS_OK || of_links != STATUS_OK)
		return status_first(status, of_links);
	check(count == last && count % PAGES_EACH_COMMIT == 0 && count <= PAGES_EACH_COMMIT * COMMITS);
	struct state_output output;
	if (state_find_output(state, "output", &output, &status) == STATE_FOUND)
		check(output.length == count * 100 && strcmp(output.path, "rows.tsv") == 0);
	else
		check(count == 0 || status != STATUS_OK);
	return status;
}

/* Reads everything, and checks it. */
static enum status read_state(struct state *state)
{
	enum status status = read_pages(state);
	if (status == STATUS_OK)
		status = read_depths(state);
	if (status == STATUS_OK)
		status = read_robots(state);
	if (status == STATUS_OK)
		status = read_targets(state);
	return status;
}

/* Goes on with what was read: adds pages that are new and pages that are known. */
static void write_state(struct state *state)
{
	struct state_begun begun;
	struct state_page page;
	struct state_result result = {.outcome = OUTCOME_OK, .answer = STATE_ANSWER_GONE};
	enum status status = state_begin_run(state, "{\"depth\":1}", false, 3e9, &begun);
	uint64_t known = state_last_run(state)->pages;
	for (uint64_t id = 1; status == STATUS_OK && id <= known + 5; id++) {
		make_page(id, &page);
		status = state_add_page(state, &page);
		result.page = id;
		if (status == STATUS_OK)
			status = state_settle_page(state, &result);
	}
	if (status == STATUS_OK)
		status = state_commit(state);
	check(status == STATUS_OK || *state_problem(state));
}

static void check_unchanged(const struct image *image, const char *name)
{
	struct image after = read_file(name);
	check(after.len == image->len && memcmp(after.bytes, image->bytes, image->len) == 0);
	free(after.bytes);
}

static enum status try(const struct image *file, const struct image *log, enum state_access access)
{
	remove_files();
	write_file(path, file);
	if (log)
		write_file(log_path, log);
	struct state *state = state_new(path);
	enum status status = state_open(state, access);
	if (status == STATUS_OK)
		status = read_state(state);
	if (status == STATUS_OK && access == STATE_WRITE)
		write_state(state);
	check(status == STATUS_OK || *state_problem(state));
	state_free(state);
	if (status != STATUS_OK)
		check_unchanged(file, path);
	return status;
}

static struct image copy_of(const struct image *image)
{
	struct image copy = {.bytes = malloc(image->len + 1), .len = image->len};
	check(copy.bytes);
	memcpy(copy.bytes, image->bytes, image->len);
	return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!originals[ENDED].bytes)
		make_originals();
	if (size == 0)
		return 0;
	enum target target = (enum target)(data[0] % TARGETS);
	struct image damaged = copy_of(&originals[target]);
	struct slice input = {(const char *)data + 1, size - 1};
	while (input.len >= 5)
		input = damage(&damaged, input);
	const struct image *file = target == LOG ? &originals[INTERRUPTED] : &damaged;
	const struct image *log = target == LOG ? &damaged : target == INTERRUPTED ? &originals[LOG] : NULL;
	bool is_whole = size < 6;
	for (int access = STATE_READ; access <= STATE_WRITE; access++)
		check(try(file, log, (enum state_access)access) == STATUS_OK || !is_whole);
	free(damaged.bytes);
	return 0;
}
