#include "faults.h"

#include "text.h"

struct fault {
	const char *name;
	const char *help;
	const char *bytes;
	size_t len;
	const char *pattern; /* sent without end behind the bytes, where it is not NULL */
	enum step_kind end;
};

#define BYTES(text) text, sizeof(text) - 1

#define HEAD   "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
#define PAGE   "<!doctype html>\n<p><a href=\"link1\">1</a>\n"
#define LENGTH "Content-Length: 41\r\n"

static const struct fault faults[] = {
    {"http09", "a page without any head, as in HTTP/0.9", BYTES(PAGE), NULL, STEP_CLOSE},
    {"no-http", "the greeting of another protocol", BYTES("SSH-2.0-OpenSSH_9.2p1\r\n"), NULL, STEP_CLOSE},
    {"tls", "a TLS alert in answer to plain text", BYTES("\x15\x03\x01\x00\x02\x02\x46"), NULL, STEP_CLOSE},
    {"status-000", "status code 000", BYTES("HTTP/1.1 000 Zero\r\n" LENGTH "\r\n" PAGE), NULL, STEP_CLOSE},
    {"status-999", "status code 999", BYTES("HTTP/1.1 999 Denied\r\n" LENGTH "\r\n" PAGE), NULL, STEP_CLOSE},
    {"status-text", "a status that is no number", BYTES("HTTP/1.1 abc OK\r\n" LENGTH "\r\n" PAGE), NULL,
        STEP_CLOSE},
    {"status-bare", "a status line without reason and its blank",
        BYTES("HTTP/1.1 200\r\n" LENGTH "\r\n" PAGE), NULL, STEP_CLOSE},
    {"version-9", "HTTP/9.9", BYTES("HTTP/9.9 200 OK\r\n" LENGTH "\r\n" PAGE), NULL, STEP_CLOSE},
    {"switch", "101 without being asked",
        BYTES("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"), NULL,
        STEP_HANG},
    {"two-lengths", "two different Content-Lengths", BYTES(HEAD LENGTH "Content-Length: 5\r\n\r\n" PAGE),
        NULL, STEP_CLOSE},
    {"length-negative", "a negative Content-Length", BYTES(HEAD "Content-Length: -1\r\n\r\n" PAGE), NULL,
        STEP_CLOSE},
    {"length-huge", "a Content-Length of more than 64 bits",
        BYTES(HEAD "Content-Length: 99999999999999999999999\r\n\r\n" PAGE), NULL, STEP_CLOSE},
    {"length-and-chunked", "Content-Length and chunked together",
        BYTES(HEAD "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n29\r\n" PAGE "\r\n0\r\n\r\n"),
        NULL, STEP_CLOSE},
    {"header-nul", "a NUL byte in a header", BYTES(HEAD LENGTH "X-Nul: a\0b\r\n\r\n" PAGE), NULL, STEP_CLOSE},
    {"header-no-colon", "a header line without a colon", BYTES(HEAD LENGTH "no colon here\r\n\r\n" PAGE),
        NULL, STEP_CLOSE},
    {"header-folded", "a header folded over two lines", BYTES(HEAD LENGTH "X-Fold: a\r\n b\r\n\r\n" PAGE),
        NULL, STEP_CLOSE},
    {"header-folded-first", "a head that begins with a folded line",
        BYTES("HTTP/1.1 200 OK\r\n X: y\r\nContent-Type: text/html\r\n" LENGTH "\r\n" PAGE), NULL,
        STEP_CLOSE},
    {"header-bare-lf", "lines that end in LF alone",
        BYTES("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 41\n\n" PAGE), NULL, STEP_CLOSE},
    {"header-unended", "closes within the head", BYTES(HEAD "Content-Le"), NULL, STEP_CLOSE},
    {"location-utf8", "a Location of raw UTF-8 bytes",
        BYTES("HTTP/1.1 302 Found\r\nLocation: /_/page?group=caf\xc3\xa9\r\nContent-Length: 0\r\n\r\n"), NULL,
        STEP_CLOSE},
    {"location-empty", "a redirect to nowhere",
        BYTES("HTTP/1.1 302 Found\r\nLocation:\r\nContent-Length: 0\r\n\r\n"), NULL, STEP_CLOSE},
    {"location-none", "a redirect without Location", BYTES("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"),
        NULL, STEP_CLOSE},
    {"location-file", "a redirect to file:///etc/passwd",
        BYTES("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"), NULL,
        STEP_CLOSE},
    {"location-ftp", "a redirect to ftp://127.0.0.1:1/",
        BYTES("HTTP/1.1 302 Found\r\nLocation: ftp://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"), NULL,
        STEP_CLOSE},
    {"location-bad", "a redirect to what is no URL",
        BYTES("HTTP/1.1 302 Found\r\nLocation: http://[/\r\nContent-Length: 0\r\n\r\n"), NULL, STEP_CLOSE},
    {"chunk-size", "a chunk size that is no number",
        BYTES(HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\n" PAGE "\r\n0\r\n\r\n"), NULL, STEP_CLOSE},
    {"chunk-huge", "a chunk size of more than 64 bits",
        BYTES(HEAD "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffffff\r\n" PAGE), NULL, STEP_CLOSE},
    {"chunk-cut", "closes within a chunk", BYTES(HEAD "Transfer-Encoding: chunked\r\n\r\n400\r\n" PAGE), NULL,
        STEP_CLOSE},
    {"chunk-unended", "closes before the last chunk",
        BYTES(HEAD "Transfer-Encoding: chunked\r\n\r\n29\r\n" PAGE "\r\n"), NULL, STEP_CLOSE},
    {"gzip-not", "says gzip and sends plain text",
        BYTES(HEAD "Content-Encoding: gzip\r\n" LENGTH "\r\n" PAGE), NULL, STEP_CLOSE},
    {"encoding-unknown", "a Content-Encoding that nobody knows",
        BYTES(HEAD "Content-Encoding: sdch-x\r\n" LENGTH "\r\n" PAGE), NULL, STEP_CLOSE},
    {"silence", "no answer, for ever", BYTES(""), NULL, STEP_HANG},
    {"nothing", "closes without an answer", BYTES(""), NULL, STEP_CLOSE},
    {"reset", "RST instead of an answer", BYTES(""), NULL, STEP_RESET},
    {"endless-body", "a body without end", BYTES(HEAD "\r\n" PAGE), "and so on\n", STEP_CLOSE},
    {"endless-links", "a body of links without end", BYTES(HEAD "\r\n" PAGE), "<a href=\"again\">again</a>\n",
        STEP_CLOSE},
    {"endless-tag", "a tag without end", BYTES(HEAD "\r\n<a href=\""), "x", STEP_CLOSE},
    {"endless-chunks", "chunks without end",
        BYTES(HEAD "Transfer-Encoding: chunked\r\n\r\n29\r\n" PAGE "\r\n"), "A\r\nand so on\n\r\n",
        STEP_CLOSE},
    {"endless-headers", "headers without end", BYTES(HEAD), "X-More: and so on\r\n", STEP_CLOSE},
    {"endless-header", "one header line without end", BYTES(HEAD "X-Long: "), "x", STEP_CLOSE},
    {"endless-status", "a status line without end", BYTES("HTTP/1.1 200 "), "x", STEP_CLOSE},
    {"endless-103", "103 answers without end", BYTES(""), "HTTP/1.1 103 Early Hints\r\nX-A: b\r\n\r\n",
        STEP_CLOSE},
    {"endless-chunk-extension", "a chunk extension without end",
        BYTES(HEAD "Transfer-Encoding: chunked\r\n\r\n29;"), "x", STEP_CLOSE},
    {"endless-trailer", "trailer lines without end",
        BYTES(HEAD "Transfer-Encoding: chunked\r\n\r\n29\r\n" PAGE "\r\n0\r\n"), "X-More: x\r\n", STEP_CLOSE},
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
