/* A task is one URL that was listed or found, on its way to its outcome, or a robots.txt: what the ledger
 * keeps of it. */
#ifndef AREQ_RUN_TASK_H
#define AREQ_RUN_TASK_H

#include "base/buf.h"
#include "base/heap.h"
#include "base/options.h"
#include "base/outcome.h"
#include "base/url/url.h"
#include "base/validators.h"
#include "fetch/transfer.h"
#include "in/frontier.h"
#include "link/page.h"
#include "run/link_check.h"
#include "run/page_answer.h"
#include "run/page_changes.h"
#include "store/link_records.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why the ledger skips a response, most often before its end. */
enum stop_reason { STOP_NONE, STOP_NOT_TEXT, STOP_NO_MARKUP, STOP_TOO_LARGE };

/* Why a task is not ok: the stage that it reached, the cause, and the cause in words. */
struct failure_reason {
	enum outcome_stage stage;
	enum cause cause;
	const char *reason;
};

struct ledger;
struct origin;
struct task_list;

/* The part of a task that exists once it had a try. It owns everything but the page and the ledger. An
 * attempt is one or more tries: a redirect, and a retry on a new connection, belong to the same attempt. */
struct tries {
	/* Set when the page is complete; ledger and list also while a sitemap is being received: */
	struct ledger *ledger;
	struct task_list *list; /* the list that the task is in; NULL if it is in none */
	struct task *previous, *next;
	struct outcome outcome;           /* the outcome to report when the rows of the page are written */
	struct heap_node unreported_node; /* in ledger.unreported */

	struct buf trail; /* the URLs that redirects have come from, see task_next_hop */
	char *location;   /* of a redirect, see task_set_location; NULL if the response is none */
	char *content_type;
	struct page *page; /* owned by the ledger's pool, from the head of a response on; else NULL */
	enum stop_reason stop_reason;
	unsigned attempts;
	unsigned redirects;
	bool continues_attempt;    /* the next try belongs to the same attempt */
	bool needs_new_connection; /* no later try may use a connection that was used before */
	bool needs_http1;          /* the next try must use HTTP/1.1 */
	bool uses_get;             /* with STORE_LOOK: a HEAD to this URL did not tell whether it exists */
	bool is_head;              /* the last try was a HEAD */
	bool has_head;             /* the last try was for this URL, and has got the head of a response */
	char *http2_reason;        /* why HTTP/2 or HTTP/3 failed, if HTTP/1.1 was tried, too; else NULL */
	enum outcome_stage http2_stage; /* the stage at which it failed */
	bool left_origin;               /* a redirect led away from the origin of the listed URL */
	int64_t slow_us;                /* see scope_judge */
	int64_t spent_ms;               /* time that earlier tries of this attempt took */
	int64_t began_us;               /* when the last try began (monotonic us); 0 if there was none */
	long http_status;
	const char *http_version; /* constant; NULL if no response came */
	struct phases phases;
	uint64_t wire_bytes;
	struct curl_slist *cookies;
	bool is_conditional; /* the last try was a conditional request, see task_set_preconditions */
	/* Of the response to the last try, if it was for the page (STORE_PAGE) and the loop reports them
	 * (fetch_handlers.wants_validators). */
	struct validators validators;
	char *validator_texts;        /* what they point to */
	struct link_records *records; /* the links of the page, for --state; NULL if there are none yet */
	struct link_reader *replay;   /* the links of an earlier run that are emitted; NULL if none are */
	bool is_replay_open;          /* they were opened */
	bool is_packing;              /* the links are packed for Redis, or were */
	struct buf packed;            /* what came of that */
	uint64_t replayed;            /* how many of them were rows */
	struct page_changes *changes; /* see ledger_begin_changes; NULL if there are none */
	/* how much of the file of --changes-to was written at the end of the changes of the page */
	uint64_t changes_end;
	char *kept_reason;                 /* the reason of outcome, see ledger_keep_outcome; else NULL */
	struct link_check_page check_page; /* of the links of the page, with --check */
	bool is_emitted;                   /* links of the page were passed on */
	bool knows_anchors;                /* --fragments: all anchors of the page are known */
	struct buf anchors;                /* --state: these, each with a NUL behind it */
};

/* A task is small until its first try, because thousands of tasks wait for theirs. */
struct task {
	struct job job; /* must be first: see task_of. Its number is that of the URL */
	int64_t listed_us;
	struct store_claim *claim; /* owned by the store; NULL for a task for robots.txt */
	struct origin *robots_of;  /* the task fetches the robots.txt of this origin; else NULL */
	struct task *next_parked;  /* see origin_park */
	uint32_t depth;            /* the number of links between the list and the URL */
	enum store_purpose purpose;
	uint64_t state_id;      /* its number in the state file; 0 if it has none */
	bool is_fresh;          /* an answer of an earlier run is used without a request */
	bool is_done_before;    /* the run had done it when it was interrupted, see ledger_use_target */
	unsigned sitemap_level; /* see store_url */
	bool is_guess;          /* see store_url */
	bool is_gone;           /* see store_url */
	bool is_foreign;     /* of an origin that is not in the list, so that the user's secrets stay away */
	bool forbids_links;  /* X-Robots-Tag forbids to follow the links of the page */
	bool is_claim_begun; /* store.begin was called for the claim */
	struct tries *tries; /* NULL until the first try */
	const char *url;     /* the URL to fetch next, without credentials; in source or redirect_url */
	char *redirect_url;  /* where the last redirect led; NULL if there was none */
	char *display_url;   /* url without what looks like credentials in it; NULL if url has no such */
	const char *listed;  /* the URL as listed, with its credentials; in source */
	const char *via;     /* the page that led to the URL; NULL if it was listed; in source */
	char *credentials;   /* "user:password" for the origin of url; NULL if there are none */
	struct task_preconditions *preconditions; /* see task_set_preconditions; NULL if there are none */
	struct page_answer *answer; /* with a shared crawl, of an earlier run; NULL if there is none */
	/* The URL as listed, without credentials. What differs from it follows, each behind a NUL: the URL to
	 * fetch first, the URL as listed, and the page that led to it. */
	char source[];
};

