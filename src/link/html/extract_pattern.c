#include "link/html/extract_pattern.h"

#include "base/alloc.h"
#include "base/ascii.h"
#include "base/attribute.h"
#include "base/buf.h"
#include "link/html/extract.h"
#include "link/html/extract_element.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <assert.h>
#include <pcre2.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { JIT_STACK_START = 32 << 10, JIT_STACK_MAX = 4 << 20, PATTERN_LENGTH_MAX = 1 << 20 };

/* The parts of a tag. All repetitions are possessive, so a pattern never backtracks to match a byte as a
 * different part. Each part matches all bytes that the standard's tokenizer would read as this part. If a
 * part does not match, the bytes of the page have therefore ended within it.
 *
 * The name of an attribute (KEY) may start with "=" or a quote. The last branch of ASSIGNED, an attribute
 * without a value, requires that no "=" follows. Otherwise a value with an unclosed quote would be read again
 * as further attributes. */
#define SPACE       "\\t\\n\\f\\r\\x20"
#define WS          " [" SPACE "]*+ "
#define SEPARATOR   " [" SPACE "/]*+ "
#define NAME_END    " (?= [" SPACE "/>] ) "
#define NAME        " [A-Za-z] [^" SPACE "/>]*+ "
#define KEY_REST    " [^" SPACE "/>=]*+ "
#define KEY         " [^" SPACE "/>] " KEY_REST
#define UNQUOTED    " (?! [\"'] ) [^" SPACE ">]*+ "
#define VALUE       " (?: \"[^\"]*+\" | '[^']*+' | " UNQUOTED " ) "
#define VALUE_GROUP " (?| \"([^\"]*+)\" | '([^']*+)' | ( " UNQUOTED " ) ) "
#define ASSIGNED    " (?: =\"[^\"]*+\" | " WS "=" WS VALUE " | (?! " WS "= ) ) "
#define ATTRIBUTES  " (?: " SEPARATOR KEY ASSIGNED " )*+ "

/* What depends on the wanted attributes, filled in by append_template: the first letters of their names, the
 * names, and a branch of NOT_WANTED for each letter. */
#define LETTERS  "\1"
#define NAMES    "\2"
#define BRANCHES "\3"

/* The attributes before the first wanted one. Most are told apart by their first letter, because a look-ahead
 * before each attribute would make the pattern a tenth slower. WANTED_NAME does not check where the name
 * ends, since NOT_WANTED has done so. */
#define NOT_WANTED       " (?: [^" SPACE "/>" LETTERS "] " BRANCHES " ) " KEY_REST
#define OTHER_ATTRIBUTES " (?: " SEPARATOR NOT_WANTED ASSIGNED " )*+ "
#define WANTED_NAME      " (?i: " NAMES " ) "
#define WANTED_VALUE     " (?| " WS "=" WS VALUE_GROUP " | (?! " WS "= ) () ) "
#define WANTED           WANTED_NAME WANTED_VALUE
#define COMMENT          " !-- (?: -?> | (?: [^-]++ | - (?! -!?> ) )*+ --!?> ) "
#define UNFINISHED       " (?= [A-Za-z!/?] | \\z ) "

/* Makes PCRE2 go on to the next '<' within the same call. It searches many bytes at a time for it. */
#define SKIP " (*SKIP)(*FAIL) "

/* The names of start tags that change no state and rarely have a wanted attribute, by their first letters. If
 * such a tag has a wanted attribute, or the letters belong to another name, the branches of the pattern that
 * follow match the tag. */
#define COMMON_NAME                                                                                          \
	" (?: [B-EG-HJ-LOQRU-WYZb-eg-hj-loqru-wyz]"                                                          \
	"   | [Ss] (?! [CcTtVv] ) | [Pp] (?! [Ll] ) | [Tt] (?! [IiAaEe] ) ) [A-Za-z0-9]*+ "

/* Most tags have such a name or are end tags. COMMON_TAGS skips them and the text after them without starting
 * a new match for each tag. COMMON_TAG first tries a single class attribute, the most frequent one. */
#define COMMON_END  " / (?! [TtFf] ) [A-Za-z0-9]++ > "
#define COMMON_TAG  COMMON_NAME " (?: \\x20 class=\"[^\"]*+\" )?+ (?: > | " OTHER_ATTRIBUTES SEPARATOR "> ) "
#define COMMON_TAGS " (?: (?: " COMMON_END " | " COMMON_TAG " ) [^<]*+ < )*+ "

