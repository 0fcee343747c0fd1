/* What the files of the ledger share. ledger_list.c makes tasks of the list and the store, ledger.c has the
 * handlers of the event loop and the end of the run, ledger_result.c decides what follows from the end of a
 * try, ledger_pages.c passes the links of complete pages on to the observers and reports outcomes,
 * ledger_follow.c follows links, ledger_check.c has their targets checked, ledger_robots.c asks for
 * robots.txt and obeys it, ledger_state.c keeps what must outlive the run, ledger_targets.c what --check has
 * asked for, ledger_changes.c compares it with what an earlier run has kept, and ledger_shared.c shares the
 * crawl with other processes. */
#ifndef AREQ_RUN_LEDGER_INTERNAL_H
#define AREQ_RUN_LEDGER_INTERNAL_H

#include "base/seen.h"
#include "in/frontier.h"
#include "in/scope.h"
#include "link/page.h"
#include "link/page_pool.h"
#include "run/ledger.h"
#include "run/origins.h"
#include "run/run_state.h"
#include "run/shared_crawl.h"
#include "run/task.h"
#include "run/top_paths.h"
#include "store/memory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The size of a buffer for one text of an outcome, in bytes. */
enum { REASON_MAX = 1024 };

/* How many tasks may wait in the frontier: enough for URLs of many hosts, and few enough that a list of
 * millions is not kept in memory. */
enum { LEDGER_READ_AHEAD = 8192 };

struct ledger {
	const struct options *options;
	struct input *input;
	struct observers *observers;
	enum status status; /* the first failure of the run */
	bool input_ended;
	bool closing;         /* the event loop has ended: the list is read, and nothing is started */
	bool has_interrupted; /* a URL was reported as interrupted */
	struct store store;
	uint64_t last_number;    /* the position of the newest URL, see store_number */
	uint64_t lost;           /* URLs that were read from the list, and count as not read */
	uint64_t pending_listed; /* URLs of the list that are pending in the store */
	struct frontier *frontier;
	struct page_tools tools;
	struct page_pool page_pool;
	struct task_list ready;           /* complete pages whose links can be emitted, one after the other */
	struct task_list awaiting_helper; /* complete pages that wait for a helper process */
	struct task_list arrived;         /* sitemaps in flight of which links can be followed */
	struct heap unreported;      /* tasks whose outcome waits until their rows are written, by ticket */
	int64_t list_deadline_us;    /* when reading the list stops for this turn of the event loop */
	int64_t links_deadline_us;   /* when emitting links stops for this turn of the event loop */
	bool crawls;                 /* the run asks for URLs that are not in its list */
	bool follows;                /* crawls: links are followed */
	struct run_state *state;     /* what --state keeps in a file; borrowed; NULL without it */
	struct shared_crawl *shared; /* the crawl that --state has in Redis; borrowed; NULL without it */
	struct redirect *redirects; /* tasks that wait until Redis knows where they go, see ledger_shared.c */
	size_t redirect_count;
	size_t robots_looked_up; /* robots.txt files that Redis is asked for */
	struct awaited *awaited; /* tasks for which Redis is asked for an answer, see ledger_answers.c */
	size_t awaited_count;
	size_t answers_held;           /* bytes of the answers of tasks */
	struct link_packer packer;     /* for the links that Redis gets */
	struct url awaited_url;        /* of a task for which an answer has come */
	uint64_t rows_end;             /* the largest ticket of the pages that were reported */
	uint64_t changes_end;          /* the largest tries.changes_end of them */
	struct buf identity;           /* see ledger_state.c */
	struct url replayed_url;       /* a link of an earlier run */
	struct link_check *link_check; /* NULL without --check */
	bool asks_robots;              /* robots.txt is asked for first */
	bool obeys_robots;             /* and decides */
	char *robots_token;            /* our product token in robots.txt */
	struct scope *scope;           /* which links are followed; NULL if none are */
	struct seen elsewhere;         /* the URLs of other shards that were found */
	struct origins origins;        /* those of all URLs, if crawls or asks_robots */
	struct origin *released;       /* a list of origins whose parked tasks can be admitted */
	size_t parked_count;           /* tasks that wait for a robots.txt */
	uint32_t depth_reached;        /* the largest depth of the URLs that were asked for */
	struct top_paths top_paths;    /* of the URLs that were found */
	uint64_t asked;                /* URLs that were asked for, for --max-pages */
	struct url url;                /* the target of a redirect */
	struct url url_of_robots;      /* a URL of the origin whose robots.txt is asked for, or was read */
	struct url found_url;          /* where a link leads that may be followed */
	struct buf found_text;         /* the same as text */
	struct buf redacted;           /* a URL without what looks like credentials, for messages */
	uint64_t random_state;         /* for task_backoff_ms */
	struct totals totals;
	size_t backlog;       /* bytes that the readers of the outputs have not taken yet */
	uint64_t received;    /* bytes of bodies */
	int64_t progress_due; /* when to report the progress next (monotonic ms) */
};