_Static_assert(offsetof(struct task, job) == 0, "a job of the frontier is converted to its task");

/* The task that a job of the frontier belongs to; NULL for NULL. */
static inline struct task *task_of(struct job *job)
{
	return (struct task *)job;
}

/* The URL to fetch next, as it may be shown to a person; borrowed until task_redirect. */
static inline const char *task_display_url(const struct task *self)
{
	return self->display_url ? self->display_url : self->url;
}

/* A doubly linked list of tasks, in the order in which they were added; {0} is empty. */
struct task_list {
	struct task *first, *last;
	size_t count;
};

/* Appends a task that had a try and is in no list. */
void task_list_add(struct task_list *self, struct task *task);

/* Removes the task from the list that it is in, if any. */
void task_list_remove(struct task *task);

/* Makes a task for a URL that was claimed. Copies what it keeps of the URL. Credentials in it are kept apart,
 * because they are sent to their own origin only, and are never shown. Free with task_free, which requires
 * that the task is in no list and has no page. */
struct task *task_new(const struct store_url *url, struct store_claim *claim);
void task_free(struct task *self);

/* Makes the requests of the task for url conditional. url is where an earlier run got the answer that the
 * preconditions come from; its fragment does not count. If redirects led there, the request for the URL that
 * was listed stays unconditional, and the one for url is conditional. All requests stay unconditional if they
 * are not for the page (STORE_PAGE), or if one of the user's header lines has such a field. Copies url and
 * the values. */
void task_set_preconditions(struct task *self, const char *url, struct preconditions preconditions);

/* Makes all further requests unconditional. */
void task_drop_preconditions(struct task *self);

/* For a response with the status 304: true if the request was conditional and the response says that the page
 * is as it was, see validators_confirm. If the request was conditional and this is false, the page has to be
 * asked for again, without preconditions. */
bool task_is_unchanged(const struct task *self);

/* Keeps a copy of the Location of a redirect, which is not empty, for a task that has none. Its bytes that
 * are not ASCII are percent-encoded one by one, as browsers do, so that they lead to the same bytes even if
 * they are not valid UTF-8. */
void task_set_location(struct task *self, struct slice location);

/* Parses the Location of a redirect, which the task must have, into *to. *leaves tells whether it leads to
 * another origin. Returns NULL, or the reason not to follow it, as the end of a sentence about it ("which is
 * no URL"). */
const char *task_read_location(const struct task *self, struct url *to, bool *leaves);

/* Makes url, the target of a redirect, the URL to fetch next. If the redirect leaves the origin, the
 * credentials are dropped. Credentials in url replace those of the task. */
void task_redirect(struct task *self, const struct url *url, bool leaves);

/* Makes the tries of a task that needs no request. */
void task_begin_without_request(struct task *self);

/* Sets where the redirects of an earlier run have led, for such a task. */
void task_set_final_url(struct task *self, const char *url);

/* Records a redirect of an earlier run, for such a task. */
void task_add_hop(struct task *self, struct slice from, bool is_permanent);

/* A redirect that was followed. */
struct task_hop {
	const char *from; /* the URL that it came from, without fragment and credentials */
	bool is_permanent;
};

/* Sets *hop to the first redirect if *at is 0, and else to the next one, and advances *at. Returns false
 * after the last one. The text is borrowed until task_redirect. */
bool task_next_hop(const struct task *self, size_t *at, struct task_hop *hop);

/* True if the task was redirected from url before, or is now: but for the fragment, and user name and
 * password. */
bool task_has_visited(const struct task *self, const struct url *url);

/* Begins the next try, and returns its request, which borrows from the task. */
struct fetch_request task_request(struct task *self, const struct options *options);

/* Discards what the head of the current response said. */
void task_discard_response(struct task *self);

/* Sets stop_reason if a response of this type has no links. Returns true if it was set. */
bool task_stop_by_type(struct task *self, const struct options *options, enum mediatype type);

/* Writes why the ledger skips the response (stop_reason) into reason[0..size), NUL-terminated. */
void task_describe_stop(const struct task *self, const struct options *options, char *reason, size_t size);

/* Records the result of a try, which is borrowed for the call. */
void task_record_result(struct task *self, const struct fetch_result *result);

/* The time to wait before the next attempt, in ms. Exponential back-off with jitter: it doubles with each
 * attempt, up to 30 s, and a random part of up to one half is taken off. *random_state belongs to the caller
 * and is never 0. */
int64_t task_backoff_ms(const struct task *self, uint64_t *random_state);

/* What the result of a try says about the host. */
enum host_event task_host_event(const struct fetch_result *result);

/* About how many bytes an output writes with each link of the task's page. */
size_t task_row_bytes(const struct task *self, const struct options *options);

/* What is known of the task as an outcome. kind, stage, cause, reason and the counts of links are left for
 * the caller. It borrows from the task, but nothing from the task's page. */
struct outcome task_outcome(const struct task *self);

/* The outcome of a task that is not ok. It borrows the reason, too. */
struct outcome task_failure(const struct task *self, enum outcome_kind kind, struct failure_reason failure);

/* The outcome of a task that was not done when the run was stopped. */
struct outcome task_interruption(const struct task *self);

#endif
