#include "run/link_check.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/seen.h"
#include "run/anchor_set.h"
#include "run/link_check_log.h"
#include "run/place_map.h"
#include "run/redirect_map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A target whose verdict is known, and the links that have waited for it. */
struct due {
	uint64_t newest;  /* the place of the next waiting record; 0 if none is left */
	uint64_t verdict; /* the place of the verdict */
};

/* The flag of an entry of `waiting`: one of the records is a redirect. */
enum { HAS_REDIRECT = 1 };

struct link_check {
	unsigned wanted;
	bool checks_fragments;
	link_check_fn on_checked;
	void *ctx;
	struct check_totals totals;
	struct link_check_log log;
	/* The targets that are alive and have no entry in verdicts; and with '#' behind it, each target of
	 * which the anchors are known. */
	struct seen alive;
	struct anchor_set anchors; /* those of the targets that were read */
	struct place_map verdicts; /* the places of the verdicts about other targets */
	struct place_map waiting;  /* the newest records that wait for a target; with '#', for its anchors */
	struct redirect_map redirects; /* targets that wait for another one; with '#', for its anchors */
	struct due *due;
	size_t due_first, due_count, due_room;
	struct buf key;     /* a text of which the fingerprint is needed */
	struct buf copy;    /* the texts of a verdict that is passed on */
	struct buf target;  /* the target of a redirect that has waited */
	struct buf address; /* see moved_address */
	uint64_t *places;   /* those of the records of what is due first, the newest first */
	size_t place_count, place_room;
};

struct link_check *link_check_new(unsigned wanted, bool checks_fragments, link_check_fn on_checked, void *ctx)
{
	struct link_check *self = alloc_new(sizeof *self);
	self->wanted = wanted;
	self->checks_fragments = checks_fragments;
	self->on_checked = on_checked;
	self->ctx = ctx;
	link_check_log_init(&self->log);
	seen_init(&self->alive);
	anchor_set_init(&self->anchors);
	buf_init(&self->key, SIZE_MAX / 2);
	buf_init(&self->copy, SIZE_MAX / 2);
	buf_init(&self->target, SIZE_MAX / 2);
	buf_init(&self->address, SIZE_MAX / 2);
	return self;
}

void link_check_free(struct link_check *self)
{
	if (!self)
		return;
	link_check_log_release(&self->log);
	seen_release(&self->alive);
	anchor_set_release(&self->anchors);
	place_map_release(&self->verdicts);
	place_map_release(&self->waiting);
	redirect_map_release(&self->redirects);
	buf_release(&self->key);
	buf_release(&self->copy);
	buf_release(&self->target);
	buf_release(&self->address);
	free(self->places);
	free(self->due);
	free(self);
}

bool link_check_has_failed(const struct link_check *self)
{
	return self->log.failed;
}

bool link_check_has_due(const struct link_check *self)
{
	return self->due_first < self->due_count;
}

const struct check_totals *link_check_totals(const struct link_check *self)
{
	return &self->totals;
}

void link_check_add_anchor(struct link_check *self, struct slice page, struct slice anchor)
{
	anchor_set_add(&self->anchors, page, anchor);
}

/* The fragment of a URL without '#'; data == NULL if it has none. */
static struct slice fragment_of(struct slice url)
{
	const char *hash = memchr(url.data, '#', url.len);
	return hash ? (struct slice){hash + 1, url.len - (size_t)(hash + 1 - url.data)} : (struct slice){0};
}

bool link_check_needs_anchors(const struct link_check *self, const struct link *link)
{
	struct slice fragment = self->checks_fragments ? fragment_of(link->url) : (struct slice){0};
	return fragment.data && anchor_set_decides(fragment);
}

/* Verdicts. */

static uint64_t fingerprint_of(const struct link_check *self, struct slice target)
{
	return seen_fingerprint(&self->alive, target.data, target.len);
}