/* False after a failure of the run, from which on no link is passed on. The run goes on if only the rest of
 * the list cannot be read. */
static inline bool ledger_is_going_on(const struct ledger *self)
{
	return self->status == STATUS_OK || self->status == STATUS_INPUT;
}

/* Records a status. The first failure is kept; see status_first. */
void ledger_record_status(struct ledger *self, enum status status);

/* Reports the outcome of a URL that has no rows: an entry of the list that is not fetched, or a task that was
 * interrupted while it waited. */
void ledger_report_without_rows(struct ledger *self, struct task *task, const struct outcome *outcome);

/* Gives a task in flight its outcome, and removes it from the frontier and the store. Every task in flight
 * ends here. The outcome is reported and the task is freed at once, or, if rows of its page are not written
 * yet, later by ledger_report_written. If writing the rows has failed already, *outcome is changed to say
 * so. */
void ledger_finish_task(struct ledger *self, struct task *task, struct outcome *outcome);

/* The page of the task is complete: takes the task over until all links of the page are emitted. */
void ledger_complete_page(struct ledger *self, struct task *task);

/* A sitemap begins to be received. Until its page is complete or given back, its links are followed as they
 * arrive. */
void ledger_begin_sitemap(struct ledger *self, struct task *task);

/* Puts a task in flight with the outcome that it is to get into the list `ready`. Its page is given back, and
 * the reason is copied. */
void ledger_keep_outcome(struct ledger *self, struct task *task, const struct outcome *outcome);

/* Emits links of the pages that are ready, and follows those of sitemaps that have arrived, until
 * links_deadline_us. If some are left, *wait is set to wake up at once; wait may be NULL. With a shared
 * crawl, all waits while nothing may be written. */
void ledger_emit_links(struct ledger *self, struct wait *wait);

/* Reports the outcomes of the tasks whose rows were written since the last call, and frees these tasks. */
void ledger_report_written(struct ledger *self);

/* True while a reader of an output is so far behind that no more links are emitted and nothing new is
 * started. */
bool ledger_has_backlog(const struct ledger *self);

/* False while so many complete pages wait that nothing new is started. */
bool ledger_has_page_room(const struct ledger *self);

/* Only URLs with a number below this may start. It is UINT64_MAX, which means all, unless very many outcomes
 * wait for their rows to be written. */
uint64_t ledger_start_limit(const struct ledger *self);

/* Ends all complete pages whose links are not emitted yet as interrupted. */
void ledger_interrupt_pages(struct ledger *self);

/* Makes a task for a URL that was claimed. */
void ledger_add_task(struct ledger *self, const struct store_url *url, struct store_claim *claim);

/* Adds a task that is not in the frontier to it, with the URL that it is to fetch next; or, if robots.txt is
 * obeyed, lets it wait for that of its host, or gives it its outcome at once. */
void ledger_admit(struct ledger *self, struct task *task, const struct url *url);

/* Admits tasks that have waited for a robots.txt that is known now, until until_us (monotonic us). The rules
 * of a robots.txt that was written to be expensive may take long for each of them. */
void ledger_admit_released(struct ledger *self, int64_t until_us);

/* True if --max-pages URLs were asked for. */
bool ledger_is_exhausted(const struct ledger *self);

/* Frees a task that is not in the frontier without an outcome, because of --max-pages. */
void ledger_leave_out(struct ledger *self, struct task *task);

/* Gives its outcome to a task that is in neither the frontier nor a list and has no page, and frees it. */
void ledger_end_waiting(struct ledger *self, struct task *task, const struct outcome *outcome);

/* The same with the outcome "interrupted", because the run is stopped; and for all tasks that wait for a
 * robots.txt. */
void ledger_interrupt_waiting(struct ledger *self, struct task *task);
void ledger_interrupt_parked(struct ledger *self);

/* The page of the task is not asked for, because its answer or its outcome is in the state. Links to its
 * origins are checked as if it was: robots.txt holds for them. */
void ledger_note_page(struct ledger *self, const struct task *task);

/* --max-pages is reached: leaves out all tasks that wait for a robots.txt, but those that were redirected. */
void ledger_leave_out_parked(struct ledger *self);

