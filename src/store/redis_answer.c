#include "store/redis_answer.h"

#include "store/packed.h"

#include <string.h>

enum { VERSION = 1, RUN_DIGITS = 15, NUMBERS = 13, TEXTS = 8 };

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
	    page->variant & UINT32_MAX, copy.packed_hash >> 32, copy.packed_hash & UINT32_MAX};
	packed_put_number(to, VERSION);
	for (int i = 0; i < NUMBERS; i++)
		packed_put_number(to, numbers[i]);
	list_texts(&copy, texts);
	for (int i = 0; i < TEXTS; i++)
		packed_put_text(to, *texts[i] ? *texts[i] : "");
}

void redis_answer_set_flags(char flags[REDIS_ANSWER_FLAGS], bool is_listed, bool was_ok)
{
	flags[0] = is_listed ? '1' : '0';
	flags[1] = was_ok ? '1' : '0';
}

/* Takes off the run and the flags. */
static bool take_head(struct slice *bytes, struct redis_answer *head)
{
	if (bytes->len < RUN_DIGITS + REDIS_ANSWER_FLAGS)
		return false;
	for (int i = 0; i < RUN_DIGITS; i++) {
		if (bytes->data[i] < '0' || bytes->data[i] > '9')
			return false;
		head->page.run = head->page.run * 10 + (uint64_t)(bytes->data[i] - '0');
	}
	head->is_listed = bytes->data[RUN_DIGITS] == '1';
	head->was_ok = bytes->data[RUN_DIGITS + 1] == '1';
	slice_skip(bytes, RUN_DIGITS + REDIS_ANSWER_FLAGS);
	return true;
}

bool redis_answer_unpack(struct redis_answer *answer, struct slice bytes, struct buf *texts)
{
	struct redis_answer head = {.via = NULL};
	uint64_t version, numbers[NUMBERS];
	size_t places[TEXTS];
	const char **list[TEXTS];
	buf_clear(texts);
	if (!take_head(&bytes, &head) || !packed_take_number(&bytes, &version) || version != VERSION)
		return false;
	for (int i = 0; i < NUMBERS; i++)
		if (!packed_take_number(&bytes, &numbers[i]))
			return false;
	for (int i = 0; i < TEXTS; i++) {
		places[i] = texts->len;
		if (!packed_take_text(&bytes, texts))
			return false;
	}
	*answer = (struct redis_answer){.is_listed = head.is_listed,
	    .was_ok = head.was_ok,
	    .packed_hash = numbers[11] << 32 | numbers[12],
	    .page = {.run = head.page.run,
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
