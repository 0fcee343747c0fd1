#include "link/pattern.h"

#include "base/alloc.h"
#include "base/log.h"

#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { JIT_STACK_START = 32 * 1024, JIT_STACK_MAX = 8 * 1024 * 1024 };

/* PCRE2's limits hold for each start position anew, so a search is done in windows of so many start
 * positions, with a look at the clock after some of them. */
enum { WINDOW = 4096, TRIES_PER_LOOK = 16, MATCH_LIMIT = 1000 * 1000 };

struct pattern {
	pcre2_code *code;
	pcre2_match_data *match;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	uint32_t group; /* 1, or 0 where the pattern has no group */
};

static void complain(const char *option, const char *source, int error, size_t offset)
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
		complain(option, source, error, offset);
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
	/* Where the JIT is forbidden, pcre2_match interprets. */
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

/* Looks for a match that starts from start to start + WINDOW. */
static int match_in_window(struct pattern *self, struct slice text, size_t start, uint32_t options)
{
	/* The text is known to be good; a check at every match would make many matches quadratic. */
	options |= PCRE2_NO_UTF_CHECK;
	pcre2_set_offset_limit(self->context, start + WINDOW);
	int count = pcre2_match(
	    self->code, (PCRE2_SPTR8)text.data, text.len, start, options, self->match, self->context);
	if (count == PCRE2_ERROR_JIT_STACKLIMIT)
		count = pcre2_match(self->code, (PCRE2_SPTR8)text.data, text.len, start,
		    options | PCRE2_NO_JIT, self->match, self->context);
	return count;
}

bool pattern_is_late(clock_t begin)
{
	return clock() - begin > (clock_t)PATTERN_SECONDS * CLOCKS_PER_SEC;
}

/* The start of the character behind the one at offset. */
static size_t next_character(struct slice text, size_t offset)
{
	do
		offset++;
	while (offset < text.len && ((unsigned char)text.data[offset] & 0xc0) == 0x80);
	return offset;
}

bool pattern_each(struct pattern *self, struct slice text, pattern_fn on_match, void *ctx)
{
	clock_t begin = clock();
	const PCRE2_SIZE *ends = pcre2_get_ovector_pointer(self->match);
	uint32_t options = 0;
	size_t start = 0;
	for (size_t tries = 1; start <= text.len; tries++) {
		if (tries % TRIES_PER_LOOK == 0 && pattern_is_late(begin))
			return false;
		int count = match_in_window(self, text, start, options);
		if (count == PCRE2_ERROR_NOMATCH) {
			if (text.len - start <= WINDOW)
				return true;
			start = next_character(text, start + WINDOW);
			options = 0;
			continue;
		}
		if (count < 0)
			return false;
		size_t group = self->group;
		bool took_part = count > (int)group && ends[2 * group] != PCRE2_UNSET;
		struct slice found = {text.data + ends[2 * group], ends[2 * group + 1] - ends[2 * group]};
		if (took_part && !on_match(ctx, found))
			return false;
		/* \K in a lookaround may put the start behind the end. */
		size_t next = ends[1] > start ? ends[1] : start;
		options = ends[0] == ends[1] || next == start ? PCRE2_NOTEMPTY_ATSTART : 0;
		start = next;
	}
	return true;
}

enum pattern_found pattern_search(struct pattern *self, struct slice text, clock_t begin)
{
	size_t start = 0;
	for (;;) {
		int count = match_in_window(self, text, start, 0);
		if (count >= 0)
			return PATTERN_FOUND;
		if (count != PCRE2_ERROR_NOMATCH)
			return PATTERN_TOO_LONG;
		if (text.len - start <= WINDOW)
			return PATTERN_NOT_FOUND;
		if (pattern_is_late(begin))
			return PATTERN_TOO_LONG;
		start = next_character(text, start + WINDOW);
	}
}
