#include "base/pattern.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { JIT_STACK_START = 32 * 1024, JIT_STACK_MAX = 8 * 1024 * 1024 };

/* PCRE2's limit of steps holds for each position where a match may begin, not for the whole search. */
enum { MATCH_LIMIT = 1000 * 1000 };

/* The bounds of a brief search. In the worst case PCRE2 reads the whole text in each step that it counts, and
 * starts anew at each position of the text, so a search costs up to steps * length * length. BRIEF_STEPS
 * limits this product: so much takes about 10 ms with the JIT compiler, and BRIEF_STEPS_INTERPRETED takes as
 * long without it. In a text of more than BRIEF_TEXT_MAX bytes too few steps would be left. */
enum { BRIEF_STEPS = 16 * 1000 * 1000, BRIEF_STEPS_INTERPRETED = BRIEF_STEPS / 10, BRIEF_TEXT_MAX = 2048 };

/* Most patterns need few steps at each position. If the first search reaches its limit, a second one allows
 * more steps, SECOND_LIMIT_EACH for each byte of the text and SECOND_LIMIT_BESIDE in addition, and a third
 * one as many as BRIEF_STEPS leaves for one position. They search from a few positions at a time, and stop
 * after BRIEF_US. */
enum { BRIEF_US = 10 * 1000, SECOND_LIMIT_EACH = 4, SECOND_LIMIT_BESIDE = 1000 };

struct pattern {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	uint32_t group; /* the group that is reported: 1, or 0 if the pattern has no group */
};

static void log_bad_pattern(const char *option, const char *source, int error, size_t offset)
{
	PCRE2_UCHAR8 text[256];
	pcre2_get_error_message(error, text, sizeof text);
	log_error("%s: bad pattern: %s at byte %zu:", option, (const char *)text, offset + 1);
	log_error("  %s", source);
	log_error("  %*s", (int)offset + 1, "^");
}

static pcre2_code *compile(const char *option, const char *source)
{
	int error;
	PCRE2_SIZE offset;
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	if (!context)
		alloc_fail();
	pcre2_set_newline(context, PCRE2_NEWLINE_LF);
	pcre2_code *code = pcre2_compile((PCRE2_SPTR8)source, PCRE2_ZERO_TERMINATED,
	    PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT, &error, &offset, context);
	pcre2_compile_context_free(context);
	if (!code)
		log_bad_pattern(option, source, error, offset);
	return code;
}

struct pattern *pattern_new(const char *option, const char *source)
{
	pcre2_code *code = compile(option, source);
	if (!code)
		return NULL;
	struct pattern *self = alloc_new(sizeof *self);
	uint32_t groups = 0;
	self->code = code;
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	self->group = groups > 0;
	self->match = pcre2_match_data_create_from_pattern(code, NULL);
	self->context = pcre2_match_context_create(NULL);
	if (!self->match || !self->context)
		alloc_fail();
	pcre2_set_match_limit(self->context, MATCH_LIMIT);
	/* If the system forbids the JIT compiler, pcre2_match interprets the pattern. */
	if (pcre2_jit_compile(code, PCRE2_JIT_COMPLETE) == 0) {
		self->stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL);
		if (self->stack)
			pcre2_jit_stack_assign(self->context, NULL, self->stack);
	}
	return self;
}

void pattern_free(struct pattern *self)
{
	if (!self)
		return;
	pcre2_jit_stack_free(self->stack);
	pcre2_match_context_free(self->context);
	pcre2_match_data_free(self->match);
	pcre2_code_free(self->code);
	free(self);
}