/* The first letters of the names that change the state. */
#define FIRST_LETTER " [FfIiMmNnPpSsTtXx] "

/* clang-format off */
static const char links[] =
	"<" COMMON_TAGS "(?| # an end tag\n"
	"  (/) (?: ( (?i: template | table | form ) )" NAME_END ATTRIBUTES SEPARATOR ">\n"
	"        | " NAME ATTRIBUTES SEPARATOR ">" SKIP ")\n"
	"  # a start tag that changes the state\n"
	"| () (?= " FIRST_LETTER " )\n"
	"  ( (?i: s (?: cript | tyle | vg ) | t (?: itle | able | e (?: xtarea | mplate ) )\n"
	"       | m (?: eta | ath ) | no (?: embed | frames )\n"
	"       | form | iframe | plaintext | xmp ) )" NAME_END
	"  " OTHER_ATTRIBUTES "(?: " SEPARATOR WANTED ATTRIBUTES " )?+ (" SEPARATOR ") >\n"
	"  # another, of interest for its attributes\n"
	"| () (" NAME ")" OTHER_ATTRIBUTES SEPARATOR "(?: >" SKIP "| " WANTED ATTRIBUTES "(" SEPARATOR ") > )\n"
	"  # a comment\n"
	"|" COMMENT SKIP
	"| () " UNFINISHED
	"  # a '<' that begins no tag: without this branch, PCRE2 would search on from the next '<', which may\n"
	"  # stand inside one of the tags that were skipped\n"
	"|" SKIP ")";

static const char tags[] =
	"< (?|\n"
	"  (/?+) (" NAME ")" OTHER_ATTRIBUTES "(?: " SEPARATOR WANTED ATTRIBUTES " )?+ (" SEPARATOR ") >\n"
	"| ()" COMMENT
	"| ()" UNFINISHED ")";

static const char comment[] = "--!?>";

static const char cdata[] = "\\]\\]>";

/* "<!--", "-->" and "<script" only matter in a script, and their meaning depends on the text before them. The
 * caller decides that. */
static const char raw[] =
	"<!-- | --> | </?+\n"
	"( (?i: script | style | title | textarea | xmp | iframe | noembed | noframes ) )" NAME_END;

static const char attribute[] = SEPARATOR "(" KEY ") (?:" WS "=" WS VALUE_GROUP "| (?! " WS "= ) )";

static const char wanted[] = OTHER_ATTRIBUTES SEPARATOR "(" WANTED_NAME ")" WANTED_VALUE;

/* An unfinished tag. An attribute in it only counts as complete if no further byte could belong to it. */
static const char unfinished[] =
	"</?+ (" NAME ") (?! \\z )\n"
	"(?: " SEPARATOR KEY
	"    (?: " WS "=" WS "(?: \"[^\"]*+\" | '[^']*+' | " UNQUOTED "(?! \\z ) )\n"
	"      | (?! " WS "(?: = | \\z ) ) )\n"
	")*+\n"
	"(?: " SEPARATOR "(?<= ([" SPACE "/]) ) )?+\n"
	"(?: (" KEY ") ([" SPACE "])*+ (?: (=) " WS " (.)?+ )?+ )?+";
/* clang-format on */

struct pattern_source {
	const char *text;
	uint32_t options;
};

static const struct pattern_source sources[] = {
    [EXTRACT_PATTERN_LINKS] = {links, 0},
    [EXTRACT_PATTERN_TAGS] = {tags, 0},
    [EXTRACT_PATTERN_COMMENT] = {comment, 0},
    [EXTRACT_PATTERN_CDATA] = {cdata, 0},
    [EXTRACT_PATTERN_RAW] = {raw, 0},
    [EXTRACT_PATTERN_ATTRIBUTE] = {attribute, PCRE2_ANCHORED},
    [EXTRACT_PATTERN_WANTED] = {wanted, PCRE2_ANCHORED},
    [EXTRACT_PATTERN_UNFINISHED] = {unfinished, PCRE2_ANCHORED | PCRE2_DOTALL},
};

enum { PATTERN_COUNT = sizeof sources / sizeof sources[0], GROUP_COUNT = EXTRACT_GROUP_OPEN_VALUE + 1 };

/* The number of bytes after which patterns are compiled by the JIT compiler. For fewer bytes, compiling takes
 * longer than interpreting. */
enum { JIT_THRESHOLD = 32 << 10 };

struct code {
	pcre2_code *code; /* NULL if it is not compiled yet */
	bool jit_tried;   /* true if the JIT compiler was tried */
};

