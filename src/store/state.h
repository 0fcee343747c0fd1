/* The state file: what is known of a crawl's URLs beyond the end of the program, in one SQLite database. With
 * it, a run that was killed can be resumed, and the next run can ask only for what has changed. Its tables
 * are described in the man page (FILES); other programs may read them.
 *
 *     struct state *state = state_new("crawl.db");
 *     state_open(state, STATE_WRITE);                     locks and checks the file, changes nothing
 *     while (state_next_page(state, &page) == STATE_FOUND)  what earlier runs have left
 *             …
 *     state_begin_run(state, options, false, now, &begun);
 *     state_add_page(state, &page);                       a URL is new in this run
 *     state_settle_page(state, &result);                  it has its outcome
 *     state_set_output(state, &output);
 *     state_commit(state);                                all of this is durable, or none
 *     state_end_run(state, &totals, now);
 *     state_commit(state);
 *     state_free(state);
 *
 * Only one process at a time opens a file with STATE_WRITE. Any number of processes may read it meanwhile;
 * each function then sees what was committed last. A process that has a state open must neither fork and use
 * SQLite in the child, nor open and close the file by other means: closing any descriptor of a file releases
 * all locks that SQLite has on it (fcntl(2)).
 *
 * Every row has a checksum of its columns. What SQLite does not notice, such as bytes of a URL that were
 * overwritten, is found when the row is read.
 *
 * Functions return STATUS_OK or say by the status what failed. They do not log it, since a process may have
 * no terminal: state_problem returns the message for log_error. After a failure only state_problem and
 * state_free may be called; what was not committed is lost, and the file holds the last commit. The failures
 * are: STATUS_USAGE if the file is no state file or that of a newer version; STATUS_OUTPUT if it is damaged,
 * cannot be read or written, or is locked; STATUS_LIBRARY if SQLite cannot be loaded; STATUS_MEMORY. */
#ifndef AREQ_STORE_STATE_H
#define AREQ_STORE_STATE_H

#include "base/cause.h"
#include "base/outcome.h"
#include "base/slice.h"
#include "base/status.h"
#include "store/link_records.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

/* Times are seconds since 1970-01-01T00:00Z, with a fraction; 0 means never. Numbers of pages and runs begin
 * with 1; 0 means none. */

/* How a page differs from what was known before the run. */
enum state_change {
	STATE_CHANGE_NONE, /* nothing is known of it, since the page has failed, was skipped or is pending */
	STATE_CHANGE_NEW,  /* it is ok, and had no good answer before */
	STATE_CHANGE_GONE, /* it had one, and is there no more */
	STATE_CHANGE_CHANGED, /* it has other rows */
	STATE_CHANGE_UNCHANGED,
	STATE_CHANGES
};

/* What a run knows of a URL. Texts are NULL where there is nothing, and are borrowed: by the functions that
 * write for the call, from those that read until the next call of the same function. */
struct state_page {
	uint64_t id;        /* in the order of discovery */
	const char *url;    /* normalised, see store.offer */
	const char *listed; /* as it was listed or found, if that differs from url */
	uint32_t depth;     /* the number of links between the list and this URL */
	uint64_t via;       /* id of the page that it was found in */
	uint32_t sitemap;   /* store_url.sitemap_level */
	bool is_guess;      /* nobody has named the URL */
	uint64_t run;       /* the last run that it was added in */

	bool is_settled; /* it has an outcome in that run; else it is pending, and the next four are not set
	                  */
	enum outcome_kind outcome;
	enum cause cause;
	long http_status;
	/* Of the last outcome, in whatever run it came: */
	const char *final_url; /* after redirects, if it differs from url */
	const char *hops;      /* where redirects led on the way to final_url, separated by newlines */

	enum state_change change;

	/* Of the last good answer, in whatever run it came; fetched is 0 if there is none. */
	const char *answer_url; /* where it came from, if that differs from url */
	const char *etag;       /* header fields, as they were received */
	const char *last_modified;
	const char *date;
	double fetched;      /* when it was received, or confirmed by a 304 */
	double changed;      /* when its links were first as they are now */
	uint64_t links_hash; /* see struct link_records */
	uint64_t links;      /* number of records */
	uint64_t variant;    /* state_begun.variant of the run that it came in, or was confirmed in */
};

/* What the outcome of a page means for its last good answer. */
enum state_answer {
	STATE_ANSWER_KEPT,      /* nothing is known of it, since the page has failed or was skipped */
	STATE_ANSWER_CONFIRMED, /* 304: it was fetched now, and the validators that came replace those it had
	                         */
	STATE_ANSWER_NEW,       /* this is it, with its links */
	STATE_ANSWER_GONE       /* there is none any more, as after 404 and 410 */
};

