/* Measures what a crawl costs in Redis: fills it with URLs of some hosts, prints its memory at some counts,
 * then claims and settles them all, and prints round trips. bench/redis.sh runs it with a server of its own.
 *
 *     redis URL [URLS [HOSTS]] */
#include "base/clock.h"
#include "base/slice.h"
#include "base/stop.h"
#include "store/redis_crawl.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void turn(struct redis_crawl *crawl, size_t room, int ms)
{
	struct pollfd polled[WAIT_DESCRIPTORS];
	struct wait wait = {.wake_ms = clock_now_ms() + ms};
	redis_crawl_set_room(crawl, &(struct redis_crawl_room){.urls = room, .hosts = room, .idle = room});
	if (redis_crawl_turn(crawl, &wait) != STATUS_OK)
		exit(1);
	for (size_t i = 0; i < wait.count; i++)
		polled[i] = (struct pollfd){.fd = wait.list[i].descriptor, .events = wait.list[i].events};
	int64_t left = wait.wake_ms - clock_now_ms();
	poll(polled, wait.count, left < 0 ? 0 : (int)left);
}

static void offer(struct redis_crawl *crawl, uint64_t number, unsigned hosts)
{
	char text[100], via[100], server[40];
	struct redis_record record = {.depth = 3, .text = text, .via = via};
	unsigned host = (unsigned)(number % hosts);
	int len = snprintf(server, sizeof server, "host%06u.example.com:443", host);
	/* 60 bytes, in a page of the same host. */
	snprintf(
	    text, sizeof text, "https://host%06u.example.com/section/page-%014" PRIu64 ".html", host, number);
	snprintf(via, sizeof via, "https://host%06u.example.com/section/page-%014" PRIu64 ".html", host,
	    number / 100);
	redis_record_id(record.id, slice_of(text), redis_crawl_seed(crawl));
	redis_crawl_offer(crawl, (struct slice){server, (size_t)len}, &record);
}

int main(int argc, char **argv)
{
	uint64_t urls = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000;
	unsigned hosts = argc > 3 ? (unsigned)atoi(argv[3]) : 200;
	struct redis_address address;
	struct redis_crawl_begun begun;
	struct buf problem;
	buf_init(&problem, 1000);
	if (argc < 2 || !redis_address_parse(&address, argv[1], &problem)) {
		fprintf(stderr, "%s\n", argc < 2 ? "usage: redis URL [URLS [HOSTS]]" : problem.data);
		return 2;
	}
	stop_catch_signals();
	struct redis_crawl *crawl = redis_crawl_new(&(struct redis_crawl_settings){.address = &address,
	                                                .options = "{}",
	                                                .name = "bench",
	                                                .lease_ms = REDIS_CRAWL_LEASE_MS,
	                                                .list = "bench"},
	    NULL);
	if (redis_crawl_start(crawl, &begun) != STATUS_OK)
		return 3;
	int64_t began = clock_now_ms();
	for (uint64_t i = 0; i < urls; i++) {
		offer(crawl, i, hosts);
		/* What is found again changes nothing. */
		while (redis_crawl_is_full(crawl))
			turn(crawl, 0, 1);
		if (i % 60 == 0)
			turn(crawl, 0, 0);
	}
	while (redis_crawl_left(crawl) < urls)
		turn(crawl, 0, 10);
	int64_t ms = clock_now_ms() - began;
	printf("offered %" PRIu64 " URLs of %u hosts in %.1f s: %.0f a second\n", urls, hosts,
	    (double)ms / 1000, (double)urls * 1000 / (double)(ms + 1));
	fflush(stdout);
	if (argc > 4) { /* for a look at the memory */
		redis_crawl_free(crawl);
		return 0;
	}
	uint64_t trips = redis_crawl_round_trips(crawl), settled = 0;
	redis_crawl_end_list(crawl, true);
	began = clock_now_ms();
	while (!redis_crawl_has_ended(crawl)) {
		struct redis_record record;
		struct redis_claim *claim;
		turn(crawl, 300, 100);
		while (redis_crawl_next(crawl, &record, &claim)) {
			redis_crawl_begin(crawl, claim);
			redis_crawl_settle(crawl, claim, OUTCOME_OK);
			settled++;
		}
	}
	ms = clock_now_ms() - began;
	printf("settled %" PRIu64 " in %.1f s: %.0f a second; %.2f round trips per 100\n", settled,
	    (double)ms / 1000, (double)settled * 1000 / (double)(ms + 1),
	    (double)(redis_crawl_round_trips(crawl) - trips) * 100 / (double)settled);
	redis_crawl_leave(crawl);
	redis_crawl_free(crawl);
	redis_address_release(&address);
	return 0;
}