struct extract_patterns {
	uint32_t attributes; /* the wanted ones */
	bool use_jit;
	size_t interpreted_bytes; /* bytes that the interpreter has read, for all patterns together */
	struct code codes[PATTERN_COUNT];
	pcre2_match_data *match;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
};

/* The wanted attributes are told apart by their names, except for one whose tag is found anyway. */
static bool is_found_by_name(uint32_t wanted_set, enum attribute i)
{
	return i != ATTRIBUTE_REFRESH && wanted_set & ATTRIBUTE_BIT(i);
}

/* Appends the wanted names that start with that letter, or all of them if it is 0, without their first
 * skipped bytes, as alternatives. A longer name stands before the shorter one that it begins with. Returns
 * how many there are. */
static size_t append_names(struct buf *text, uint32_t attributes, char letter, size_t skipped)
{
	size_t count = 0;
	for (size_t len = ATTRIBUTE_NAME_MAX; len > 0; len--) {
		for (enum attribute i = ATTRIBUTE_NONE + 1; i < ATTRIBUTE_COUNT; i++) {
			struct slice name = attribute_name(i);
			if (name.len != len || !is_found_by_name(attributes, i) ||
			    (letter && *name.data != letter))
				continue;
			buf_append_text(text, count++ ? "|" : "");
			buf_append(text, name.data + skipped, name.len - skipped);
		}
	}
	return count;
}

static void append_letters(struct buf *text, uint32_t attributes)
{
	struct buf ignored;
	buf_init(&ignored, PATTERN_LENGTH_MAX);
	for (int letter = 'a'; letter <= 'z'; letter++) {
		if (append_names(&ignored, attributes, (char)letter, 0) == 0)
			continue;
		buf_append_byte(text, (char)letter);
		buf_append_byte(text, (char)(letter - 'a' + 'A'));
	}
	buf_release(&ignored);
}

/* For each first letter, appends the names with it that are not wanted. */
static void append_branches(struct buf *text, uint32_t attributes)
{
	struct buf letters;
	buf_init(&letters, PATTERN_LENGTH_MAX);
	append_letters(&letters, attributes);
	for (size_t i = 0; i < letters.len; i += 2) {
		buf_append_text(text, " | [");
		buf_append(text, letters.data + i, 2);
		buf_append_text(text, "] (?! (?i:");
		append_names(text, attributes, letters.data[i], 1);
		buf_append_text(text, ") [" SPACE "/>=] )");
	}
	buf_release(&letters);
}

static void append_template(struct buf *text, const char *template, uint32_t attributes)
{
	for (; *template; template ++) {
		if (*template == *LETTERS)
			append_letters(text, attributes);
		else if (*template == *NAMES)
			append_names(text, attributes, 0, 0);
		else if (*template == *BRANCHES)
			append_branches(text, attributes);
		else
			buf_append_byte(text, *template);
	}
}

static pcre2_code *compile(const struct pattern_source *source, uint32_t attributes)
{
	int error;
	PCRE2_SIZE at;
	struct buf text;
	buf_init(&text, PATTERN_LENGTH_MAX);
	append_template(&text, source->text, attributes);
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)text.data, text.len,
	    PCRE2_EXTENDED | PCRE2_NEVER_UTF | source->options, &error, &at, NULL);
	buf_release(&text);
	if (!code)
		alloc_fail();
	return code;
}

/* Returns a pattern, and compiles it if it is needed for the first time. Many pages need few patterns,
 * because they have no comment, no script and no other attributes to read. */
static const struct code *get_code(struct extract_patterns *self, enum extract_pattern pattern)
{
	struct code *code = &self->codes[pattern];
	if (!code->code)
		code->code = compile(&sources[pattern], self->attributes);
	/* If the JIT compiler is missing or forbidden (PCRE2_ERROR_NOMEMORY under MemoryDenyWriteExecute),
	 * extract_pattern_find goes on to use the interpreter. */
	if (self->use_jit && !code->jit_tried && self->interpreted_bytes > JIT_THRESHOLD) {
		code->jit_tried = true;
		(void)pcre2_jit_compile(code->code, PCRE2_JIT_COMPLETE);
	}
	return code;
}

