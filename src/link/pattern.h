/* The user's own PCRE2 pattern over a page's text. */
#ifndef AREQ_LINK_PATTERN_H
#define AREQ_LINK_PATTERN_H

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct pattern;

/* Compiles it, in UTF mode, with the JIT where it is allowed. NULL where it is no pattern; the place and the
 * reason were logged, with the option that it came from. Free with pattern_free. */
struct pattern *pattern_new(const char *option, const char *source);
void pattern_free(struct pattern *self);

/* Called for each match with group 1, or with the whole match where the pattern has no group; a match in
 * which group 1 took no part is passed over. False: no more is wanted. */
typedef bool (*pattern_fn)(void *ctx, struct slice match);

/* Finds all matches in text, which must be valid UTF-8, left to right without overlap. False where on_match
 * wanted no more, or the pattern passed PCRE2's limits, which hold for each place where a match may begin:
 * all of them together can take any time. What it matched before was given out. */
bool pattern_each(struct pattern *self, struct slice text, pattern_fn on_match, void *ctx);

enum pattern_found { PATTERN_NOT_FOUND, PATTERN_FOUND, PATTERN_TOO_LONG };

/* Does it match anywhere in text, which must be valid UTF-8? Too long: it passed PCRE2's limits, as above. */
enum pattern_found pattern_search(struct pattern *self, struct slice text);

/* The same within some 10 ms. Too long also where nobody can tell within that time. */
enum pattern_found pattern_search_briefly(struct pattern *self, struct slice text);

#endif