/* Sets self->key to what stands for the anchors of a target. */
static void set_anchors_key(struct link_check *self, struct slice target)
{
	buf_clear(&self->key);
	buf_append(&self->key, target.data, target.len);
	buf_append_byte(&self->key, '#');
}

static uint64_t anchors_fingerprint_of(struct link_check *self, struct slice target)
{
	set_anchors_key(self, target);
	return seen_fingerprint(&self->alive, self->key.data, self->key.len);
}

static bool is_alive(const struct target_verdict *verdict)
{
	return verdict->kind == CHECK_OTHER && verdict->cause == CAUSE_NONE;
}

/* A target of which no more is kept than that it is alive. */
static bool is_plain(const struct link_check *self, struct slice target, const struct target_verdict *verdict)
{
	return is_alive(verdict) && verdict->http_status == 200 && !verdict->moved_to.data &&
	       slice_equal(target, verdict->final_url) &&
	       (!self->checks_fragments || verdict->anchors != ANCHORS_NONE);
}

/* Finds the verdict about a target. It is borrowed until the next one is read or added. */
static bool find_verdict(
    struct link_check *self, struct slice target, uint64_t fingerprint, struct target_verdict *verdict)
{
	struct verdict_record record;
	const struct place_entry *entry = place_map_find(&self->verdicts, fingerprint);
	if (entry) {
		bool was_read = link_check_log_read_verdict(&self->log, entry->place, &record);
		*verdict = record.verdict;
		return was_read;
	}
	if (!seen_has(&self->alive, target.data, target.len))
		return false;
	*verdict = (struct target_verdict){
	    .kind = CHECK_OTHER, .outcome = OUTCOME_OK, .http_status = 200, .final_url = target};
	if (self->checks_fragments) {
		set_anchors_key(self, target);
		bool is_read = seen_has(&self->alive, self->key.data, self->key.len);
		verdict->anchors = is_read ? ANCHORS_KNOWN : ANCHORS_UNKNOWN;
	}
	return true;
}

/* The address that belongs into the page: a browser keeps the fragment in a redirect (Fetch standard,
 * "location URL"). */
static struct slice moved_address(struct link_check *self, struct slice moved_to, const struct link *link)
{
	struct slice fragment = fragment_of(link->url);
	if (!fragment.data)
		return moved_to;
	buf_clear(&self->address);
	buf_append(&self->address, moved_to.data, moved_to.len);
	buf_append_byte(&self->address, '#');
	buf_append(&self->address, fragment.data, fragment.len);
	return (struct slice){self->address.data, self->address.len};
}

static struct slice problem_of(struct link_check *self, const struct target_verdict *verdict,
    const struct link *link, char *number, size_t size)
{
	if (verdict->kind == CHECK_BLOCKED)
		return slice_of("blocked");
	if (verdict->kind == CHECK_MOVED)
		return moved_address(self, verdict->moved_to, link);
	if (verdict->cause == CAUSE_NONE)
		return slice_of("");
	if (verdict->kind != CHECK_DEAD || verdict->cause != CAUSE_HTTP_STATUS)
		return slice_of(cause_word(verdict->cause));
	snprintf(number, size, "%ld", verdict->http_status);
	return slice_of(number);
}

static void count(struct link_check *self, const struct target_verdict *verdict, uint64_t links)
{
	struct check_totals *totals = &self->totals;
	totals->dead += verdict->kind == CHECK_DEAD ? links : 0;
	totals->fragments += verdict->cause == CAUSE_FRAGMENT ? links : 0;
	totals->blocked += verdict->kind == CHECK_BLOCKED ? links : 0;
	totals->moved += verdict->kind == CHECK_MOVED ? links : 0;
	totals->alive += verdict->kind == CHECK_MOVED || is_alive(verdict) ? links : 0;
	totals->skipped += verdict->kind == CHECK_OTHER && !is_alive(verdict) ? links : 0;
}

