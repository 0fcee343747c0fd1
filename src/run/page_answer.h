/* What Redis has of the last good answer of a page, while a process of the crawl has the page. */
#ifndef AREQ_RUN_PAGE_ANSWER_H
#define AREQ_RUN_PAGE_ANSWER_H

#include "base/buf.h"
#include "base/slice.h"
#include "store/link_records.h"
#include "store/redis_answer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page_answer {
	struct redis_answer answer; /* its texts are in texts */
	struct buf texts;
	struct buf links; /* packed */
	uint64_t number;  /* that the links were packed for */
	size_t *held;     /* the bytes of all answers that a ledger has; borrowed */
};

/* The hash of packed links that an answer has (redis_answer.packed_hash). To open the links would tell, too,
 * whether they are whole, but takes long if there are many. */
uint64_t page_answer_hash(struct slice links);

/* Copies an answer as redis_crawl_get_answer gives it. NULL if it is damaged. number is that of the links,
 * and *held is raised until the answer is freed. */
struct page_answer *page_answer_new(struct slice answer, struct slice links, uint64_t number, size_t *held);
void page_answer_free(struct page_answer *self); /* NULL is allowed */

/* Opens the links. False if they are damaged. */
bool page_answer_open_links(const struct page_answer *self, struct link_reader *links);

#endif
