/* One input URL on its way from the list to its outcome: what the ledger keeps of it. */
#ifndef AREQ_RUN_TASK_H
#define AREQ_RUN_TASK_H

#include "base/heap.h"
#include "base/options.h"
#include "base/outcome.h"
#include "base/url/url.h"
#include "fetch/transfer.h"
#include "in/frontier.h"
#include "link/page.h"
#include "store/store.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why a handler wanted no more of an answer. */
enum cut { CUT_NONE, CUT_NOT_TEXT, CUT_TOO_LARGE };

struct ledger;
struct task_list;

/* What came of its tries; all is its own but the page. */
struct tries {
	/* From the end of its page on: */
	struct ledger *ledger;
	struct task_list *list; /* that it is in; NULL: none */
	struct task *previous, *next;
	struct outcome outcome; /* what is to be told when its rows are safe */
	struct heap_node told;

	char *location; /* where the answer sends us; raw */
	char *content_type;
	struct page *page; /* while an answer comes in; the ledger's */
	enum cut cut;
	unsigned attempts;
	unsigned redirects;
	bool goes_on;     /* the next try belongs to the same attempt */
	bool fresh;       /* it must not use an old connection */
	bool foreign;     /* redirects led away from the origin of the listed URL */
	int64_t spent_ms; /* of this attempt's time, by the redirects before */
	int64_t began_us; /* the last try; 0: none did */
	long http_status;
	const char *http_version; /* constant; NULL: there was no answer */
	struct phases phases;
	uint64_t wire_bytes;
	struct curl_slist *cookies;
};

/* Small while it waits for its first try, as thousands do. */
struct task {
	struct job job; /* first: the frontier gives it back; its number is that of the URL */
	int64_t listed_us;
	struct store_claim *claim; /* the store's */
	bool begun;                /* … which was told that its turn has come */
	struct tries *tries;       /* from the first on; NULL: there was none */
	const char *url;           /* where to ask now, without credentials: behind source, or */
	char *moved;               /* … where a redirect led; NULL: none did */
	char *shown;       /* url without what looks like credentials in its path; NULL: it has none */
	char *credentials; /* for its origin; NULL: none */
	char source[];     /* as listed, without credentials */
};

_Static_assert(offsetof(struct task, job) == 0, "a job of the frontier is converted to its task");

/* The task of a job that the frontier gives back; NULL for NULL. */
static inline struct task *task_of(struct job *job)
{
	return (struct task *)job;
}

/* Where it is asked now, as a person may see it; good until task_redirect. */
static inline const char *task_shown_url(const struct task *self)
{
	return self->shown ? self->shown : self->url;
}

/* Tasks in the order in which they came; {0} is empty. */
struct task_list {
	struct task *first, *last;
	size_t count;
};

/* Puts a task that had a try, and is in no list, at the end. */
void task_list_add(struct task_list *self, struct task *task);

/* Takes it out of the list that it is in, if any. */
void task_list_remove(struct task *task);

/* For a URL that was claimed; what it points to is copied, and credentials are kept apart: they are for one
 * origin, and nobody is shown them. Free with task_free, without a page. */
struct task *task_new(const struct store_url *url, struct store_claim *claim);
void task_free(struct task *self);

/* Reads where the answer sends us into *to; *leaves: to another origin. Why we do not follow, in words; NULL:
 * we may. */
const char *task_read_location(const struct task *self, struct url *to, bool *leaves);

/* Goes on at url, where a redirect leads; from an origin to another it takes no secret along. */
void task_redirect(struct task *self, const struct url *url, bool leaves);

/* Begins the next try and returns what it asks for; the request borrows from the task. */
struct fetch_request task_request(struct task *self, const struct options *options);

/* What the head of an answer said counts no more. */
void task_forget_answer(struct task *self);

/* Why the handler wanted no more of the answer (cut), as words in reason[0..size), NUL-terminated. */
void task_describe_cut(const struct task *self, const struct options *options, char *reason, size_t size);

/* Keeps what the end of a try tells; the result is borrowed for the call. */
void task_note(struct task *self, const struct fetch_result *result);

/* How long to wait before the attempt after those that were made: longer each time, and not the same for any
 * two. dice is the caller's and never 0. */
int64_t task_backoff_ms(const struct task *self, uint64_t *dice);

/* What the end of a try says about its host. */
enum host_news task_news(const struct fetch_result *result);

/* What an output writes with each link of its page, in bytes, about. */
size_t task_row_bytes(const struct task *self, const struct options *options);

/* What is known of it as an outcome, without kind, stage and reason; borrows from the task, but nothing from
 * its page. */
struct outcome task_outcome(const struct task *self);

#endif