/* Counts a link whose verdict is known, and passes it on if it is wanted. */
static void report_link(struct link_check *self, const struct outcome *page, const struct link *link,
    struct target_verdict verdict)
{
	char number[24];
	if (is_alive(&verdict) && verdict.anchors == ANCHORS_KNOWN && link_check_needs_anchors(self, link) &&
	    !anchor_set_has(&self->anchors, verdict.final_url, fragment_of(link->url))) {
		verdict.kind = CHECK_DEAD;
		verdict.cause = CAUSE_FRAGMENT;
	} else if (is_alive(&verdict) && verdict.moved_to.data) {
		verdict.kind = CHECK_MOVED;
	}
	count(self, &verdict, 1);
	if (!(self->wanted & verdict.kind))
		return;
	const struct verdict shown = {.kind = verdict.kind,
	    .problem = problem_of(self, &verdict, link, number, sizeof number),
	    .outcome = verdict.outcome,
	    .cause = verdict.cause,
	    .http_status = verdict.http_status,
	    .final_url = verdict.final_url};
	struct link checked = *link;
	checked.verdict = &shown;
	self->on_checked(self->ctx, page, &checked);
}

bool link_check_add(struct link_check *self, struct link_check_page *page, const struct outcome *outcome,
    const struct link *link, struct slice target)
{
	struct target_verdict verdict;
	uint64_t fingerprint = fingerprint_of(self, target);
	bool needs = link_check_needs_anchors(self, link);
	self->totals.links++;
	if (find_verdict(self, target, fingerprint, &verdict) &&
	    (!needs || !is_alive(&verdict) || verdict.anchors != ANCHORS_UNKNOWN)) {
		report_link(self, outcome, link, verdict);
		return true;
	}
	if (!page->place || page->epoch != self->log.epoch)
		*page =
		    (struct link_check_page){self->log.epoch, link_check_log_add_page(&self->log, outcome)};
	if (needs)
		fingerprint = anchors_fingerprint_of(self, target);
	struct place_entry *entry = place_map_add(&self->waiting, fingerprint);
	entry->place = link_check_log_add_link(&self->log, entry->place, page->place, link, target);
	entry->count++;
	self->totals.waiting++;
	return false;
}

void link_check_add_invalid(struct link_check *self, const struct outcome *outcome, const struct link *link)
{
	const struct target_verdict invalid = {
	    .kind = CHECK_DEAD, .outcome = OUTCOME_FAILED, .cause = CAUSE_NOT_A_URL, .final_url = link->url};
	self->totals.links++;
	report_link(self, outcome, link, invalid);
}

static void add_due(struct link_check *self, uint64_t newest, uint64_t verdict)
{
	if (self->due_first > 0 && self->due_first == self->due_count)
		self->due_first = self->due_count = 0;
	if (self->due_count == self->due_room) {
		self->due_room = self->due_room ? 2 * self->due_room : 64;
		self->due = alloc_resize(self->due, self->due_room, sizeof *self->due);
	}
	self->due[self->due_count++] = (struct due){newest, verdict};
}

/* Releases the links that wait with that fingerprint. *place is that of the verdict; 0 if it has none yet,
 * and then it is set if one is needed. */
static void release_waiting(struct link_check *self, uint64_t fingerprint, bool for_anchors,
    struct slice target, const struct target_verdict *verdict, uint64_t *place)
{
	struct place_entry *entry = place_map_find(&self->waiting, fingerprint);
	if (!entry)
		return;
	struct target_verdict effective = *verdict;
	if (is_alive(verdict) && verdict->moved_to.data)
		effective.kind = CHECK_MOVED;
	bool are_equal = !for_anchors || !is_alive(verdict);
	if (are_equal && !(self->wanted & effective.kind) && !(entry->flags & HAS_REDIRECT)) {
		count(self, &effective, entry->count);
		self->totals.waiting -= entry->count;
	} else {
		if (!*place)
			*place = link_check_log_add_verdict(&self->log, target, verdict);
		add_due(self, entry->place, *place);
	}
	place_map_remove(&self->waiting, entry);
}