/* The steps of a task for robots.txt: its header has come with status 200 or the like; bytes of its body have
 * come, false if no more are wanted; its body was read; it has failed; the run is stopped and it waits in no
 * frontier. The last three free the task. */
enum fetch_want ledger_begin_robots(struct ledger *self, struct task *task, const char *content_type);
bool ledger_feed_robots(struct ledger *self, struct task *task, const char *bytes, size_t len);
void ledger_finish_robots(struct ledger *self, struct task *task);
void ledger_fail_robots(
    struct ledger *self, struct task *task, enum outcome_kind kind, struct failure_reason failure);
void ledger_drop_robots(struct task *task);

/* Records a URL of the list, as soon as it is read: it belongs to the scope of the crawl, and its origin gets
 * the user's secrets and begins with its sitemaps. */
void ledger_begin_listed(struct ledger *self, const struct url *url);

/* Begins with the sitemaps of an origin, once, if --sitemaps asks for them, the list has a URL of the origin,
 * and its robots.txt is known. */
void ledger_begin_sitemaps(struct ledger *self, struct origin *origin);

/* Gives the task the user's secrets for the origin, or keeps them from it. */
void ledger_set_secrets(struct task *task, const struct origin *origin);

/* Reads X-Robots-Tag, for a response that is received. */
void ledger_read_robots_tags(struct ledger *self, struct task *task, const struct fetch_head *head);

/* The links of the task's page follow: reads what the page says about them. */
void ledger_begin_links(struct ledger *self, struct task *task);

/* If the task is of a listed URL that was redirected, adds where it is now to the scope of the crawl. */
void ledger_extend_scope(struct ledger *self, const struct task *task);

/* The same for the links of a sitemap that have arrived. */
void ledger_begin_arrived_links(struct ledger *self, struct task *task);

/* Follows a link of the task's page, if that is in the scope of the crawl, and counts it if it is not. */
void ledger_follow(struct ledger *self, struct task *task, const struct link *link);

/* The same for a link of a sitemap that is not complete. It is not counted: if the page is complete one day,
 * ledger_follow gets all links of it. */
void ledger_follow_arrived(struct ledger *self, struct task *task, const struct link *link);

/* Records that a redirect leads to url. Returns NULL, or why it is not followed, as the end of a sentence,
 * with its cause. A redirect back to where the task was before is followed if the responses have set cookies,
 * which may change the answer. */
const char *ledger_check_redirect(
    struct ledger *self, const struct task *task, const struct url *url, bool has_cookies, enum cause *cause);

/* Offers found_url to the store, or reports it if it belongs to another shard; found says the rest about
 * it. */
void ledger_offer_found(struct ledger *self, struct store_url found);

/* Sets found_url and found_text to a URL, without fragment, user name and password. Returns false if it is no
 * http or https URL. */
bool ledger_set_found(struct ledger *self, struct slice text, const struct url *base);

/* With --check, has the target of a link of the task's page checked. Call it after ledger_follow. */
void ledger_check_link(struct ledger *self, struct task *task, const struct link *link);

/* With --fragments, records an anchor of the task's page. */
void ledger_add_anchor(struct task *task, struct slice anchor);

/* With --check, records what the outcome of a task says about links to its URL. */
void ledger_settle_links(struct ledger *self, const struct task *task, const struct outcome *outcome);

/* With --check: a redirect of the task leads to url, but is not followed, because url is known or, if
 * is_outside, out of scope. Then url is to be checked by itself. */
void ledger_check_redirected(
    struct ledger *self, const struct task *task, const struct url *url, bool is_outside);

/* Passes links whose target was checked on to the observers, until until_us (monotonic us), and counts them.
 * Returns true if there are more. */
bool ledger_emit_checked(struct ledger *self, int64_t until_us);

/* True if links whose target was checked were not passed on yet. */
bool ledger_has_checked(const struct ledger *self);

/* True if a URL is asked for to a purpose that includes this one. */
bool ledger_is_asked_for_more(struct ledger *self, const struct url *url, enum store_purpose purpose);

/* True if the URL of a task that had no try need not be asked for, because it is asked for to a purpose that
 * includes that of the task. */
bool ledger_is_superseded(struct ledger *self, const struct task *task);

/* Frees such a task, which then does not count. */
void ledger_drop_superseded(struct ledger *self, struct task *task);

/* The try of a task that only asks whether its URL exists has ended. Returns true if the task has ended or
 * was retried. */
bool ledger_handle_look(struct ledger *self, struct task *task, const struct fetch_result *result);

/* Chooses the method of a request of the task: HEAD, if the task only asks whether its URL exists, and a HEAD
 * may tell that. */
