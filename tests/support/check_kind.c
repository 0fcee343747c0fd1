#include "check_kind.h"

#include <assert.h>
#include <string.h>

#define ALIVE(name, keys, flags)                                                                             \
	{                                                                                                    \
		name, keys, CHECK_ALIVE, "", 0, 1, flags                                                     \
	}
#define GET_ALIVE(name, keys, flags)                                                                         \
	{                                                                                                    \
		name, keys, CHECK_ALIVE, "", 1, 1, flags                                                     \
	}
#define BLOCKED(status)                                                                                      \
	{                                                                                                    \
		"blocked-" status, "status=" status, CHECK_BLOCKED, "", 1, 1, 0                              \
	}
#define DEAD(status)                                                                                         \
	{                                                                                                    \
		"dead-" status, "status=" status, CHECK_DEAD, status, 1, 1, 0                                \
	}
#define TRANSIENT(status, keys, flags)                                                                       \
	{                                                                                                    \
		"dead-" status keys, "status=" status keys, CHECK_DEAD, status, CHECK_EACH, CHECK_EACH,      \
		    flags                                                                                    \
	}
#define NO_ANSWER(name, keys, cause, flags)                                                                  \
	{                                                                                                    \
		name, keys, CHECK_DEAD, cause, CHECK_EACH, CHECK_EACH, flags                                 \
	}

/* Each row is what the standards and the manual say: RFC 9110, sections 9.3.2 (HEAD) and 15 (statuses); that
 * another attempt follows on a broken connection and on 408, 429, 500, 502, 503 and 504. */
