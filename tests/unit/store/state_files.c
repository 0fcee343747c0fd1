#include "unit/store/state_files.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64], path_text[200], name_text[400];

const char *state_files_make(void)
{
	strcpy(folder, "/tmp/areq-state-XXXXXX");
	cr_assert(mkdtemp(folder));
	snprintf(path_text, sizeof path_text, "%s/crawl.db", folder);
	return path_text;
}

const char *state_files_name(const char *name)
{
	snprintf(name_text, sizeof name_text, "%s/%s", folder, name);
	return name_text;
}

void state_files_remove(void)
{
	DIR *dir = opendir(folder);
	cr_assert(dir);
	for (const struct dirent *entry; (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			unlink(state_files_name(entry->d_name));
	closedir(dir);
	rmdir(folder);
}

struct state *state_files_begin(const char *path, enum state_begin how)
{
	struct state_begun begun;
	struct state *state = state_new(path);
	cr_assert_eq(state_open(state, STATE_WRITE), STATUS_OK, "%s", state_problem(state));
	cr_assert_eq(state_begin_run(state, "{\"depth\":2}", how == STATE_RESTARTED_RUN, 1000.5, &begun),
	    STATUS_OK, "%s", state_problem(state));
	cr_assert_eq(begun.how, how);
	return state;
}

void state_files_page(uint64_t id, struct state_page *page)
{
	static char url[100], listed[120];
	snprintf(url, sizeof url, "http://example.com/%d/%d", (int)(id % 10), (int)id);
	snprintf(listed, sizeof listed, "%s#\xff\xfe", url);
	*page = (struct state_page){.id = id,
	    .url = url,
	    .listed = id % 4 == 0 ? listed : NULL,
	    .depth = (uint32_t)id % 5,
	    .via = id / 2,
	    .sitemap = id % 50 == 0,
	    .is_guess = id % 100 == 0};
}

void state_files_result(
    uint64_t id, unsigned version, struct state_result *result, struct link_records *links)
{
	static char etag[40], final_url[100], hops[100];
	char url[100];
	link_records_clear(links);
	for (unsigned i = 0; i < id % 40; i++) {
		int len = snprintf(url, sizeof url, "http://example.com/%u/%u/%u", version, (unsigned)id, i);
		link_records_add(links, &(struct link_record){.url = {url, (size_t)len},
		                            .raw = {url + 18, (size_t)len - 18},
		                            .tag = slice_of(i % 3 ? "a" : "area"),
		                            .position = i * 40,
		                            .is_row = true});
	}
	snprintf(etag, sizeof etag, "\"%u-%u\"", version, (unsigned)id);
	snprintf(final_url, sizeof final_url, "http://example.com/final/%u", (unsigned)id);
	snprintf(hops, sizeof hops, "http://example.com/hop/%u\nhttp://example.com/", (unsigned)id);
	*result = (struct state_result){
	    .page = id, .outcome = OUTCOME_OK, .http_status = 200, .depth = (uint32_t)id % 5};
	if (id % 5 == 0) {
		result->outcome = OUTCOME_FAILED;
		result->cause = CAUSE_ANSWER_TIMEOUT;
		result->http_status = 0;
		return;
	}
	result->answer = STATE_ANSWER_NEW;
	result->etag = etag;
	result->final_url = id % 7 == 0 ? final_url : NULL;
	result->hops = id % 14 == 0 ? hops : NULL;
	result->fetched = 2000 + version;
	result->links = (struct slice){links->bytes.data, links->bytes.len};
	result->link_count = links->count;
	result->links_hash = links->hash;
}

void state_files_add(struct state *state, uint64_t first, uint64_t last)
{
	struct state_page page;
	for (uint64_t id = first; id <= last; id++) {
		state_files_page(id, &page);
		cr_assert_eq(state_add_page(state, &page), STATUS_OK, "%s", state_problem(state));
	}
}

void state_files_settle(struct state *state, uint64_t first, uint64_t last, unsigned version)
{
	struct state_result result;
	struct link_records links;
	link_records_init(&links);
	for (uint64_t id = first; id <= last; id++) {
		state_files_result(id, version, &result, &links);
		if (id % 3 > 0)
			cr_assert_eq(
			    state_settle_page(state, &result), STATUS_OK, "%s", state_problem(state));
	}
	link_records_release(&links);
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static void expect_links(
    struct state *state, const struct state_page *page, const struct link_records *expected)
{
	struct link_records actual;
	struct link_reader reader;
	struct link_record record;
	enum status status = STATUS_OK;
	link_records_init(&actual);
	link_reader_init(&reader);
	cr_assert_eq(
	    state_find_links(state, page, &reader, &status), STATE_FOUND, "%s", state_problem(state));
	while (link_reader_next(&reader, &record))
		link_records_add(&actual, &record);
	cr_expect_not(reader.is_damaged);
	cr_expect(slice_equal((struct slice){actual.bytes.data, actual.bytes.len},
	              (struct slice){expected->bytes.data, expected->bytes.len}),
	    "links of page %d", (int)page->id);
	link_reader_release(&reader);
	link_records_release(&actual);
}

static bool expect_page(struct state *state, const struct state_page *page, unsigned version)
{
	struct state_page given;
	struct state_result result;
	struct link_records links;
	enum status status = STATUS_OK;
	bool is_settled = page->is_settled;
	state_files_page(page->id, &given);
	cr_expect(same(page->url, given.url) && same(page->listed, given.listed), "page %d", (int)page->id);
	cr_expect(page->depth == given.depth && page->via == given.via && page->sitemap == given.sitemap &&
	          page->is_guess == given.is_guess);
	if (!is_settled)
		return false;
	link_records_init(&links);
	state_files_result(page->id, version, &result, &links);
	cr_expect_eq(page->outcome, result.outcome);
	cr_expect_eq(page->cause, result.cause);
	cr_expect_eq(page->http_status, result.http_status);
	cr_expect(same(page->final_url, result.final_url) && same(page->etag, result.etag));
	cr_expect(same(page->hops, result.hops));
	cr_expect_eq(page->fetched, result.fetched);
	if (result.answer == STATE_ANSWER_NEW) {
		cr_expect_eq(page->links, result.link_count);
		cr_expect(same(page->answer_url, result.final_url));
		expect_links(state, page, &links);
	} else {
		cr_expect_eq(state_find_links(state, page, NULL, &status), STATE_END);
	}
	link_records_release(&links);
	return true;
}

uint64_t state_files_expect(struct state *state, uint64_t last, unsigned version)
{
	struct state_page page, again;
	enum status status = STATUS_OK;
	uint64_t count = 0, settled = 0;
	enum state_find found;
	while ((found = state_next_page(state, &page, &status)) == STATE_FOUND) {
		cr_assert_eq(page.id, ++count);
		settled += expect_page(state, &page, version);
		cr_assert_eq(state_find_page(state, page.id, &again, &status), STATE_FOUND);
		cr_expect(same(page.url, again.url) && same(page.etag, again.etag) && page.run == again.run);
	}
	cr_expect_eq(found, STATE_END, "%s", state_problem(state));
	cr_expect_eq(count, last);
	return settled;
}

enum status state_files_try(const char *path, enum state_access access, char *problem, size_t size)
{
	struct state *state = state_new(path);
	struct state_page page;
	struct state_depth depth;
	struct state_target target;
	struct state_begun begun;
	struct link_reader reader;
	enum status status = state_open(state, access), ignored = STATUS_OK;
	link_reader_init(&reader);
	while (status == STATUS_OK && state_next_page(state, &page, &status) == STATE_FOUND)
		if (state_find_links(state, &page, &reader, &ignored) == STATE_FAILED)
			status = ignored;
	while (status == STATUS_OK && state_next_depth(state, &depth, &status) == STATE_FOUND)
		continue;
	while (status == STATUS_OK && state_next_target(state, &target, &status) == STATE_FOUND)
		continue;
	if (status == STATUS_OK && access == STATE_WRITE)
		status = state_begin_run(state, "{\"depth\":2}", false, 1000.5, &begun);
	snprintf(problem, size, "%s", status == STATUS_OK ? "" : state_problem(state));
	link_reader_release(&reader);
	state_free(state);
	return status;
}

char *state_files_read(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	cr_assert(file, "%s", path);
	fseek(file, 0, SEEK_END);
	*len = (size_t)ftell(file);
	rewind(file);
	char *bytes = malloc(*len + 1);
	cr_assert(bytes);
	cr_assert_eq(fread(bytes, 1, *len, file), *len);
	fclose(file);
	return bytes;
}

void state_files_write(const char *path, const char *bytes, size_t len)
{
	FILE *file = fopen(path, "wb");
	cr_assert(file);
	cr_assert_eq(fwrite(bytes, 1, len, file), len);
	fclose(file);
}
