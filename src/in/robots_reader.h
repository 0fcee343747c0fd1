/* Reads a robots.txt file (RFC 9309), in chunks as they come:
 *
 *     struct robots_reader *reader = robots_reader_new("areq");
 *     while (… && robots_reader_feed(reader, bytes, len))
 *             …
 *     struct robots *robots = robots_reader_finish(reader);
 *     for (const char *sitemap = NULL; (sitemap = robots_reader_next_sitemap(reader, sitemap));)
 *             …
 *     robots_reader_free(reader);
 *
 * Every input is a valid file: lines that are not understood say nothing. So a file of another type, such as
 * an HTML page instead of a status 404, has no rules, unless it has lines of a robots.txt.
 *
 * Mistakes of webmasters are forgiven in the way of Google's parser, where the RFC does not know of them:
 * - a missing colon, if the line has exactly two words; "dissallow" and other misspelt names; a name of
 *   which only the beginning is right ("disallowed");
 * - what follows the product token in a User-agent line ("areq/1.0"), or a '*' and a blank;
 * - a byte order mark at the start, whole or cut off; CR as the end of a line; a NUL, which ends its line.
 * Other than in Google's parser, there is no limit for the length of a line. */
#ifndef AREQ_IN_ROBOTS_READER_H
#define AREQ_IN_ROBOTS_READER_H

#include "in/robots.h"

#include <stdbool.h>
#include <stddef.h>

/* Only so many bytes of a file are read, 500 KiB (section 2.5). A line that goes on behind them is ignored,
 * so that it does not become a rule for more than it was written for. */
enum { ROBOTS_READER_LIMIT = 500 * 1024 };

/* A longer Crawl-delay counts as one of so many seconds. */
enum { ROBOTS_READER_DELAY_MAX_S = 1000 * 1000 * 1000 };

struct robots_reader;

/* token is the product token of this program (section 2.2.1): letters, '-' and '_', up to the first other
 * byte. It is copied. A reader uses at most about 4 MiB. */
struct robots_reader *robots_reader_new(const char *token);
void robots_reader_free(struct robots_reader *self);

/* Reads the next bytes of the file. It makes no difference how a file is cut into chunks. Returns false if no
 * more bytes count, and the rest need not be fetched. That is known only from the first byte behind the
 * limit. */
bool robots_reader_feed(struct robots_reader *self, const char *bytes, size_t len);

/* Ends the file, and returns what it allows, which the caller frees with robots_free:
 * - the rules of all groups that name the token, in any letter case; without such a group, those of all
 *   groups for '*' (section 2.2.1);
 * - the smallest Crawl-delay of these groups, which counts for the names above it. It is a decimal number of
 *   seconds; anything else is ignored. The RFC does not know it, so it ends no list of names.
 * Afterwards the reader is only good for its sitemaps. */
struct robots *robots_reader_finish(struct robots_reader *self);

/* After robots_reader_finish: returns the bytes of memory that self takes, which are mostly its sitemaps. */
size_t robots_reader_memory(const struct robots_reader *self);

/* After robots_reader_finish: returns the value of the first Sitemap line if previous is NULL, else the one
 * behind previous, which was returned before; NULL behind the last. They stand in or outside of any group,
 * are given as they are written, and are owned by the reader. */
const char *robots_reader_next_sitemap(const struct robots_reader *self, const char *previous);

#endif