const struct check_kind check_kinds[] = {
    /* The pages; check_site says which type and body they have. */
    ALIVE("page", "chunked=1", 0),
    GET_ALIVE("page-head-405", "head=status%3D405", CHECK_NO_HEADS),
    GET_ALIVE("page-head-404", "encoding=gzip&head=status%3D404", 0),
    ALIVE("page-slow", "delay=20", 0),
    ALIVE("redirect", "", 0),
    ALIVE("text", "type=text/plain", 0),
    ALIVE("image", "type=image/png", 0),
    ALIVE("large", "type=application/zip&size=5000000", 0),
    ALIVE("endless", "type=application/zip&size=forever", 0),
    ALIVE("no-content", "type=text/plain&status=204", 0),
    ALIVE("not-modified", "type=text/plain&status=304", 0),
    /* It leads nowhere, and so is a page itself. */
    ALIVE("no-location", "type=text/plain&status=302", 0),
    ALIVE("head-body", "type=text/plain&size=300&head_body=1", CHECK_SPOILS),
    ALIVE("head-alone", "status=404&head=status%3D200", CHECK_TWO_FACED),

    GET_ALIVE("head-400", "type=text/plain&head=status%3D400", 0),
    GET_ALIVE("head-403", "type=text/plain&head=status%3D403", 0),
    GET_ALIVE("head-404", "type=text/plain&head=status%3D404", 0),
    GET_ALIVE("head-405", "type=text/plain&head=status%3D405", CHECK_NO_HEADS),
    GET_ALIVE("head-429", "type=text/plain&head=status%3D429", 0),
    GET_ALIVE("head-500", "type=text/plain&head=status%3D500", 0),
    GET_ALIVE("head-501", "type=text/plain&head=status%3D501", CHECK_NO_HEADS),
    GET_ALIVE("head-405-large", "type=image/png&size=5000000&head=status%3D405", CHECK_NO_HEADS),
    GET_ALIVE("head-closed", "type=text/plain&head=empty%3D1", CHECK_REPEATED | CHECK_NO_HEADS),
    GET_ALIVE("head-reset", "type=text/plain&head=reset%3D1", CHECK_REPEATED | CHECK_NO_HEADS),
    GET_ALIVE("head-cut", "type=text/plain&head=header_cut%3D1", CHECK_REPEATED | CHECK_NO_HEADS),
    GET_ALIVE(
        "head-silent", "type=text/plain&head=hang%3Daccept", CHECK_REPEATED | CHECK_SLOW | CHECK_NO_HEADS),
    GET_ALIVE(
        "head-stalls", "type=text/plain&head=hang%3Dheader", CHECK_REPEATED | CHECK_SLOW | CHECK_NO_HEADS),
    GET_ALIVE("head-503-later", "type=text/plain&head=status%3D503%26retry_after%3D1", CHECK_SLOW),

    {"once-503", "type=text/plain&fail=1", CHECK_ALIVE, "", 1, 2, 0},
    {"twice-500", "type=text/plain&fail=2&fail_status=500", CHECK_ALIVE, "", 2, 3, 0},
    {"once-closed", "type=text/plain&fail=1&fail_status=0", CHECK_ALIVE, "", 1, 2,
        CHECK_REPEATED | CHECK_NO_HEADS},
    {"once-429-later", "type=text/plain&fail=1&fail_status=429&retry_after=1", CHECK_ALIVE, "", 1, 2,
        CHECK_SLOW},

    BLOCKED("401"),
    BLOCKED("403"),
    BLOCKED("407"),
    BLOCKED("451"),
    BLOCKED("999"),
    {"blocked-429", "status=429", CHECK_BLOCKED, "", CHECK_EACH, CHECK_EACH, 0},
    {"blocked-429-for-long", "status=429&retry_after=99999", CHECK_BLOCKED, "", 1, 1, CHECK_ENDS_AT_HEAD},

    DEAD("400"),
    DEAD("404"),
    {"dead-405", "status=405", CHECK_DEAD, "405", 1, 1, CHECK_NO_HEADS},
    DEAD("410"),
    DEAD("418"),
    {"dead-501", "status=501", CHECK_DEAD, "501", 1, 1, CHECK_NO_HEADS},
    DEAD("505"),
    DEAD("599"),
    TRANSIENT("408", "", 0),
    TRANSIENT("500", "", 0),
    TRANSIENT("502", "", 0),
    TRANSIENT("503", "", 0),
    TRANSIENT("504", "", 0),
    TRANSIENT("503", "&retry_after=1", CHECK_ENDS_AT_HEAD | CHECK_SLOW),
    {"dead-503-for-long", "status=503&retry_after=99999", CHECK_DEAD, "503", 1, 1, CHECK_ENDS_AT_HEAD},
    {"dead-404-head-405", "status=404&head=status%3D405", CHECK_DEAD, "404", 1, 1, CHECK_NO_HEADS},

    {"bad-location", "status=302&location=http://[/", CHECK_DEAD, "redirect-invalid", 0, 1, 0},
    {"other-scheme", "status=301&location=ftp://127.0.0.1:1/", CHECK_DEAD, "redirect-invalid", 0, 1, 0},
    NO_ANSWER("closed", "empty=1", "connection-broken", CHECK_REPEATED | CHECK_NO_HEADS),
    NO_ANSWER("reset", "reset=1", "connection-broken", CHECK_REPEATED | CHECK_NO_HEADS),
    NO_ANSWER("cut", "header_cut=1", "connection-broken", CHECK_REPEATED | CHECK_NO_HEADS),
    NO_ANSWER("silent", "hang=accept", "answer-timeout", CHECK_REPEATED | CHECK_SLOW | CHECK_NO_HEADS),
    NO_ANSWER("stalls", "hang=header", "receive-timeout", CHECK_REPEATED | CHECK_SLOW | CHECK_NO_HEADS),
    NO_ANSWER("refused", "", "connection-refused", CHECK_NOT_ON_SERVER),
    NO_ANSWER("no-name", "", "name-not-found", CHECK_NOT_ON_SERVER),
};

const size_t check_kind_count = sizeof check_kinds / sizeof *check_kinds;

const struct check_kind *check_kind_find(const char *name)
{
	const struct check_kind *kind = check_kinds;
	while (strcmp(kind->name, name) != 0) {
		kind++;
		assert(kind < check_kinds + check_kind_count);
	}
	return kind;
}

bool check_kind_is_transient(const struct check_kind *self)
{
	return self->fetch_gets > 1;
}
