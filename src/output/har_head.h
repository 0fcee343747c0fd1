/* Writes what an HTTP archive says about the head of a request or a response: its header fields and cookies,
 * without secrets (see har_secret.h). */
#ifndef AREQ_OUTPUT_HAR_HEAD_H
#define AREQ_OUTPUT_HAR_HEAD_H

#include "base/buf.h"
#include "base/exchange.h"
#include "output/har_secret.h"

#include <stdbool.h>
#include <stdint.h>

/* Appends a text that was sent or received, which need not be UTF-8. If it is not, each of its bytes is the
 * character with that number, as browsers read header fields ("isomorphic decode", WHATWG Infra, section
 * 4.6), so that no byte is lost. */
void har_head_append_text(struct buf *line, const char *key, struct slice text);

/* True for HTTP/2 and HTTP/3, which have no header lines. */
bool har_head_is_binary(struct slice http_version);

/* Appends the array "headers". The fields of HTTP/2 are those that libcurl makes of its lines: the names are
 * in lower case, and fields that concern only the connection are left out (RFC 9113, section 8.2). A request
 * has the pseudo-header fields as well, in the order in which Chromium writes them; url is that of the
 * request, without credentials. A response has none, because the entry has the status elsewhere. */
void har_head_append_fields(
    struct buf *line, enum har_side side, struct slice head, bool is_binary, const char *url);

/* Appends the array "cookies": of the Cookie fields of a request, or of the Set-Cookie fields of a response
 * (RFC 6265, section 5.2), which was received at now_ms (see timestamp.h). */
void har_head_append_cookies(struct buf *line, enum har_side side, struct slice head, int64_t now_ms);

/* Appends "headersSize". The size that was sent over HTTP/2 is not known. */
void har_head_append_size(struct buf *line, const struct exchange_head *head, bool is_known);

/* Appends a comment if not all of the head was kept. */
void har_head_append_comment(struct buf *line, const struct exchange_head *head);

#endif
