/* The observers of a run, which are called for its events: the rows, the messages, the summary and others.
 * Each observer is in a file of its own in this folder. */
#ifndef AREQ_OUTPUT_OBSERVER_H
#define AREQ_OUTPUT_OBSERVER_H

#include "base/exchange.h"
#include "base/link.h"
#include "base/outcome.h"
#include "base/status.h"
#include "base/wait.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why a crawl did not follow a link, or did not ask for a URL. */
enum left_reason {
	LEFT_SCOPE,     /* links out of the scope */
	LEFT_PATTERN,   /* links that --follow or --no-follow leaves out */
	LEFT_LENGTH,    /* links that are too long */
	LEFT_NOFOLLOW,  /* links that their page asks not to follow */
	LEFT_MAX_PAGES, /* URLs, each counted once: --max-pages */
	LEFT_WAITING,   /* URLs that were found and still waited at the end, or were lost */
	LEFT_REASONS
};

/* How many URLs belong to other shards, with --shard. */
struct elsewhere_totals {
	uint64_t listed; /* lines of the list */
	uint64_t found;  /* URLs that were found, each counted once */
};

/* How many links were checked, with --check. */
struct check_totals {
	uint64_t links;   /* all that were to be checked */
	uint64_t waiting; /* those of which it is not known whether they are dead */
	uint64_t alive;   /* also those whose target has moved */
	uint64_t dead;
	uint64_t fragments; /* the dead ones whose page is alive */
	uint64_t blocked;
	uint64_t moved;
	uint64_t skipped;
};

/* How many pages differ from the run before, with --state. */
struct change_totals {
	uint64_t added; /* ok, and without a good answer before */
	uint64_t gone;
	uint64_t changed;
	uint64_t unchanged;
};

/* How a crawl stands that other processes work on, too. */
struct crawl_totals {
	bool is_shared; /* the run has such a crawl */
	bool is_known;  /* the others are set */
	uint64_t urls;  /* that are done: ok, failed, skipped */
	uint64_t ok, failed, skipped;
	uint64_t left;
	uint64_t processes; /* that have worked on it */
};

/* The totals of a run. At its end, urls is the sum of the outcomes. */
struct totals {
	uint64_t urls;          /* URLs that were listed or found, each counted once */
	uint64_t found;         /* those of them that were found */
	uint64_t listed_failed; /* URLs of the list that failed or were interrupted */
	uint64_t left[LEFT_REASONS];
	struct elsewhere_totals elsewhere; /* not counted in urls */
	struct check_totals check;
	struct change_totals changes;
	struct crawl_totals crawl; /* with a state in Redis: of all processes, at the end of this one */
	const char *top_path; /* where most URLs were found: "example.com:443/calendar"; NULL if not known */
	uint64_t repeated;    /* URLs that were listed again; not counted in urls */
	uint64_t outcomes[OUTCOME_KINDS];
	uint64_t local; /* URLs that failed because of trouble on this machine */
	uint64_t links; /* links that were given out */
	uint64_t bytes; /* bytes of page bodies, after decompression */
	int64_t elapsed_ms;
	int64_t delay_wait_ms;   /* how long URLs were held back by --delay while no other started */
	int64_t rate_wait_ms;    /* how long URLs whose host was free were held back by --rate */
	int64_t longest_turn_us; /* the longest turn of the event loop */
	bool deadline;           /* the deadline stopped the run */
	bool unread;             /* the list was not read to its end */
	int64_t unread_lines;    /* about how many of its lines were not read; negative if not known */
	int signal;              /* the signal that stopped the run; 0 if none did */
};

/* The state of a run that is not finished yet, for a display. */
struct run_progress {
	/* the totals so far; elapsed_ms and all fields after it are 0. A page is ok as soon as its rows are
	 * on their way. */
	const struct totals *so_far;
	size_t in_flight;  /* URLs that are in flight */
	size_t waiting;    /* URLs that were listed or found and are not in flight */
	int64_t unread;    /* about how many lines of the list are not read yet; negative if not known */
	uint64_t received; /* bytes of pages, also of incomplete ones */
	bool is_crawl;     /* links are followed */
	uint32_t depth;    /* the largest depth that was reached */
	/* the host and port that the end of the run waits for; NULL if there is none, or if the next start
	 * waits only for --delay or --rate */
	const char *awaited;
	/* how long the request to that host has been in flight; if negative, the host may be asked again
	 * after that many ms */
	int64_t awaited_ms;
};

