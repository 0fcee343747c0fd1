/* Recognises files that are no lists of URLs by their first bytes, so that a picture or a page that was given
 * by mistake does not become thousands of failures. */
#ifndef AREQ_IN_LIST_CHECK_H
#define AREQ_IN_LIST_CHECK_H

#include "base/slice.h"

/* So many lines of which none is a URL show that a file is no list. */
enum { LIST_CHECK_LINES = 100 };

#define LIST_CHECK_NO_URLS "seems to be no list of URLs: none of its first 100 lines is a URL"

/* A NUL byte in so many bytes at the start shows that a file is no list. */
enum { LIST_CHECK_NUL_BYTES = 1024 };

/* Returns what a file seems to be that begins with these bytes, for the message "FILE: " and this text. NULL
 * if it may be a list. */
const char *list_check(struct slice start);

/* The same for bytes that come later, but within the first LIST_CHECK_NUL_BYTES. */
const char *list_check_binary(struct slice bytes);

#endif