void ledger_prepare_request(struct ledger *self, struct task *task, struct fetch_request *request);

/* True if the try was a HEAD on a connection that was made, and has got no answer. This says nothing of the
 * host yet. */
bool ledger_is_unanswered_head(const struct task *task, const struct fetch_result *result);

/* Tries again at once, because the server did not process the request (fetch_result.is_unprocessed), or
 * perhaps because of HTTP/2 (fetch_result.may_need_http1), or with another method. This does not count as
 * another attempt. */
void ledger_retry_at_once(struct ledger *self, struct task *task, int64_t spent_ms);

/* What the state file calls a URL: without fragment, user name and password. Borrowed until the next call. */
struct slice ledger_identity(struct ledger *self, const struct url *url);

/* A URL of the shared crawl was claimed: counts it. */
void ledger_count_claimed(struct ledger *self, const struct store_url *url);

/* With a shared crawl, ends the claim of a task that has this outcome, if it was not ended. */
void ledger_settle_claim(struct ledger *self, struct task *task, const struct outcome *outcome);

/* True if another process has taken over the task's URL, so that it has to be dropped. */
bool ledger_is_void(const struct ledger *self, const struct task *task);

/* Drops such a task, which is in neither the frontier nor a list. It then does not count. */
void ledger_drop_void(struct ledger *self, struct task *task);

/* With a shared crawl, follows a redirect of a task in flight to self->url, if it is not known; another host
 * may be that of another process. */
void ledger_share_redirect(struct ledger *self, struct task *task, bool leaves);

/* Drops all tasks that wait for that. */
void ledger_drop_redirects(struct ledger *self);

/* False while no URL may be taken on: there is more than can be written, settled or kept, or the lease of a
 * shared crawl is in doubt. */
bool ledger_may_take(const struct ledger *self);

/* With a shared crawl: a turn of it, in which hosts are taken or left to others. */
void ledger_share_turn(struct ledger *self, struct wait *wait);

/* Lets other processes know how long the host of the task may not be asked. */
void ledger_share_delay(struct ledger *self, const struct task *task);

/* False while the lease of a shared crawl is in doubt: then nothing is started, and no links are passed
 * on. */
bool ledger_may_go_on(const struct ledger *self);

/* Offers a page to the store, and adds it to the state file if it is new. Sets url->id. */
enum store_offer ledger_offer(struct ledger *self, struct store_url *url, struct store_claim **claim);

/* True if the run goes on after an interruption, and has done this URL before it. */
bool ledger_is_done_before(struct ledger *self, const struct url *url);

/* The same for an entry of the list that is no URL; if it is not done, adds it to the state file and sets *id
 * to its number, 0 without --state. */
bool ledger_is_entry_done(struct ledger *self, const char *text, uint64_t *id);

/* Gives the entry with that number its outcome in the state file. */
void ledger_settle_entry(struct ledger *self, uint64_t id, enum cause cause);

/* True if what comes of each page is kept for the next run. */
bool ledger_keeps_answers(const struct ledger *self);

/* Reads the last good answer for the URL of a task, if it may be used in this run; the anchors of a page are
 * only kept until the end of the run. False if there is none. Borrowed until the next call of a function that
 * reads a page. */
bool ledger_find_answer(struct ledger *self, const struct task *task, struct state_page *page);

/* Reads what is known of the page of a task, likewise. */
bool ledger_find_before(struct ledger *self, const struct task *task, struct state_page *page);

/* Opens the links of an answer that one of them has read. False if there are none, or they cannot be read. */
bool ledger_open_links(
    struct ledger *self, const struct task *task, const struct state_page *page, struct link_reader *links);

/* The links of the task's page, and its changes, were emitted. Returns true if the links are to be packed for
 * Redis, which ledger_pack_links does until links_deadline_us; it returns true when that is done. */
bool ledger_begin_packing(struct ledger *self, struct task *task);
bool ledger_pack_links(struct ledger *self, struct task *task);

/* Ends the claim of a task of the shared crawl with its outcome, and says what becomes of the answer. */
void ledger_settle_shared(struct ledger *self, struct task *task, const struct outcome *outcome);

/* Has a task whose URL was claimed begun once Redis has said what it has of it. target is where redirects
 * have led another process, after so many of them; NULL if none did. */
void ledger_await_answer(struct ledger *self, struct task *task, const char *target, uint32_t hops);

/* Drops all tasks that wait for that. */
void ledger_drop_awaited(struct ledger *self);