/* The callbacks of an observer. Any of them may be NULL. All texts and records are borrowed for the call. A
 * status other than STATUS_OK ends the run; the observer has logged the error, but not
 * STATUS_PIPE_CLOSED. */
struct observer {
	void *self;
	/* Called before anything is fetched. */
	enum status (*begin)(void *self);
	/* Called at the end of each try: a URL has one for each redirect and each retry. so_far holds what is
	 * known of the URL then; its kind, stage, cause and reason are those of the try. The kind is
	 * OUTCOME_OK if a response came, whatever its status. exchange is NULL if the try ended before it had
	 * a transfer, as when a name has no address. */
	enum status (*exchange)(void *self, const struct outcome *so_far, const struct exchange *exchange);
	/* Called for each link of a page that was received completely. page holds what is known of the page
	 * so far: all but its counts and its charset. The links of two pages never mix, but page_end may be
	 * called for other pages between two links. */
	enum status (*link)(void *self, const struct outcome *page, const struct link *link);
	/* With --check: called for a link of one of the wanted kinds, and for each dead one, as soon as the
	 * verdict about its target is known (link->verdict), between any two other calls. page holds what the
	 * formats show. */
	enum status (*checked)(void *self, const struct outcome *page, const struct link *link);
	/* With --changes or --changes-to: called for a link that is new or gone (link->change), after the
	 * last link of the page and before its page_end, or instead of links if the page has failed or is
	 * gone. For a page that is not of this run any more, page->number is 0, and no page_end follows. */
	enum status (*changed)(void *self, const struct outcome *page, const struct link *link);
	/* With --shard: called once for each URL that would have been asked for, if it belonged to this
	 * shard, and that is not of the list. url has neither fragment nor user name and password. */
	enum status (*elsewhere)(void *self, const char *url);
	/* Called exactly once for each input URL, after its last link. If the outcome is not OUTCOME_OK, the
	 * links that came before do not count. *ticket is 0 before; an observer that has `taken` sets it to
	 * the value that `taken` reaches once the system has taken everything that was written for this
	 * page. */
	enum status (*page_end)(void *self, const struct outcome *outcome, uint64_t *ticket);
	/* How much of the output the system has taken, so that a crash of the program would not lose it, as
	 * a number to compare tickets with. One observer of a run at most has this callback. */
	uint64_t (*taken)(const void *self);
	/* Called exactly once for each input URL, once the system has taken its rows. If writing them
	 * failed, the outcome differs from that of page_end. */
	enum status (*outcome)(void *self, const struct outcome *outcome);
	/* Called in each turn of the event loop. Writes what the reader had no room for before, adds the
	 * number of bytes that are still left to *backlog and, if there are any, the descriptor to *wait. */
	enum status (*flush)(void *self, struct wait *wait, size_t *backlog);
	/* Called at most ten times a second, between two turns of the event loop. */
	void (*progress)(void *self, const struct run_progress *progress);
	/* Called after the last outcome, also if the run was stopped. */
	enum status (*end)(void *self, const struct totals *totals);
	/* Called last; frees self. */
	void (*free)(void *self);
};

/* The observers of a run, which are called one after the other. {0} is an empty list. */
struct observers {
	struct observer *list;
	size_t count;
	bool want_progress; /* an observer has the callback `progress` */
	bool want_exchange; /* an observer has the callback `exchange` */
};

/* The list owns the observers that are added: observers_release calls `free` of each. */
void observers_add(struct observers *self, struct observer observer);
void observers_release(struct observers *self);

/* Each of these calls the callback of that name for all observers, and returns the first status that was not
 * STATUS_OK. */
enum status observers_begin(const struct observers *self);
enum status observers_exchange(
    const struct observers *self, const struct outcome *so_far, const struct exchange *exchange);
enum status observers_link(const struct observers *self, const struct outcome *page, const struct link *link);
enum status observers_checked(
    const struct observers *self, const struct outcome *page, const struct link *link);
enum status observers_changed(
    const struct observers *self, const struct outcome *page, const struct link *link);
enum status observers_elsewhere(const struct observers *self, const char *url);
enum status observers_page_end(const struct observers *self, const struct outcome *outcome, uint64_t *ticket);
enum status observers_outcome(const struct observers *self, const struct outcome *outcome);
enum status observers_flush(const struct observers *self, struct wait *wait, size_t *backlog);
void observers_progress(const struct observers *self, const struct run_progress *progress);
enum status observers_end(const struct observers *self, const struct totals *totals);

/* The smallest value that an observer's `taken` returns; UINT64_MAX if no observer has that callback. */
uint64_t observers_written(const struct observers *self);

#endif
