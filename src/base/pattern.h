/* The user's own PCRE2 pattern, matched against UTF-8 text. */
#ifndef AREQ_BASE_PATTERN_H
#define AREQ_BASE_PATTERN_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct pattern;

/* Compiles source in UTF mode, with the JIT compiler if the system allows it. option is the name of the
 * option that source came from, for messages. Returns NULL if source is not a valid pattern; the position and
 * the reason were logged. Free with pattern_free. */
struct pattern *pattern_new(const char *option, const char *source);
void pattern_free(struct pattern *self);

/* Called for each match with group 1, or with the whole match if the pattern has no group. A match in which
 * group 1 is unset is skipped. The slice is borrowed for the call. Returns false to stop the search. */
typedef bool (*pattern_fn)(void *ctx, struct slice match);

/* Finds all matches in text, which must be valid UTF-8, from left to right without overlap. Returns false if
 * on_match returned false, or if PCRE2 reached a limit; on_match was called for the matches before. The
 * limits hold for each position where a match may begin, so the whole search may take any time. */
bool pattern_each(struct pattern *self, struct slice text, pattern_fn on_match, void *ctx);

enum pattern_found { PATTERN_NOT_FOUND, PATTERN_FOUND, PATTERN_TOO_LONG };

/* Searches text, which must be valid UTF-8, for one match. PATTERN_TOO_LONG means that PCRE2 reached a limit,
 * see pattern_each. */
enum pattern_found pattern_search(struct pattern *self, struct slice text);

/* Searches like pattern_search, but for about 10 ms at most. Returns PATTERN_TOO_LONG if that time is not
 * enough, and for any text of more than 2,048 bytes. */
enum pattern_found pattern_search_briefly(struct pattern *self, struct slice text);

#endif
