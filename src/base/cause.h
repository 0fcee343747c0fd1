/* Why a URL is not ok. The stage of an outcome says how far the URL got, the cause says why it got no
 * further, and the reason says both in words for people. */
#ifndef AREQ_BASE_CAUSE_H
#define AREQ_BASE_CAUSE_H

#include <stdbool.h>

/* Which option the summary recommends to the user for a failure. */
enum hint { HINT_NONE, HINT_TIMEOUT, HINT_CONNECT, HINT_CERTIFICATE, HINT_REFUSED, HINT_TOO_LARGE, HINTS };

/* name, word, is transient, hint: the word stays the same within a major version; is_transient says whether
 * another try may succeed, for callers that know nothing else of the failure. */
#define CAUSE_LIST(X)                                                                                        \
	X(CAUSE_NONE, NULL, false, HINT_NONE) /* the URL is ok */                                            \
	X(CAUSE_NOT_A_URL, "not-a-url", false, HINT_NONE)                                                    \
	X(CAUSE_NOT_HTTP, "not-http", false, HINT_NONE)                                                      \
	X(CAUSE_LINE_TOO_LONG, "line-too-long", false, HINT_NONE)                                            \
	X(CAUSE_NAME_NOT_FOUND, "name-not-found", false, HINT_NONE)                                          \
	X(CAUSE_NAME_NO_ADDRESS, "name-no-address", false, HINT_NONE)                                        \
	X(CAUSE_NAME_INVALID, "name-invalid", false, HINT_NONE)                                              \
	X(CAUSE_NAME_LOOKUP, "name-lookup-failed", true, HINT_NONE)                                          \
	X(CAUSE_NAME_TIMEOUT, "name-lookup-timeout", true, HINT_CONNECT)                                     \
	X(CAUSE_NO_NAME_SERVER, "no-name-server", true, HINT_NONE)                                           \
	X(CAUSE_REFUSED, "connection-refused", true, HINT_NONE)                                              \
	X(CAUSE_CONNECT, "connect-failed", true, HINT_NONE)                                                  \
	X(CAUSE_CONNECT_TIMEOUT, "connect-timeout", true, HINT_CONNECT)                                      \
	X(CAUSE_TLS, "tls-failed", true, HINT_NONE)                                                          \
	X(CAUSE_TLS_TIMEOUT, "tls-timeout", true, HINT_CONNECT)                                              \
	X(CAUSE_CERTIFICATE_ISSUER, "certificate-unknown-issuer", false, HINT_CERTIFICATE)                   \
	X(CAUSE_CERTIFICATE_EXPIRED, "certificate-expired", false, HINT_NONE)                                \
	X(CAUSE_CERTIFICATE_EARLY, "certificate-not-yet-valid", false, HINT_NONE)                            \
	X(CAUSE_CERTIFICATE_NAME, "certificate-wrong-name", false, HINT_NONE)                                \
	X(CAUSE_CERTIFICATE, "certificate-invalid", false, HINT_NONE)                                        \
	X(CAUSE_ANSWER_TIMEOUT, "answer-timeout", true, HINT_TIMEOUT)                                        \
	X(CAUSE_RECEIVE_TIMEOUT, "receive-timeout", true, HINT_TIMEOUT)                                      \
	X(CAUSE_CONNECTION_BROKEN, "connection-broken", true, HINT_NONE)                                     \
	X(CAUSE_ENDLESS_FRAMES, "endless-frames", true, HINT_NONE)                                           \
	X(CAUSE_ANSWER_INVALID, "answer-invalid", false, HINT_NONE)                                          \
	X(CAUSE_BODY_CUT_SHORT, "body-cut-short", true, HINT_NONE)                                           \
	X(CAUSE_DECODE, "decode-failed", false, HINT_NONE)                                                   \
	X(CAUSE_HTTP_STATUS, "http-status", false, HINT_NONE)                                                \
	X(CAUSE_NOT_MODIFIED, "not-modified", false, HINT_NONE)                                              \
	X(CAUSE_TURNED_AWAY, "http-turned-away", false, HINT_REFUSED)                                        \
	X(CAUSE_REDIRECT, "redirect-invalid", false, HINT_NONE)                                              \
	X(CAUSE_REDIRECTS, "too-many-redirects", false, HINT_NONE)                                           \
	X(CAUSE_FRAGMENT, "fragment", false, HINT_NONE) /* only of a link, not of a URL */                   \
	X(CAUSE_NOT_PUBLIC, "not-public", false, HINT_NONE)                                                  \
	X(CAUSE_HOST_ERRORS, "host-errors", false, HINT_NONE)                                                \
	X(CAUSE_HOST_PATIENCE, "host-patience", false, HINT_NONE)                                            \
	X(CAUSE_NOT_TEXT, "not-text", false, HINT_NONE)                                                      \
	X(CAUSE_NO_MARKUP, "no-markup", false, HINT_NONE)                                                    \
	X(CAUSE_TOO_LARGE, "too-large", false, HINT_TOO_LARGE)                                               \
	X(CAUSE_TOO_MUCH_OUTPUT, "too-much-output", false, HINT_NONE)                                        \
	X(CAUSE_ROBOTS, "robots", false, HINT_NONE)                                                          \
	X(CAUSE_CRAWL_DELAY, "crawl-delay", false, HINT_NONE)                                                \
	X(CAUSE_OUT_OF_SCOPE, "out-of-scope", false, HINT_NONE)                                              \
	X(CAUSE_KNOWN, "known", false, HINT_NONE)                                                            \
	X(CAUSE_ELSEWHERE, "elsewhere", false, HINT_NONE)                                                    \
	X(CAUSE_DRY_RUN, "dry-run", false, HINT_NONE)                                                        \
	X(CAUSE_PAGE_COSTLY, "page-too-costly", false, HINT_NONE)                                            \
	X(CAUSE_PAGE_ENTITIES, "page-entities", false, HINT_NONE)                                            \
	X(CAUSE_PAGE_CRASH, "page-crash", false, HINT_NONE)                                                  \
	X(CAUSE_NO_SOCKET, "no-socket", true, HINT_NONE)                                                     \
	X(CAUSE_LOCAL, "local-trouble", false, HINT_NONE)                                                    \
	X(CAUSE_ROWS_NOT_WRITTEN, "rows-not-written", false, HINT_NONE)                                      \
	X(CAUSE_READER_GONE, "reader-gone", false, HINT_NONE)                                                \
	X(CAUSE_STOPPED, "stopped", false, HINT_NONE)

#define CAUSE_NAME(name, word, transient, hint) name,
enum cause { CAUSE_LIST(CAUSE_NAME) CAUSES };
#undef CAUSE_NAME

/* The word of the list, a constant; NULL for CAUSE_NONE. */
const char *cause_word(enum cause cause);

/* True where another try may succeed. */
bool cause_is_transient(enum cause cause);

enum hint cause_hint(enum cause cause);

#endif
