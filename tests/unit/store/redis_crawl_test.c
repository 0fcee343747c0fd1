#include "unit/store/redis_client.h"

#include "base/clock.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

Test(redis_crawl, gives_each_url_once_and_ends)
{
	struct redis_server server;
	struct redis_client client;
	struct redis_record record;
	struct redis_claim *claim;
	bool seen[500] = {false};
	char text[100];
	redis_server_start(&server, NULL);
	cr_assert_eq(redis_client_start(&client, &server, (struct redis_client_wish){.has_list = true}), STATUS_OK);
	cr_expect_eq(client.begun.how, REDIS_CRAWL_FIRST);
	cr_expect_eq(client.begun.run, 1);
	for (int i = 0; i < 1000; i++) {
		snprintf(text, sizeof text, "http://h%d.test/%d", i % 500 % 7, i % 500);
		redis_client_offer(&client, text, 0, NULL);
	}
	redis_crawl_end_list(client.crawl);
	int count = 0;
	for (; (claim = redis_client_claim(&client, &record, 3000)); count++) {
		int host, page;
		cr_assert_eq(sscanf(record.text, "http://h%d.test/%d", &host, &page), 2);
		cr_expect_not(seen[page]);
		seen[page] = true;
		cr_expect_null(record.via);
		redis_client_settle(&client, claim);
	}
	cr_expect_eq(count, 500);
	cr_expect(redis_crawl_has_ended(client.crawl));
	struct redis_crawl_status status;
	cr_assert_eq(redis_crawl_read_status(client.crawl, &status), STATUS_OK);
	cr_expect(status.exists && status.has_ended);
	cr_expect_eq(status.offered, 500);
	cr_expect_eq(status.settled, 500);
	cr_expect_eq(status.outcomes[OUTCOME_OK], 500);
	cr_expect_eq(status.left, 0);
	cr_expect_eq(status.member_count, 1);
	cr_expect_str_eq(status.members[0].name, "machine:1");
	redis_client_leave(&client);
	redis_server_end(&server);
}
