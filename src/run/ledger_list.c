#include "run/ledger_internal.h"

#include "base/clock.h"
#include "base/url/url.h"

#include <stdio.h>

/* So far ahead of the fetching is the list read: far enough that one host's long queue hides no others, and
 * no further, so that a list of millions does not sit in memory. */
enum { READ_AHEAD = 8192 };

static void fail_entry(struct ledger *self, const struct input_entry *entry)
{
	char place[REASON_MAX];
	buf_clear(&self->shown);
	url_append_redacted(&self->shown, entry->text);
	snprintf(place, sizeof place, "%s:%zu", entry->source, entry->line);
	self->totals.urls++;
	ledger_end_entry(self, &(struct outcome){
	                           .number = self->totals.urls,
	                           .kind = OUTCOME_FAILED,
	                           .stage = STAGE_INPUT,
	                           .source_url = self->shown.data,
	                           .final_url = self->shown.data,
	                           .place = place,
	                           .reason = entry->problem,
	                           .phases = {-1, -1, -1, -1, -1, -1},
	                           .listed_us = clock_now_us(),
	                       });
}

/* What would be fetched, but for --dry-run. */
static void skip_entry(struct ledger *self, const struct input_entry *entry)
{
	buf_clear(&self->shown);
	url_append_redacted(&self->shown, url_href(entry->url).data);
	ledger_end_entry(self, &(struct outcome){
	                           .number = self->totals.urls,
	                           .kind = OUTCOME_SKIPPED,
	                           .stage = STAGE_POLICY,
	                           .source_url = self->shown.data,
	                           .final_url = self->shown.data,
	                           .reason = "not fetched (--dry-run)",
	                           .phases = {-1, -1, -1, -1, -1, -1},
	                           .listed_us = clock_now_us(),
	                       });
}

static void admit_entry(struct ledger *self, const struct input_entry *entry)
{
	if (entry->problem) {
		fail_entry(self, entry);
		return;
	}
	if (!frontier_is_new(self->frontier, entry->url)) {
		self->totals.repeated++;
		return;
	}
	self->totals.urls++;
	if (self->options->dry_run) {
		skip_entry(self, entry);
		return;
	}
	struct task *task = task_new(self->totals.urls, entry->text, entry->url);
	frontier_add(self->frontier, &task->job, entry->url);
}

bool ledger_wants_more(const struct ledger *self)
{
	return !self->input_ended && frontier_waiting(self->frontier) < READ_AHEAD;
}

bool ledger_read_list(struct ledger *self)
{
	while (ledger_wants_more(self) && clock_now_us() < self->list_until_us) {
		struct input_entry entry;
		switch (input_next(self->input, &entry)) {
		case INPUT_ENTRY:
			admit_entry(self, &entry);
			break;
		case INPUT_WAIT:
			return true;
		case INPUT_LATER:
			break;
		case INPUT_ERROR:
			ledger_note_status(self, STATUS_INPUT);
			self->input_ended = true;
			break;
		case INPUT_END:
			self->input_ended = true;
			break;
		}
	}
	return false;
}
