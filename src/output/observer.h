/* Whoever wants to see the run: rows, messages, summary, … One observer is one file of this folder. */
#ifndef AREQ_OUTPUT_OBSERVER_H
#define AREQ_OUTPUT_OBSERVER_H

#include "base/link.h"
#include "base/outcome.h"
#include "base/status.h"
#include "base/wait.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the whole run came to. In = the sum of the outcomes. */
struct totals {
	uint64_t urls;     /* taken from the input, each once */
	uint64_t repeated; /* listed again; not counted in urls */
	uint64_t outcomes[OUTCOME_KINDS];
	uint64_t local; /* of those that failed: by trouble on this machine */
	uint64_t links;
	uint64_t bytes;
	int64_t elapsed_ms;
	int64_t longest_turn_us; /* of the loop */
	bool deadline;           /* it was stopped by its own deadline */
	bool unread;             /* the list was not read to its end: … */
	int64_t unread_about;    /* … about so many lines; negative: nobody knows */
	int signal;              /* that stopped it; 0: none */
};

/* How the run stands in its middle, for a display. */
struct standing {
	const struct totals *so_far; /* without elapsed_ms and what comes after it */
	size_t in_flight;
	size_t waiting;      /* read from the list and not in flight */
	int64_t unread;      /* about so many more are on the list; negative: nobody knows */
	uint64_t received;   /* bytes of pages, also of those that are not complete */
	const char *awaited; /* the host and port that the end waits for; NULL: none */
	int64_t awaited_ms;  /* it is in flight for so long; negative: it may be asked again in so long */
};

/* Any callback may be NULL. All texts and records are borrowed for the call. A status other than STATUS_OK
 * ends the run; what is wrong was logged. */
struct observer {
	void *self;
	/* Before anything is fetched. */
	enum status (*begin)(void *self);
	/* A link of a complete page, of which page holds what is known already: all but the counts and the
	 * charset. Links of two pages never mix, but other pages may end between them. */
	enum status (*link)(void *self, const struct outcome *page, const struct link *link);
	/* Exactly once for each input URL: no more links come of it. Where it is not OUTCOME_OK, those that
	 * came count for nothing. *ticket is raised to what taken says once all that came of the page before
	 * is safe. */
	enum status (*page_end)(void *self, const struct outcome *outcome, uint64_t *ticket);
	/* What the system has taken so far, which a crash of the program would not lose. */
	uint64_t (*taken)(const void *self);
	/* Exactly once for each input URL, once its links were taken. Where that failed it may be another
	 * outcome than that of page_end. */
	enum status (*outcome)(void *self, const struct outcome *outcome);
	/* Hands on what its reader did not take before: adds the descriptor that *wait is to wait for, and
	 * the bytes that are still left to *backlog. */
	enum status (*flush)(void *self, struct wait *wait, size_t *backlog);
	/* At most ten times a second, between two turns of the loop. */
	void (*standing)(void *self, const struct standing *standing);
	/* After the last outcome, also where the run was stopped. */
	enum status (*end)(void *self, const struct totals *totals);
	/* Last of all. */
	void (*free)(void *self);
};

/* The observers of a run, told one after the other. {0} is an empty list. */
struct observers {
	struct observer *list;
	size_t count;
	bool want_standing; /* one of them does */
};

/* The list owns what it is given: observers_release frees each. */
void observers_add(struct observers *self, struct observer observer);
void observers_release(struct observers *self);

/* Each tells all of them, and returns the first status that was not STATUS_OK. */
enum status observers_begin(const struct observers *self);
enum status observers_link(const struct observers *self, const struct outcome *page, const struct link *link);
enum status observers_page_end(const struct observers *self, const struct outcome *outcome, uint64_t *ticket);
enum status observers_outcome(const struct observers *self, const struct outcome *outcome);
enum status observers_flush(const struct observers *self, struct wait *wait, size_t *backlog);
void observers_standing(const struct observers *self, const struct standing *standing);
enum status observers_end(const struct observers *self, const struct totals *totals);

/* What all of them say is taken. */
uint64_t observers_taken(const struct observers *self);

#endif