struct state_result {
	uint64_t page;
	enum outcome_kind outcome;
	enum cause cause;
	long http_status;
	const char *final_url; /* NULL if it is that of the page */
	uint32_t depth;        /* which may be smaller than when the page was added */
	const char *hops;      /* see struct state_page */
	enum state_answer answer;

	/* With STATE_ANSWER_CONFIRMED and STATE_ANSWER_NEW: */
	const char *etag, *last_modified, *date;
	double fetched;

	/* With STATE_ANSWER_NEW: the same as in struct link_records. */
	struct slice links;
	uint64_t link_count;
	uint64_t links_hash;
};

/* Compares what was known of a page with the outcome that it has got. Two answers are the same if their rows
 * have the same URLs, in whatever order. */
enum state_change state_change_of(const struct state_page *before, const struct state_result *result);

/* Gives a page the outcome, in a run of that variant (see struct state_begun): what is known of it becomes
 * what is known then. The texts of the result are borrowed. */
void state_page_apply(struct state_page *page, const struct state_result *result, uint64_t variant);

/* A run. */
struct state_run {
	uint64_t id;
	double began;
	double ended;        /* 0 if the run was interrupted, or goes on */
	const char *options; /* see state_begin_run */
	uint64_t variant;    /* see struct state_begun */
	uint64_t pages;      /* number of pages that the file knew at its last commit */
};

/* The counts of a run that has ended; see struct totals. */
struct state_totals {
	uint64_t urls, found, ok, failed, skipped, interrupted, links;
	uint64_t changes[STATE_CHANGES]; /* pages, also those that were forgotten */
};

/* How a run is to begin. */
enum state_wish {
	STATE_GO_ON, /* with the last run, if that was interrupted; else as the next one */
	STATE_FORGET /* after all that is known of URLs and outputs is forgotten */
};

/* How a run begins. */
enum state_begin {
	STATE_FIRST_RUN,    /* nothing is known */
	STATE_NEXT_RUN,     /* the run before has ended */
	STATE_RESUMED_RUN,  /* the run before was interrupted, and goes on */
	STATE_RESTARTED_RUN /* all was forgotten */
};

struct state_begun {
	enum state_begin how;
	uint64_t run;
	bool has_same_options; /* as the run before; true for a resumed run, false for a first one */
	/* A number that changes whenever the options do, also "request". An answer that has another one may
	 * not be used. */
	uint64_t variant;
};

/* An output file, as it was at a commit. */
struct state_output {
	const char *name; /* of the option: "output", "report" */
	const char *path;
	uint64_t device, inode;
	uint64_t length;   /* bytes, up to the end of the last page that the commit has */
	uint64_t end_hash; /* see output_end_hash */
};

/* The smallest depth that a page was found at, if that is less than when it was added. */
struct state_depth {
	const char *url; /* as in state_page, but a user name and a password may be missing */
	uint32_t depth;
};

/* What is known of a robots.txt. It may be used for a day (RFC 9309, section 2.4), and as long as the variant
 * of the run stays the same (state_begun.variant). */
enum { STATE_ROBOTS_MAX_AGE_S = 24 * 60 * 60 };
struct state_robots {
	const char *origin; /* "https://example.com" */
	double fetched;
	long http_status;
	struct slice body; /* any bytes */
};

/* What --check has asked for in the run, and what came of it: more than struct state_page has, so that links
 * can be judged by it again. */
struct state_target {
	uint64_t id;     /* set by the state */
	const char *url; /* normalised, see store.offer */
	enum store_purpose purpose;
	enum outcome_kind outcome;
	enum outcome_stage stage;
	enum cause cause;
	const char *reason; /* for people; NULL if the outcome is ok */
	long http_status;
	bool has_answered;     /* the head of a response has come from final_url */
	const char *final_url; /* after redirects that were followed, if it differs from url */
	/* The URLs that these redirects came from, each with a newline behind it and before it a byte that
	 * says whether the redirect was permanent, 'p', or not, 't'. */
	const char *hops;
	const char *leads_to; /* where the last redirect leads, if it was not followed */
	bool has_anchors;     /* of the page all anchors are known: these, each with a NUL behind it */
	struct slice anchors;
};

struct state;

/* Makes a state for a file, which need not exist; path is copied. Free with state_free, which closes the
 * file. What was not committed is lost. */
struct state *state_new(const char *path);

/* While another program has locked the file, a call waits for it for 10 s, unless goes_on, which is then
 * asked again and again, returns false. */
void state_wait_while(struct state *self, bool (*goes_on)(void *ctx), void *ctx);
void state_free(struct state *self);

