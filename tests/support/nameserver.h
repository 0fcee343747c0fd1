/* A name server of this test's own: dnsmasq on a free loopback port, which knows what it is told and asks
 * nobody else. Like all support it fails the test where it cannot do its work. */
#ifndef SUPPORT_NAMESERVER_H
#define SUPPORT_NAMESERVER_H

#include "run.h"

/* One that takes however many questions it has no answer for, which dnsmasq does not: it knows *.live.test as
 * 127.0.0.1, *.late.test and *.slow.test likewise but only 2 s and 5 s after each question, *.half.test
 * likewise but never answers for its IPv6 address, never answers for *.dead.test, and refuses all other
 * questions. */
struct quiet_nameserver {
	pid_t pid;
	char address[32]; /* for --dns-servers */
};

void quiet_nameserver_start(struct quiet_nameserver *self);
void quiet_nameserver_stop(struct quiet_nameserver *self);

struct nameserver {
	struct run_child dnsmasq;
	int silent;         /* a UDP socket that takes questions and never answers */
	char address[32];   /* for --dns-servers */
	char silent_at[32]; /* "127.0.0.1#PORT", for dnsmasq's server= */
	char slow_at[32];   /* the same of the server that knows *.slow.test */
};

/* It knows *.live.test as 127.0.0.1, a.multi.test as 127.0.0.2, .3, .4 and .1, a.both.test as ::1 and
 * 127.0.0.1, asks one that never answers for *.dead.test and *.slow.test, knows that there is no *.none.test
 * and no single, and refuses all other questions. */
void nameserver_start(struct nameserver *self);
void nameserver_stop(struct nameserver *self);

/* The same, but it asks this one for *.slow.test. */
void nameserver_start_before(struct nameserver *self, const struct quiet_nameserver *slow);

#endif
