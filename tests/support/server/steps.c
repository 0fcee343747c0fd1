#include "steps.h"

#include "base/alloc.h"

#include <stdlib.h>

/* A repeated pattern is written in blocks of about this size, however short it is. */
enum { BLOCK = 64 << 10 };

void steps_init(struct steps *self)
{
	*self = (struct steps){0};
}

void steps_release(struct steps *self)
{
	for (size_t i = 0; i < self->count; i++)
		free(self->step[i].bytes);
	free(self->step);
	steps_init(self);
}

static void add(struct steps *self, struct step step)
{
	if (self->count == self->room) {
		self->room = self->room ? self->room * 2 : 8;
		self->step = alloc_resize(self->step, self->room, sizeof *self->step);
	}
	self->step[self->count++] = step;
}

void steps_send(struct steps *self, const void *bytes, size_t len)
{
	if (len > 0)
		add(self, (struct step){
		              .kind = STEP_SEND, .bytes = alloc_copy(bytes, len), .len = len, .total = len});
}

void steps_send_text(struct steps *self, const char *text)
{
	steps_send(self, text, strlen(text));
}

void steps_repeat(struct steps *self, struct slice pattern, uint64_t total)
{
	if (total == 0 || pattern.len == 0)
		return;
	size_t times = pattern.len < BLOCK ? BLOCK / pattern.len : 1;
	char *bytes = alloc_array(times, pattern.len);
	for (size_t i = 0; i < times; i++)
		memcpy(bytes + i * pattern.len, pattern.data, pattern.len);
	add(self,
	    (struct step){.kind = STEP_SEND, .bytes = bytes, .len = times * pattern.len, .total = total});
}

void steps_wait(struct steps *self, uint64_t ms)
{
	if (ms > 0)
		add(self, (struct step){.kind = STEP_WAIT, .wait_ms = ms});
}

void steps_end(struct steps *self, enum step_kind kind)
{
	add(self, (struct step){.kind = kind});
}

uint64_t steps_total(const struct steps *self, size_t from)
{
	uint64_t total = 0;
	for (size_t i = from; i < self->count; i++) {
		if (self->step[i].total == STEPS_FOREVER)
			return STEPS_FOREVER;
		total += self->step[i].total;
	}
	return total;
}

void steps_cut(struct steps *self, size_t from, uint64_t bytes)
{
	size_t i = from;
	for (; i < self->count; i++) {
		struct step *step = &self->step[i];
		if (step->total >= bytes)
			break;
		bytes -= step->total;
	}
	if (i == self->count)
		return;
	self->step[i].total = bytes;
	for (size_t drop = i + 1; drop < self->count; drop++)
		free(self->step[drop].bytes);
	self->count = i + 1;
}

/* Makes room for count steps at that index. */
static void insert(struct steps *self, size_t at, size_t count)
{
	size_t behind = self->count - at;
	for (size_t i = 0; i < count; i++)
		add(self, (struct step){.kind = STEP_SEND});
	memmove(&self->step[at + count], &self->step[at], behind * sizeof *self->step);
}

void steps_hold(struct steps *self, size_t from, uint64_t bytes, uint64_t requests, const char *group)
{
	size_t at = from;
	for (; at < self->count && self->step[at].total < bytes; at++)
		bytes -= self->step[at].total;
	if (at == self->count || self->step[at].total == STEPS_FOREVER)
		return;
	insert(self, at + 1, 2);
	struct step *step = &self->step[at];
	size_t rest = (size_t)(step->total - bytes);
	step[1] = (struct step){.kind = STEP_HOLD,
	    .bytes = alloc_copy(group, strlen(group)),
	    .len = strlen(group),
	    .wait_requests = requests};
	step[2] = (struct step){
	    .kind = STEP_SEND, .bytes = alloc_resize(NULL, rest + 1, 1), .len = rest, .total = rest};
	for (size_t i = 0; i < rest; i++)
		step[2].bytes[i] = step->bytes[(bytes + i) % step->len];
	step->total = bytes;
}

void steps_pace(struct steps *self, size_t from, size_t bytes, uint64_t ms)
{
	for (size_t i = from; i < self->count; i++) {
		self->step[i].pace_bytes = bytes;
		self->step[i].pace_ms = ms;
	}
}