/* Searches for a match that begins at an offset from start to last. Returns what pcre2_match returns. */
static int match(struct pattern *self, struct slice text, size_t start, size_t last, uint32_t options)
{
	/* The text is valid UTF-8. If each call checked all of it again, the time would grow with the square
	 * of the number of matches. */
	options |= PCRE2_NO_UTF_CHECK;
	pcre2_set_offset_limit(self->context, last);
	int count = pcre2_match(
	    self->code, (PCRE2_SPTR8)text.data, text.len, start, options, self->match, self->context);
	if (count == PCRE2_ERROR_JIT_STACKLIMIT)
		count = pcre2_match(self->code, (PCRE2_SPTR8)text.data, text.len, start,
		    options | PCRE2_NO_JIT, self->match, self->context);
	return count;
}

static enum pattern_found found_of_count(int count)
{
	if (count == PCRE2_ERROR_NOMATCH)
		return PATTERN_NOT_FOUND;
	return count < 0 ? PATTERN_TOO_LONG : PATTERN_FOUND;
}

/* Returns the offset of the next character after the one at offset. */
static size_t next_character(struct slice text, size_t offset)
{
	do
		offset++;
	while (offset < text.len && ((unsigned char)text.data[offset] & 0xc0) == 0x80);
	return offset;
}

bool pattern_each(struct pattern *self, struct slice text, pattern_fn on_match, void *ctx)
{
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(self->match);
	uint32_t options = 0;
	size_t start = 0;
	while (start <= text.len) {
		int count = match(self, text, start, PCRE2_UNSET, options);
		if (count < 0)
			return count == PCRE2_ERROR_NOMATCH;
		size_t group = self->group;
		bool has_group = count > (int)group && ends[2 * group] != PCRE2_UNSET;
		struct slice found = {text.data + ends[2 * group], ends[2 * group + 1] - ends[2 * group]};
		if (has_group && !on_match(ctx, found))
			return false;
		/* With \K in a lookaround the start of a match may be after its end. */
		size_t next = ends[1] > start ? ends[1] : start;
		options = ends[0] == ends[1] || next == start ? PCRE2_NOTEMPTY_ATSTART : 0;
		start = next;
	}
	return true;
}

enum pattern_found pattern_search(struct pattern *self, struct slice text)
{
	return found_of_count(match(self, text, 0, PCRE2_UNSET, 0));
}

/* Searches from so many positions at a time that they cost no more than steps, with up to limit steps at each
 * position. Returns PATTERN_TOO_LONG if that is not enough, or if it is later than until_us. */
static enum pattern_found search_in_windows(
    struct pattern *self, struct slice text, size_t steps, size_t limit, int64_t until_us)
{
	size_t window = steps / (limit * (text.len + 1));
	enum pattern_found found = PATTERN_NOT_FOUND;
	pcre2_set_match_limit(self->context, (uint32_t)limit);
	size_t start = 0;
	while (start <= text.len && found == PATTERN_NOT_FOUND) {
		if (clock_now_us() >= until_us)
			return PATTERN_TOO_LONG;
		found = found_of_count(match(self, text, start, start + window, 0));
		start = next_character(text, start + window);
	}
	return found;
}

enum pattern_found pattern_search_briefly(struct pattern *self, struct slice text)
{
	size_t steps = self->stack ? BRIEF_STEPS : BRIEF_STEPS_INTERPRETED;
	if (text.len > BRIEF_TEXT_MAX)
		return PATTERN_TOO_LONG;
	pcre2_set_match_limit(self->context, (uint32_t)(steps / ((text.len + 1) * (text.len + 1)) + 1));
	enum pattern_found found = found_of_count(match(self, text, 0, PCRE2_UNSET, 0));
	if (found == PATTERN_TOO_LONG) {
		const size_t limits[] = {
		    SECOND_LIMIT_EACH * text.len + SECOND_LIMIT_BESIDE, steps / (text.len + 1)};
		int64_t until_us = clock_now_us() + BRIEF_US;
		for (size_t i = 0; i < 2 && found == PATTERN_TOO_LONG; i++)
			found = search_in_windows(self, text, steps, limits[i], until_us);
	}
	pcre2_set_match_limit(self->context, MATCH_LIMIT);
	return found;
}