static void record_verdict(struct link_check *self, struct slice target, uint64_t fingerprint,
    const struct target_verdict *verdict, uint64_t *place)
{
	struct place_entry *entry = place_map_find(&self->verdicts, fingerprint);
	if (!is_plain(self, target, verdict)) {
		*place = link_check_log_add_verdict(&self->log, target, verdict);
		place_map_add(&self->verdicts, fingerprint)->place = *place;
		return;
	}
	if (entry)
		place_map_remove(&self->verdicts, entry);
	seen_add_fingerprint(&self->alive, fingerprint);
	if (self->checks_fragments && verdict->anchors == ANCHORS_KNOWN)
		seen_add_fingerprint(&self->alive, anchors_fingerprint_of(self, target));
}

/* True if more is known of a target than a verdict says: that it is alive, and its anchors. */
static bool is_outdone(
    struct link_check *self, struct slice target, uint64_t fingerprint, const struct target_verdict *verdict)
{
	struct target_verdict known;
	return self->checks_fragments && is_alive(verdict) && verdict->anchors == ANCHORS_UNKNOWN &&
	       find_verdict(self, target, fingerprint, &known) && is_alive(&known) &&
	       known.anchors != ANCHORS_UNKNOWN;
}

void link_check_settle(struct link_check *self, struct slice target, const struct target_verdict *verdict)
{
	uint64_t place = 0, fingerprint = fingerprint_of(self, target);
	if (is_outdone(self, target, fingerprint, verdict))
		return;
	redirect_map_remove(&self->redirects, fingerprint);
	record_verdict(self, target, fingerprint, verdict, &place);
	release_waiting(self, fingerprint, false, target, verdict, &place);
	if (!self->checks_fragments || (is_alive(verdict) && verdict->anchors == ANCHORS_UNKNOWN))
		return;
	fingerprint = anchors_fingerprint_of(self, target);
	redirect_map_remove(&self->redirects, fingerprint);
	release_waiting(self, fingerprint, true, target, verdict, &place);
}

/* Redirects from one target to another. */

/* Copies a text to self->copy, where there must be room. */
static struct slice keep(struct link_check *self, struct slice text)
{
	char *start = self->copy.data + self->copy.len;
	if (!text.data)
		return text;
	buf_append(&self->copy, text.data, text.len);
	return (struct slice){start, text.len};
}

/* Lets `from` wait for the verdict about what has the fingerprint `to`. */
static void add_redirect(
    struct link_check *self, uint64_t from_fingerprint, uint64_t to, struct slice from, struct slice moved_to)
{
	struct place_entry *entry = place_map_add(&self->waiting, to);
	entry->place = link_check_log_add_redirect(&self->log, entry->place, from, moved_to);
	entry->flags |= HAS_REDIRECT;
	redirect_map_add(&self->redirects, from_fingerprint, to);
}

static void settle_circle(struct link_check *self, struct slice from, struct slice to)
{
	link_check_settle(self, from,
	    &(struct target_verdict){
	        .kind = CHECK_DEAD, .outcome = OUTCOME_FAILED, .cause = CAUSE_REDIRECTS, .final_url = to});
}

/* Settles `from` by the verdict about `to`. If the anchors of `to` are not known yet, `from` goes on to wait
 * for them. */
static void follow_redirect(struct link_check *self, struct slice from, struct slice to,
    struct slice moved_to, const struct target_verdict *of_target)
{
	struct target_verdict verdict = *of_target;
	bool all_permanent = moved_to.data && moved_to.len == 0;
	struct slice end = verdict.moved_to.data ? verdict.moved_to : to;
	uint64_t anchors_of_from = anchors_fingerprint_of(self, from);
	uint64_t anchors_of_to = anchors_fingerprint_of(self, to);
	bool waits = self->checks_fragments && is_alive(&verdict) && verdict.anchors == ANCHORS_UNKNOWN;
	if (waits && redirect_map_is_circle(&self->redirects, anchors_of_from, anchors_of_to)) {
		settle_circle(self, from, to);
		return;
	}
	/* The texts may be in the logs to which records are added. */
	buf_clear(&self->copy);
	buf_reserve(&self->copy, from.len + moved_to.len + verdict.final_url.len + end.len);
	from = keep(self, from);
	moved_to = keep(self, moved_to);
	verdict.final_url = keep(self, verdict.final_url);
	verdict.moved_to = all_permanent ? keep(self, end) : moved_to;
	if (!is_alive(&verdict))
		verdict.moved_to = (struct slice){0};
	if (waits)
		add_redirect(self, anchors_of_from, anchors_of_to, from, moved_to);
	link_check_settle(self, from, &verdict);
}

