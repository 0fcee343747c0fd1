#include "store/redis_answer.h"

#include "store/packed.h"

#include <string.h>

enum { VERSION = 1, RUN_DIGITS = 15, NUMBERS = 11, TEXTS = 8 };

/* Their order is a part of the format. */
static void list_texts(struct redis_answer *answer, const char **texts[TEXTS])
{
	struct state_page *page = &answer->page;
	const char **const list[TEXTS] = {&page->listed, &answer->via, &page->final_url, &page->hops,
	    &page->answer_url, &page->etag, &page->last_modified, &page->date};
	memcpy(texts, list, sizeof list);
}

static uint64_t milliseconds(double seconds)
{
	return seconds > 0 ? (uint64_t)(seconds * 1000 + 0.5) : 0;
}

void redis_answer_pack(struct buf *to, const struct redis_answer *answer)
{
	struct redis_answer copy = *answer;
	const struct state_page *page = &copy.page;
	const char **texts[TEXTS];
	const uint64_t numbers[NUMBERS] = {page->depth, page->sitemap, page->is_guess,
	    (uint64_t)page->http_status, milliseconds(page->fetched), milliseconds(page->changed),
	    page->links_hash >> 32, page->links_hash & UINT32_MAX, page->links, page->variant >> 32,
	    page->variant & UINT32_MAX};
	packed_put_number(to, VERSION);
	for (int i = 0; i < NUMBERS; i++)
		packed_put_number(to, numbers[i]);
	list_texts(&copy, texts);
	for (int i = 0; i < TEXTS; i++)
		packed_put_text(to, *texts[i] ? *texts[i] : "");
}

/* Takes off what the scripts have put in front. */
static bool take_head(struct slice *bytes, uint64_t *run, bool *is_listed)
{
	*run = 0;
	if (bytes->len <= RUN_DIGITS)
		return false;
	for (int i = 0; i < RUN_DIGITS; i++) {
		if (bytes->data[i] < '0' || bytes->data[i] > '9')
			return false;
		*run = *run * 10 + (uint64_t)(bytes->data[i] - '0');
	}
	*is_listed = bytes->data[RUN_DIGITS] == '1';
	slice_skip(bytes, RUN_DIGITS + 1);
	return true;
}

bool redis_answer_unpack(struct redis_answer *answer, bool *is_listed, struct slice bytes, struct buf *texts)
{
	uint64_t run, version, numbers[NUMBERS];
	size_t places[TEXTS];
	const char **list[TEXTS];
	buf_clear(texts);
	if (!take_head(&bytes, &run, is_listed) || !packed_take_number(&bytes, &version) ||
	    version != VERSION)
		return false;
	for (int i = 0; i < NUMBERS; i++)
		if (!packed_take_number(&bytes, &numbers[i]))
			return false;
	for (int i = 0; i < TEXTS; i++) {
		places[i] = texts->len;
		if (!packed_take_text(&bytes, texts))
			return false;
	}
	*answer = (struct redis_answer){.page = {.run = run,
	                                    .depth = (uint32_t)numbers[0],
	                                    .sitemap = (uint32_t)numbers[1],
	                                    .is_guess = numbers[2] > 0,
	                                    .http_status = (long)numbers[3],
	                                    .fetched = (double)numbers[4] / 1000,
	                                    .changed = (double)numbers[5] / 1000,
	                                    .links_hash = numbers[6] << 32 | numbers[7],
	                                    .links = numbers[8],
	                                    .variant = numbers[9] << 32 | numbers[10]}};
	list_texts(answer, list);
	for (int i = 0; i < TEXTS; i++)
		*list[i] = texts->data[places[i]] ? texts->data + places[i] : NULL;
	return bytes.len == 0 && answer->page.listed;
}
