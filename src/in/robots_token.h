/* Product tokens, the names by which files and fields about robots call a program (RFC 9309, section 2.2.1).
 */
#ifndef AREQ_IN_ROBOTS_TOKEN_H
#define AREQ_IN_ROBOTS_TOKEN_H

#include "base/ascii.h"

/* Returns the product token at the start of a text: letters, '-' and '_' up to the first other byte. */
static inline struct slice robots_token_at_start(struct slice text)
{
	size_t len = 0;
	while (len < text.len && (ascii_is_letter((unsigned char)text.data[len]) || text.data[len] == '-' ||
	                             text.data[len] == '_'))
		len++;
	return (struct slice){text.data, len};
}

/* True if both texts start with the same product token, in any letter case. False if one starts with none. */
static inline bool robots_token_is_same(struct slice a, struct slice b)
{
	struct slice token = robots_token_at_start(a);
	return token.len > 0 && ascii_equal_nocase(token, robots_token_at_start(b));
}

#endif
