/* The records of link_check: links that wait, their pages, and verdicts that are not just "alive". */
#ifndef AREQ_RUN_LINK_CHECK_LOG_H
#define AREQ_RUN_LINK_CHECK_LOG_H

#include "run/link_check.h"
#include "run/record_log.h"

struct link_check_log {
	struct record_log links, pages, verdicts;
	uint64_t epoch; /* grows when links and pages are cleared, which makes their places void */
	bool failed;    /* a file could not be read, which was logged */
	struct buf url; /* the URL of the link that was read last */
};

/* A record of a link that waits, or of a target that waits for another one since it is redirected there. */
struct waiting_record {
	uint64_t previous; /* the place of the record before it that waits for the same target; 0 if none */
	bool is_redirect;

	uint64_t page;    /* the place of its page */
	struct link link; /* without parsed and verdict */

	struct slice from;     /* the target that is redirected */
	struct slice moved_to; /* see link_check_redirect */
};

/* A verdict and its target. */
struct verdict_record {
	struct slice target;
	struct target_verdict verdict;
};

void link_check_log_init(struct link_check_log *self);
void link_check_log_release(struct link_check_log *self);

/* Forgets all links and pages, if they have got so many that it is worth it. No link may wait. */
void link_check_log_clear_links(struct link_check_log *self);

/* Each adds a record and returns its place. */
uint64_t link_check_log_add_page(struct link_check_log *self, const struct outcome *page);
uint64_t link_check_log_add_link(struct link_check_log *self, uint64_t previous, uint64_t page,
    const struct link *link, struct slice target);
uint64_t link_check_log_add_redirect(
    struct link_check_log *self, uint64_t previous, struct slice from, struct slice moved_to);
uint64_t link_check_log_add_verdict(
    struct link_check_log *self, struct slice target, const struct target_verdict *verdict);

/* Each reads a record. Its texts are borrowed until the next call of the same function. Returns false if that
 * is not possible. target is that of the link. */
bool link_check_log_read_waiting(
    struct link_check_log *self, uint64_t place, struct slice target, struct waiting_record *record);
bool link_check_log_read_page(struct link_check_log *self, uint64_t place, struct outcome *page);
bool link_check_log_read_verdict(struct link_check_log *self, uint64_t place, struct verdict_record *record);

#endif