/* Begins with a task whose URL was claimed, which is url; target and hops are as above. */
void ledger_begin_task(
    struct ledger *self, struct task *task, const struct url *url, const char *target, uint32_t hops);

/* Makes the requests of a task that had none conditional ones, if an earlier run has an answer. */
void ledger_ask_conditionally(struct ledger *self, struct task *task);

/* The response has the status 304. Returns true if the request was conditional; then the links of an earlier
 * run are emitted, or the page is asked for again. */
bool ledger_finish_unchanged(struct ledger *self, struct task *task);

/* Uses an answer of an earlier run for the task, if that is younger than --max-age. */
bool ledger_use_fresh_answer(struct ledger *self, struct task *task);

/* Takes a task that had a try over until the links of its last good answer are emitted. False if there is
 * none. */
bool ledger_begin_replay(struct ledger *self, struct task *task);

/* Opens these links if they are not open. False if they cannot be read: then ledger_drop_replay has the page
 * asked for. */
bool ledger_open_replay(struct ledger *self, struct task *task);
void ledger_drop_replay(struct ledger *self, struct task *task);

/* With --check, in a run that goes on: marks where the redirects have led that it knows, before anything is
 * offered. */
void ledger_resume_targets(struct ledger *self);

/* With --check, keeps what came of the task in the state file, but for a page whose anchors have more bytes
 * than this: that is asked for again by a run that goes on. */
enum { LEDGER_ANCHORS_MAX = 1 << 20 };
void ledger_keep_target(struct ledger *self, const struct task *task, const struct outcome *outcome);

/* With --check, in a run that goes on: if the run had asked for url, which is that of the task, before it was
 * interrupted, the task gets the same outcome without a request. */
bool ledger_use_target(struct ledger *self, struct task *task, const struct url *url);

/* Passes links of an earlier run to on_link, until until_us (monotonic us). Returns true when all are done.
 */
bool ledger_emit_replayed(struct ledger *self, struct task *task, int64_t until_us, page_link_fn on_link);

/* Keeps a link of the task's page for the state file. */
void ledger_record_link(struct ledger *self, struct task *task, const struct link *link);

/* Counts how pages differ from the run before: so many that are done, or one that gets this result. */
void ledger_add_change(struct ledger *self, enum state_change change, uint64_t pages);
void ledger_count_change(struct ledger *self, const struct task *task, const struct state_result *result);

/* All links of the task's page were emitted. Returns true if changes are to follow, which
 * ledger_emit_changes passes on to the observers. */
bool ledger_begin_changes(struct ledger *self, struct task *task);

/* The task is to get this outcome. Returns true if that says that its page is gone and its links are to be
 * passed on as changes before; the task is then in the list `ready`, with the outcome. */
bool ledger_begin_gone(struct ledger *self, struct task *task, const struct outcome *outcome);

/* Passes changes on until links_deadline_us. Returns true when all are done. */
bool ledger_emit_changes(struct ledger *self, struct task *task);

/* At the end of a run that has come to its end: counts the pages that have left the list, and passes the
 * changes of their links on. */
void ledger_emit_unlisted(struct ledger *self);

/* Gives the task its outcome in the state file. */
void ledger_settle_state(struct ledger *self, const struct task *task, const struct outcome *outcome);

/* Fills the frontier with tasks, first from the store and then from the list, until the frontier has enough
 * or list_deadline_us has come. True if the list has nothing to read at the moment: poll input_descriptor. */
bool ledger_fill_frontier(struct ledger *self);

/* True if the last ledger_fill_frontier ended because of the time, so that it should be called again soon. */
bool ledger_needs_more_time(const struct ledger *self);

/* Counts URLs that the store has lost, or that are left in it: those of the list as lines that were not read,
 * and the others as left out. */
void ledger_count_lost(struct ledger *self, uint64_t count);

/* Tells the store that the task may start. Only the first call for a task does anything. */
void ledger_begin_claim(struct ledger *self, struct task *task);

/* Tells the store that the task has its outcome, which ends its claim. */
void ledger_release_claim(struct ledger *self, struct task *task);

/* Gives the task's page, if it has one, back to the pool. */
void ledger_give_page_back(struct ledger *self, struct task *task);

/* Discards what came of the task's current response, because another one replaces it. */
void ledger_discard_response(struct ledger *self, struct task *task);

/* Handles the end of a try: the task is retried, redirected or finished, or its page is complete. The cookies
 * of the result may be taken out of it. */
void ledger_handle_result(struct ledger *self, struct task *task, struct fetch_result *result);

/* Finishes a task whose host was given up before the task could start. It has failed. */
void ledger_fail_given_up(struct ledger *self, struct task *task);

#endif