static struct extract_patterns *patterns_new(uint32_t attributes, bool use_jit)
{
	struct extract_patterns *self = alloc_new(sizeof *self);
	self->attributes = attributes | ATTRIBUTE_BIT(ATTRIBUTE_HREF);
	self->use_jit = use_jit;
	self->match = pcre2_match_data_create(GROUP_COUNT, NULL);
	self->context = pcre2_match_context_create(NULL);
	if (!self->match || !self->context)
		alloc_fail();
	/* The interpreter must not stop at its default limits, because a tag of a MiB takes many steps. */
	pcre2_set_match_limit(self->context, UINT32_MAX);
	pcre2_set_depth_limit(self->context, UINT32_MAX);
	pcre2_set_heap_limit(self->context, UINT32_MAX);
	self->stack = use_jit ? pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL) : NULL;
	if (self->stack)
		pcre2_jit_stack_assign(self->context, NULL, self->stack);
	return self;
}

struct extract_patterns *extract_patterns_new(uint32_t attributes)
{
	return patterns_new(attributes, true);
}

struct extract_patterns *extract_patterns_new_interpreted(uint32_t attributes)
{
	return patterns_new(attributes, false);
}

uint32_t extract_pattern_attributes(const struct extract_patterns *self)
{
	return self->attributes;
}

void extract_patterns_free(struct extract_patterns *self)
{
	if (!self)
		return;
	for (size_t i = 0; i < PATTERN_COUNT; i++)
		pcre2_code_free(self->codes[i].code);
	pcre2_match_data_free(self->match);
	pcre2_match_context_free(self->context);
	pcre2_jit_stack_free(self->stack);
	free(self);
}

static int interpret(
    struct extract_patterns *self, const struct code *code, const char *bytes, size_t len, size_t start)
{
	int rc =
	    pcre2_match(code->code, (PCRE2_SPTR)bytes, len, start, PCRE2_NO_JIT, self->match, self->context);
	self->interpreted_bytes += (rc > 0 ? pcre2_get_ovector_pointer(self->match)[1] : len) - start;
	return rc;
}

const size_t *extract_pattern_find(
    struct extract_patterns *self, enum extract_pattern pattern, const char *bytes, size_t len, size_t start)
{
	const struct code *code = get_code(self, pattern);
	int rc = PCRE2_ERROR_JIT_BADOPTION;
	/* pcre2_jit_match omits the checks that pcre2_match makes before it runs JIT code. */
	if (code->jit_tried)
		rc =
		    pcre2_jit_match(code->code, (PCRE2_SPTR)bytes, len, start, 0, self->match, self->context);
	if (rc == PCRE2_ERROR_JIT_BADOPTION || rc == PCRE2_ERROR_JIT_STACKLIMIT)
		rc = interpret(self, code, bytes, len, start);
	if (rc == PCRE2_ERROR_NOMEMORY)
		alloc_fail();
	assert(rc > 0 || rc == PCRE2_ERROR_NOMATCH);
	return rc > 0 ? pcre2_get_ovector_pointer(self->match) : NULL;
}

static bool ends_name(char c)
{
	return c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == ' ' || c == '/' || c == '>';
}

static bool contains(struct slice text, char first, const char *name)
{
	const char *end = text.data + text.len;
	while ((text.data = memchr(text.data, first, text.len))) {
		text.len = (size_t)(end - text.data);
		if (ascii_starts_with_nocase(text, name))
			return true;
		text = (struct slice){text.data + 1, text.len - 1};
	}
	return false;
}

/* True if the name, which is in lower case, occurs anywhere in the tag. To find that out takes a tenth of the
 * time that it takes to read the attributes, and most tags have none of that name. */
static bool contains_name(struct slice tag, const char *name)
{
	return contains(tag, *name, name) || contains(tag, (char)(*name - 'a' + 'A'), name);
}

struct slice extract_attribute(struct extract_patterns *patterns, struct slice tag, const char *name)
{
	if (!contains_name(tag, name))
		return (struct slice){0};
	size_t at = 1;
	while (at < tag.len && !ends_name(tag.data[at]))
		at++;
	const size_t *found;
	while ((found = extract_pattern_find(patterns, EXTRACT_PATTERN_ATTRIBUTE, tag.data, tag.len, at))) {
		const size_t *key = found + 2 * EXTRACT_GROUP_KEY;
		const size_t *value = found + 2 * EXTRACT_GROUP_VALUE;
		if (extract_element_is_named((struct slice){tag.data + key[0], key[1] - key[0]}, name)) {
			if (value[0] == PCRE2_UNSET)
				return slice_of("");
			return (struct slice){tag.data + value[0], value[1] - value[0]};
		}
		at = found[1];
	}
	return (struct slice){0};
}