enum state_access {
	STATE_READ, /* a file that exists; works in a folder without write permission if no run is using it */
	STATE_WRITE /* makes the file if there is none, readable by its owner only; locks it by a file
	               "NAME-lock" */
};

/* Opens the file. Does not change it: one that is refused keeps its bytes. An empty file is a state without
 * runs. If another process has it open with STATE_WRITE, a second one gets STATUS_OUTPUT at once, and
 * state_is_locked returns true; it may then call state_open again. */
enum status state_open(struct state *self, enum state_access access);
bool state_is_locked(const struct state *self);

/* The message for the function that has failed: it names the file, the trouble and the way out. */
const char *state_problem(const struct state *self);

/* The last run, ended or not; its id is 0 if there is none. Borrowed until the next call of a function that
 * writes. */
const struct state_run *state_last_run(const struct state *self);

enum state_find {
	STATE_FOUND,
	STATE_END,   /* no more pages; nothing of that name or number */
	STATE_FAILED /* *status was set */
};

/* Reads all pages in the order of their id: the first call gives the first page, and the call after the last
 * page returns STATE_END, after which it begins anew. The whole table is checked on the way, so it is read
 * before state_begin_run, in this process or another one. A reader goes on to the end without delay, since
 * SQLite's log grows meanwhile. */
enum state_find state_next_page(struct state *self, struct state_page *page, enum status *status);

/* Reads one page. */
enum state_find state_find_page(
    struct state *self, uint64_t id, struct state_page *page, enum status *status);

/* Opens the links of the last good answer of a page that was read by one of the two functions before. They
 * are checked as a whole: link_reader_next does not fail. Takes as long as it takes to decompress them, some
 * 40 ms for a million. Returns STATE_END if the page has no answer. */
enum state_find state_find_links(
    struct state *self, const struct state_page *page, struct link_reader *links, enum status *status);

/* Reads an output file of the last run. */
enum state_find state_find_output(
    struct state *self, const char *name, struct state_output *output, enum status *status);

/* Reads the next page whose depth was lowered, from the first one on; its URL is borrowed until the next
 * call. */
enum state_find state_next_depth(struct state *self, struct state_depth *depth, enum status *status);

/* Reads a robots.txt that may be used now. */
enum state_find state_find_robots(
    struct state *self, const char *origin, double now, struct state_robots *robots, enum status *status);

/* Reads all targets of the run, in the order of their id; to be read to the end like pages. The texts are
 * borrowed until the next call. */
enum state_find state_next_target(struct state *self, struct state_target *target, enum status *status);

/* Reads one target. */
enum state_find state_find_target(
    struct state *self, uint64_t id, struct state_target *target, enum status *status);

/* All functions from here on need STATE_WRITE. Nothing is durable before state_commit. */

/* Begins a run, or goes on with the last one if that has no end, and commits. options is a JSON object whose
 * keys are the long names of the options that decide which rows there are, with their values; a run can only
 * be resumed with the same ones. STATUS_USAGE if one differs, which the message names. The key "request"
 * stands for what requests say of the user: a run may be resumed with another one, but what was answered
 * before counts as out of date (see state_begun.variant),
 * as with any other option that differs in the next run, but for those of the outputs: "format", "null",
 * "unique", "changes" and "changes-to". */
enum status state_begin_run(
    struct state *self, const char *options, enum state_wish wish, double now, struct state_begun *begun);

/* Adds a page to the run, as pending: a new one, whose id must be larger than all others, or one that is
 * known, with its id; of that its last good answer stays. All fields before `run` are used. */
enum status state_add_page(struct state *self, const struct state_page *page);

/* Gives a page that was added its outcome. */
enum status state_settle_page(struct state *self, const struct state_result *result);

/* Removes a page and its links: one that is not on the list any more. */
enum status state_forget_page(struct state *self, uint64_t id);

enum status state_set_output(struct state *self, const struct state_output *output);
enum status state_set_robots(struct state *self, const struct state_robots *robots);

/* A pending page of the run was found at a smaller depth than before. The next run forgets this. */
enum status state_lower_depth(struct state *self, const struct state_depth *depth);

/* Adds a target to the run. The next run forgets all of them. */
enum status state_add_target(struct state *self, const struct state_target *target);

/* The run has ended; the next one asks conditionally. */
enum status state_end_run(struct state *self, const struct state_totals *totals, double now);

/* Makes everything since the last commit durable. Takes as long as the disk does. */
enum status state_commit(struct state *self);

/* Copies what was committed from the log beside the file into the file, if that is due. Takes as long as the
 * disk does. */
enum status state_checkpoint(struct state *self);

#endif