void link_check_redirect(struct link_check *self, struct slice from, struct slice to, struct slice moved_to)
{
	struct target_verdict verdict;
	uint64_t from_fingerprint = fingerprint_of(self, from), to_fingerprint = fingerprint_of(self, to);
	if (redirect_map_is_circle(&self->redirects, from_fingerprint, to_fingerprint))
		settle_circle(self, from, to);
	else if (find_verdict(self, to, to_fingerprint, &verdict))
		follow_redirect(self, from, to, moved_to, &verdict);
	else
		add_redirect(self, from_fingerprint, to_fingerprint, from, moved_to);
}

/* Emitting. */

enum { PLACES_KEPT = 4096 };

static void finish_due(struct link_check *self)
{
	self->due_first++;
	self->place_count = 0;
	if (self->place_room <= PLACES_KEPT)
		return;
	free(self->places);
	self->places = NULL;
	self->place_room = 0;
}

/* Reads where the record before the newest one of what is due first is. */
static void collect_place(struct link_check *self, struct due *due, struct slice target)
{
	struct waiting_record waiting;
	if (self->place_count == self->place_room) {
		self->place_room = self->place_room ? 2 * self->place_room : 64;
		self->places = alloc_resize(self->places, self->place_room, sizeof *self->places);
	}
	self->places[self->place_count++] = due->newest;
	bool was_read = link_check_log_read_waiting(&self->log, due->newest, target, &waiting);
	due->newest = was_read ? waiting.previous : 0;
}

/* Passes on the oldest record of what is due first. */
static void emit_oldest(struct link_check *self, const struct verdict_record *settled)
{
	struct waiting_record waiting;
	struct outcome page;
	uint64_t place = self->places[--self->place_count];
	if (!link_check_log_read_waiting(&self->log, place, settled->target, &waiting))
		return;
	if (waiting.is_redirect) {
		/* More may be known of the target by now than when its links were released. */
		buf_clear(&self->target);
		buf_append(&self->target, settled->target.data, settled->target.len);
		link_check_redirect(self, waiting.from, (struct slice){self->target.data, self->target.len},
		    waiting.moved_to);
		return;
	}
	self->totals.waiting--;
	if (link_check_log_read_page(&self->log, waiting.page, &page))
		report_link(self, &page, &waiting.link, settled->verdict);
}

/* Does one step: each record leads to the one before it, so that their places are collected first. */
static void emit_next(struct link_check *self)
{
	struct due *due = &self->due[self->due_first];
	struct verdict_record settled;
	bool was_read = link_check_log_read_verdict(&self->log, due->verdict, &settled);
	if (was_read && due->newest)
		collect_place(self, due, settled.target);
	else if (was_read && self->place_count > 0)
		emit_oldest(self, &settled);
	else
		finish_due(self);
}

bool link_check_emit(struct link_check *self, int64_t until_us)
{
	enum { RECORDS_PER_CLOCK_READ = 16 };
	for (unsigned i = 1; self->due_first < self->due_count; i++) {
		emit_next(self);
		if (i % RECORDS_PER_CLOCK_READ == 0 && clock_now_us() >= until_us)
			return self->due_first < self->due_count;
	}
	if (self->waiting.count == 0)
		link_check_log_clear_links(&self->log);
	return false;
}
