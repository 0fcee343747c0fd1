#include "faults.h"

#include "text.h"

struct fault {
	const char *name;
	const char *help;
	const char *bytes;
	size_t len;
	const char *pattern; /* sent without end behind the answer, where it is not NULL */
	enum step_kind end;
};

/* The answer is this literal, which may hold NUL bytes. */
#define ANSWER(text) .bytes = text, .len = sizeof(text) - 1

#define HEAD   "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
#define PAGE   "<!doctype html>\n<p><a href=\"link1\">1</a>\n"
#define LENGTH "Content-Length: 41\r\n"

static const struct fault faults[] = {
    {.name = "http09", .help = "a page without any head, as in HTTP/0.9", ANSWER(PAGE), .end = STEP_CLOSE},
    {.name = "no-http",
        .help = "the greeting of another protocol",
        ANSWER("SSH-2.0-OpenSSH_9.2p1\r\n"),
        .end = STEP_CLOSE},
    {.name = "tls",
        .help = "a TLS alert in answer to plain text",
        ANSWER("\x15\x03\x01\x00\x02\x02\x46"),
        .end = STEP_CLOSE},
    {.name = "status-000",
        .help = "status code 000",
        ANSWER("HTTP/1.1 000 Zero\r\n" LENGTH "\r\n" PAGE),
        .end = STEP_CLOSE},
    {.name = "status-999",
        .help = "status code 999",
        ANSWER("HTTP/1.1 999 Denied\r\n" LENGTH "\r\n" PAGE),
        .end = STEP_CLOSE},
    {.name = "status-text",
        .help = "a status that is no number",
        ANSWER("HTTP/1.1 abc OK\r\n" LENGTH "\r\n" PAGE),
        .end = STEP_CLOSE},
    {.name = "status-bare",
        .help = "a status line without reason and its blank",
        ANSWER("HTTP/1.1 200\r\n" LENGTH "\r\n" PAGE),
        .end = STEP_CLOSE},
    {.name = "version-9",
        .help = "HTTP/9.9",
        ANSWER("HTTP/9.9 200 OK\r\n" LENGTH "\r\n" PAGE),
        .end = STEP_CLOSE},
    {.name = "switch",
        .help = "101 without being asked",
        ANSWER("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
        .end = STEP_HANG},
    {.name = "two-lengths",
        .help = "two different Content-Lengths",
        ANSWER(HEAD LENGTH "Content-Length: 5\r\n\r\n" PAGE),
        .end = STEP_CLOSE},
    {.name = "length-negative",
        .help = "a negative Content-Length",
        ANSWER(HEAD "Content-Length: -1\r\n\r\n" PAGE),
        .end = STEP_CLOSE},
    {.name = "length-huge",
        .help = "a Content-Length of more than 64 bits",
        ANSWER(HEAD "Content-Length: 99999999999999999999999\r\n\r\n" PAGE),
        .end = STEP_CLOSE},
    {.name = "length-and-chunked",
        .help = "Content-Length and chunked together",
        ANSWER(HEAD "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n29\r\n" PAGE "\r\n0\r\n\r\n"),
        .end = STEP_CLOSE},
    {.name = "header-nul",
        .help = "a NUL byte in a header",
        ANSWER(HEAD LENGTH "X-Nul: a\0b\r\n\r\n" PAGE),
        .end = STEP_CLOSE},
    {.name = "header-no-colon",
        .help = "a header line without a colon",
        ANSWER(HEAD LENGTH "no colon here\r\n\r\n" PAGE),
        .end = STEP_CLOSE},
    {.name = "header-folded",
        .help = "a header folded over two lines",
        ANSWER(HEAD LENGTH "X-Fold: a\r\n b\r\n\r\n" PAGE),
        .end = STEP_CLOSE},
    {.name = "header-folded-first",
        .help = "a head that begins with a folded line",
        ANSWER("HTTP/1.1 200 OK\r\n X: y\r\nContent-Type: text/html\r\n" LENGTH "\r\n" PAGE),
        .end = STEP_CLOSE},
    {.name = "header-bare-lf",
        .help = "lines that end in LF alone",
        ANSWER("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 41\n\n" PAGE),
        .end = STEP_CLOSE},
    {.name = "header-unended",
        .help = "closes within the head",
        ANSWER(HEAD "Content-Le"),
        .end = STEP_CLOSE},
    {.name = "location-utf8",
        .help = "a Location of raw UTF-8 bytes",
        ANSWER("HTTP/1.1 302 Found\r\nLocation: /_/page?group=caf\xc3\xa9\r\nContent-Length: 0\r\n\r\n"),
        .end = STEP_CLOSE},
    {.name = "location-empty",
        .help = "a redirect with an empty Location",
        ANSWER("HTTP/1.1 302 Found\r\nLocation:\r\nContent-Length: 0\r\n\r\n"),
        .end = STEP_CLOSE},
    {.name = "location-none",
        .help = "a redirect without Location",
        ANSWER("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"),
        .end = STEP_CLOSE},
    {.name = "location-file",
        .help = "a redirect to file:///etc/passwd",
        ANSWER("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"),
        .end = STEP_CLOSE},
    {.name = "location-ftp",
        .help = "a redirect to ftp://127.0.0.1:1/",
        ANSWER("HTTP/1.1 302 Found\r\nLocation: ftp://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
        .end = STEP_CLOSE},
    {.name = "location-bad",
        .help = "a redirect to what is no URL",
        ANSWER("HTTP/1.1 302 Found\r\nLocation: http://[/\r\nContent-Length: 0\r\n\r\n"),
        .end = STEP_CLOSE},
    {.name = "chunk-size",
        .help = "a chunk size that is no number",
        ANSWER(HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\n" PAGE "\r\n0\r\n\r\n"),
        .end = STEP_CLOSE},
    {.name = "chunk-huge",
        .help = "a chunk size of more than 64 bits",
        ANSWER(HEAD "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\n" PAGE),
        .end = STEP_CLOSE},
    {.name = "chunk-cut",
        .help = "closes within a chunk",
        ANSWER(HEAD "Transfer-Encoding: chunked\r\n\r\n400\r\n" PAGE),
        .end = STEP_CLOSE},
    {.name = "chunk-unended",
        .help = "closes before the last chunk",
        ANSWER(HEAD "Transfer-Encoding: chunked\r\n\r\n29\r\n" PAGE "\r\n"),
        .end = STEP_CLOSE},
    {.name = "gzip-not",
        .help = "says gzip and sends plain text",
        ANSWER(HEAD "Content-Encoding: gzip\r\n" LENGTH "\r\n" PAGE),
        .end = STEP_CLOSE},
    {.name = "encoding-unknown",
        .help = "a Content-Encoding that nobody knows",
        ANSWER(HEAD "Content-Encoding: sdch-x\r\n" LENGTH "\r\n" PAGE),
        .end = STEP_CLOSE},
    {.name = "silence", .help = "no answer, for ever", ANSWER(""), .end = STEP_HANG},
    {.name = "nothing", .help = "closes without an answer", ANSWER(""), .end = STEP_CLOSE},
    {.name = "reset", .help = "RST instead of an answer", ANSWER(""), .end = STEP_RESET},
    {.name = "endless-body",
        .help = "a body without end",
        ANSWER(HEAD "\r\n" PAGE),
        .pattern = "and so on\n",
        .end = STEP_CLOSE},
    {.name = "endless-links",
        .help = "a body of links without end",
        ANSWER(HEAD "\r\n" PAGE),
        .pattern = "<a href=\"again\">again</a>\n",
        .end = STEP_CLOSE},
    {.name = "endless-tag",
        .help = "a tag without end",
        ANSWER(HEAD "\r\n<a href=\""),
        .pattern = "x",
        .end = STEP_CLOSE},
    {.name = "endless-chunks",
        .help = "chunks without end",
        ANSWER(HEAD "Transfer-Encoding: chunked\r\n\r\n29\r\n" PAGE "\r\n"),
        .pattern = "A\r\nand so on\n\r\n",
        .end = STEP_CLOSE},
    {.name = "endless-headers",
        .help = "headers without end",
        ANSWER(HEAD),
        .pattern = "X-More: and so on\r\n",
        .end = STEP_CLOSE},
    {.name = "endless-header",
        .help = "one header line without end",
        ANSWER(HEAD "X-Long: "),
        .pattern = "x",
        .end = STEP_CLOSE},
    {.name = "endless-status",
        .help = "a status line without end",
        ANSWER("HTTP/1.1 200 "),
        .pattern = "x",
        .end = STEP_CLOSE},
    {.name = "endless-103",
        .help = "103 answers without end",
        ANSWER(""),
        .pattern = "HTTP/1.1 103 Early Hints\r\nX-A: b\r\n\r\n",
        .end = STEP_CLOSE},
    {.name = "endless-chunk-extension",
        .help = "a chunk extension without end",
        ANSWER(HEAD "Transfer-Encoding: chunked\r\n\r\n29;"),
        .pattern = "x",
        .end = STEP_CLOSE},
    {.name = "endless-trailer",
        .help = "trailer lines without end",
        ANSWER(HEAD "Transfer-Encoding: chunked\r\n\r\n29\r\n" PAGE "\r\n0\r\n"),
        .pattern = "X-More: x\r\n",
        .end = STEP_CLOSE},
};

enum { FAULT_COUNT = sizeof faults / sizeof *faults };

bool faults_build(struct slice name, struct steps *steps)
{
	for (size_t i = 0; i < FAULT_COUNT; i++) {
		const struct fault *fault = &faults[i];
		if (!slice_equal(name, slice_of(fault->name)))
			continue;
		steps_send(steps, fault->bytes, fault->len);
		if (fault->pattern)
			steps_repeat(steps, slice_of(fault->pattern), STEPS_FOREVER);
		steps_end(steps, fault->end);
		return true;
	}
	return false;
}

void faults_help(struct buf *out)
{
	for (size_t i = 0; i < FAULT_COUNT; i++)
		text_printf(out, "  %-24s %s\n", faults[i].name, faults[i].help);
}
