/* Trouble with Redis: what passes by itself is waited for, and anything else ends the run with a message. */
#include "unit/store/redis_client.h"

#include "base/clock.h"
#include "store/redis_crawl_internal.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void expect_logged(struct redis_server *server, const char *part)
{
	const char *text = redis_server_logged(server);
	cr_expect(strstr(text, part), "no \"%s\" in: %s", part, text);
}

static int count_logged(struct redis_server *server, const char *part)
{
	int count = 0;
	for (const char *at = redis_server_logged(server); (at = strstr(at, part)); at++)
		count++;
	return count;
}

static void offer_many(struct redis_client *client, int first, int count)
{
	char text[100];
	for (int i = first; i < first + count; i++) {
		snprintf(text, sizeof text, "http://h%d.test/%d", i % 7, i);
		redis_client_offer(client, text, 0, NULL);
	}
}

/* Settles all that there is, and expects so many. */
static void settle_all(struct redis_client *client, int expected)
{
	struct redis_record record;
	int count = 0;
	redis_crawl_end_list(client->crawl, true);
	for (struct redis_claim *claim; (claim = redis_client_claim(client, &record, 8000)); count++)
		redis_client_settle(client, claim);
	cr_expect_eq(count, expected);
	redis_client_turn_until(client, 1, redis_client_ends, client);
}

/* Turns until the run has failed. */
static enum status turn_until_failure(struct redis_client *client)
{
	enum status status = STATUS_OK;
	for (int64_t end = clock_now_ms() + 10000; status == STATUS_OK && clock_now_ms() < end;)
		status = redis_client_turn(client, 20);
	return status;
}

Test(redis_trouble, not_there_at_the_start)
{
	struct redis_server server;
	struct redis_client client;
	redis_server_start(&server, NULL);
	redis_server_log_to_file(&server);
	redis_server_kill(&server);
	int64_t began = clock_now_ms();
	cr_expect_eq(redis_client_start(&client, &server, (struct redis_client_wish){0}), STATUS_OUTPUT);
	cr_expect_lt(clock_now_ms() - began, 20000);
	expect_logged(&server, "socket: Redis cannot be reached: ");
	redis_client_kill(&client);
	cr_expect_eq(
	    redis_client_start(&client, &server, (struct redis_client_wish){.url = "redis://127.0.0.1:1/x"}),
	    STATUS_OUTPUT);
	expect_logged(&server, "127.0.0.1:1: Redis cannot be reached: Connection refused");
	redis_client_kill(&client);
	cr_expect_eq(
	    redis_client_start(&client, &server, (struct redis_client_wish){.url = "redis://a..b/x"}),
	    STATUS_OUTPUT);
	expect_logged(&server, "a..b:6379: the address of Redis cannot be looked up");
	redis_client_kill(&client);
	redis_server_end(&server);
}

/* A user who may not ask for the settings of Redis is not refused for that. */
Test(redis_trouble, keys_are_removed_when_memory_is_full)
{
	static const struct {
		const char *config, *problem;
	} cases[] = {{"maxmemory 100mb\nmaxmemory-policy allkeys-lru", "maxmemory-policy allkeys-lru"},
	    {"maxmemory 100mb\nmaxmemory-policy allkeys-random", "maxmemory-policy allkeys-random"},
	    {"maxmemory 100mb\nmaxmemory-policy volatile-lru", NULL},
	    {"maxmemory 100mb\nmaxmemory-policy noeviction", NULL},
	    {"maxmemory 0\nmaxmemory-policy allkeys-lru", NULL},
	    {"maxmemory 100mb\nmaxmemory-policy allkeys-lru\nuser default on nopass ~areq:* &areq:* +@all "
	     "-info",
	        NULL}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct redis_server server;
		struct redis_client client;
		redis_server_start(&server, cases[i].config);
		redis_server_log_to_file(&server);
		enum status status =
		    redis_client_start(&client, &server, (struct redis_client_wish){.has_list = true});
		cr_expect_eq(status, cases[i].problem ? STATUS_OUTPUT : STATUS_OK, "%s: %s", cases[i].config,
		    redis_server_logged(&server));
		if (cases[i].problem)
			expect_logged(&server, cases[i].problem);
		redis_client_kill(&client);
		redis_server_end(&server);
	}
}

Test(redis_trouble, passwords_and_users)
{
	struct redis_server server;
	struct redis_client client;
	char url[200];
	redis_server_start(&server,
	    "requirepass geheim\nuser bob on >w%40rd ~areq:* &areq:* +@all\nuser eve on >e ~x ~* +get");
	redis_server_log_to_file(&server);
	static const struct {
		const char *user, *problem;
	} cases[] = {{":geheim@", NULL}, {"bob:w%2540rd@", NULL}, {":falsch@", "WRONGPASS"},
	    {"bob:x@", "WRONGPASS"}, {"", "NOAUTH"}, {"eve:e@", "NOPERM"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		snprintf(url, sizeof url, "redis+unix://%s%s/socket?db=3#test", cases[i].user, server.folder);
		enum status status = redis_client_start(
		    &client, &server, (struct redis_client_wish){.url = url, .has_list = true});
		cr_expect_eq(status, cases[i].problem ? STATUS_OUTPUT : STATUS_OK, "%s", cases[i].user);
		if (cases[i].problem)
			expect_logged(&server, cases[i].problem);
		else
			redis_crawl_leave(client.crawl);
		redis_client_kill(&client);
	}
	cr_expect_not(
	    strstr(redis_server_logged(&server), "geheim") || strstr(redis_server_logged(&server), "falsch"));
	redis_server_end(&server);
}

Test(redis_trouble, is_gone_for_a_while)
{
	struct redis_server server;
	struct redis_client client;
	redis_server_start(&server, "appendonly yes\nappendfsync always");
	redis_server_log_to_file(&server);
	redis_client_must_start(
	    &client, &server, (struct redis_client_wish){.has_list = true, .lease_ms = 1000});
	offer_many(&client, 0, 100);
	redis_client_turn_for(&client, 300);
	redis_server_kill(&server);
	offer_many(&client, 50, 100);
	redis_client_turn_for(&client, 1500);
	cr_expect_not(redis_crawl_is_connected(client.crawl));
	cr_expect_not(redis_crawl_holds_lease(client.crawl));
	redis_server_restart(&server, false);
	settle_all(&client, 150);
	cr_expect_eq(client.lost, 0, "nobody has taken anything meanwhile");
	cr_expect_eq(count_logged(&server, "goes on when Redis is back"), 1);
	redis_client_leave(&client);
	redis_server_end(&server);
}

static bool have_ended(void *ctx)
{
	struct redis_client *clients = ctx;
	return redis_client_ends(&clients[0]) && redis_client_ends(&clients[1]);
}

/* The first that is back does not take what the others have. */
Test(redis_trouble, is_gone_for_all_of_them)
{
	struct redis_server server;
	struct redis_client clients[2];
	struct redis_claim *claims[2];
	struct redis_record record;
	redis_server_start(&server, "appendonly yes\nappendfsync always");
	redis_server_log_to_file(&server);
	for (int i = 0; i < 2; i++) {
		redis_client_must_start(
		    &clients[i], &server, (struct redis_client_wish){.has_list = i == 0, .lease_ms = 1500});
		redis_client_offer(&clients[i], i ? "http://a.test/" : "http://b.test/", 0, NULL);
		cr_assert_not_null(claims[i] = redis_client_claim(&clients[i], &record, 3000));
		redis_crawl_begin(clients[i].crawl, claims[i]);
	}
	redis_crawl_end_list(clients[0].crawl, true);
	redis_server_kill(&server);
	for (int64_t end = clock_now_ms() + 2500; clock_now_ms() < end;)
		for (int i = 0; i < 2; i++)
			cr_assert_eq(redis_client_turn(&clients[i], 10), STATUS_OK);
	redis_server_restart(&server, false);
	/* One is back long before the other one, and has room. */
	redis_connection_reset(clients[0].crawl->connection);
	redis_client_turn_for(&clients[0], 1000);
	cr_expect(redis_crawl_holds_lease(clients[0].crawl));
	for (int i = 0; i < 2; i++)
		redis_crawl_settle(clients[i].crawl, claims[i], OUTCOME_OK);
	redis_client_turn_until(clients, 2, have_ended, clients);
	cr_expect_eq(clients[0].lost + clients[1].lost, 0);
	redis_client_leave(&clients[0]);
	redis_client_leave(&clients[1]);
	redis_server_end(&server);
}

Test(redis_trouble, comes_back_without_data)
{
	struct redis_server server;
	struct redis_client client;
	redis_server_start(&server, NULL);
	redis_server_log_to_file(&server);
	redis_client_must_start(&client, &server, (struct redis_client_wish){.has_list = true});
	offer_many(&client, 0, 10);
	redis_client_flush(&client);
	redis_server_restart(&server, true);
	cr_expect_eq(turn_until_failure(&client), STATUS_OUTPUT);
	expect_logged(&server, "Redis has lost the data of this crawl");
	redis_client_kill(&client);
	redis_server_end(&server);
}

Test(redis_trouble, comes_back_with_another_crawl)
{
	struct redis_server server;
	struct redis_client client, other;
	redis_server_start(&server, NULL);
	redis_server_log_to_file(&server);
	redis_client_must_start(&client, &server, (struct redis_client_wish){.has_list = true});
	redis_server_restart(&server, true);
	redis_client_must_start(&other, &server, (struct redis_client_wish){.has_list = true});
	cr_expect_eq(turn_until_failure(&client), STATUS_OUTPUT);
	expect_logged(&server, "Redis has another crawl of this name now");
	redis_client_kill(&client);
	redis_client_leave(&other);
	redis_server_end(&server);
}

/* Data that go while there is a connection: all of them, or the crawl alone, as an eviction would. */
Test(redis_trouble, loses_the_crawl)
{
	static const char *const commands[] = {"FLUSHALL", "DEL areq:{test}:crawl"};
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		struct redis_server server;
		struct redis_client client;
		redis_server_start(&server, NULL);
		redis_server_log_to_file(&server);
		redis_client_must_start(
		    &client, &server, (struct redis_client_wish){.has_list = true, .lease_ms = 1000});
		offer_many(&client, 0, 10);
		redis_crawl_end_list(client.crawl, true);
		redis_client_flush(&client);
		redis_server_run(&server, commands[i]);
		cr_expect_eq(turn_until_failure(&client), STATUS_OUTPUT, "%s", commands[i]);
		expect_logged(&server, "Redis has lost the data of this crawl");
		redis_client_kill(&client);
		redis_server_end(&server);
	}
}

/* A process that has lost its place in a crawl goes on with no other one. */
Test(redis_trouble, has_another_crawl_under_a_connection)
{
	struct redis_server server;
	struct redis_client client, other;
	redis_server_start(&server, NULL);
	redis_server_log_to_file(&server);
	redis_client_must_start(
	    &client, &server, (struct redis_client_wish){.has_list = true, .lease_ms = 1000});
	offer_many(&client, 0, 10);
	redis_crawl_end_list(client.crawl, true);
	redis_client_flush(&client);
	redis_server_run(&server, "FLUSHALL");
	redis_client_must_start(&other, &server, (struct redis_client_wish){.has_list = true});
	cr_expect_eq(turn_until_failure(&client), STATUS_OUTPUT);
	expect_logged(&server, "Redis has lost the data of this crawl, or they were removed");
	offer_many(&other, 0, 5);
	settle_all(&other, 5);
	redis_client_kill(&client);
	redis_client_leave(&other);
	redis_server_end(&server);
}

/* Redis comes back as it was some time ago. */
Test(redis_trouble, comes_back_with_older_data)
{
	struct redis_server server;
	struct redis_client feeder, worker;
	struct redis_record record;
	redis_server_start(&server, NULL);
	redis_server_log_to_file(&server);
	redis_client_must_start(&feeder, &server, (struct redis_client_wish){.has_list = true});
	redis_client_must_start(&worker, &server, (struct redis_client_wish){0});
	feeder.room = 0;
	offer_many(&feeder, 0, 100);
	redis_client_flush(&feeder);
	redis_server_run(&server, "save");
	struct redis_claim *claim = redis_client_claim(&worker, &record, 2000);
	cr_assert_not_null(claim);
	redis_crawl_begin(worker.crawl, claim);
	redis_client_flush(&worker);
	offer_many(&feeder, 100, 100);
	redis_client_flush(&feeder);
	redis_server_restart(&server, false);
	cr_expect_eq(turn_until_failure(&feeder), STATUS_OUTPUT);
	expect_logged(&server, "lost a part of what this process has brought");
	redis_client_kill(&feeder);
	for (int64_t end = clock_now_ms() + 5000; worker.lost == 0 && clock_now_ms() < end;)
		cr_assert_eq(redis_client_turn(&worker, 20), STATUS_OK);
	cr_expect_eq(worker.lost, 1);
	cr_expect(redis_crawl_is_void(claim));
	redis_crawl_settle(worker.crawl, claim, OUTCOME_OK);
	claim = redis_client_claim(&worker, &record, 5000);
	cr_expect_not_null(claim);
	redis_client_leave(&worker);
	redis_server_end(&server);
}

Test(redis_trouble, has_no_memory)
{
	struct redis_server server;
	struct redis_client client;
	redis_server_start(&server, NULL);
	redis_server_log_to_file(&server);
	redis_client_must_start(&client, &server, (struct redis_client_wish){.has_list = true});
	offer_many(&client, 0, 100);
	redis_client_flush(&client);
	redis_server_run(&server, "config set maxmemory 1mb");
	offer_many(&client, 100, 100);
	redis_client_turn_for(&client, 1000);
	expect_logged(&server, "OOM");
	cr_expect_eq(count_logged(&server, "goes on when Redis is back"), 1);
	redis_server_run(&server, "config set maxmemory 0");
	settle_all(&client, 200);
	redis_client_leave(&client);
	redis_server_end(&server);
}

Test(redis_trouble, is_a_replica)
{
	struct redis_server server;
	struct redis_client client;
	redis_server_start(&server, NULL);
	redis_server_log_to_file(&server);
	redis_client_must_start(&client, &server, (struct redis_client_wish){.has_list = true});
	offer_many(&client, 0, 100);
	redis_client_flush(&client);
	redis_server_run(&server, "replicaof 127.0.0.1 1");
	offer_many(&client, 100, 100);
	redis_client_turn_for(&client, 1000);
	expect_logged(&server, "READONLY");
	redis_server_run(&server, "replicaof no one");
	settle_all(&client, 200);
	redis_client_leave(&client);
	redis_server_end(&server);
}

Test(redis_trouble, loads_its_data)
{
	struct redis_server server;
	struct redis_client client;
	redis_server_start(&server, NULL);
	redis_server_log_to_file(&server);
	redis_client_must_start(&client, &server, (struct redis_client_wish){.has_list = true});
	offer_many(&client, 0, 100);
	redis_client_flush(&client);
	redis_server_run(&server, "eval 'for i=1,20000 do redis.call(\"set\",\"fill:\"..i,\"x\") end' 0");
	redis_server_run(&server, "save");
	FILE *file = fopen(strcat(strcpy((char[100]){0}, server.folder), "/redis.conf"), "a");
	fputs("key-load-delay 100\nloading-process-events-interval-bytes 1024\n", file);
	fclose(file);
	redis_server_restart(&server, false);
	redis_client_turn_for(&client, 1000);
	expect_logged(&server, "LOADING");
	for (int64_t end = clock_now_ms() + 15000;
	     clock_now_ms() < end && !redis_crawl_is_connected(client.crawl);)
		cr_assert_eq(redis_client_turn(&client, 20), STATUS_OK);
	settle_all(&client, 100);
	redis_client_leave(&client);
	redis_server_end(&server);
}

Test(redis_trouble, has_forgotten_the_scripts)
{
	struct redis_server server;
	struct redis_client client;
	redis_server_start(&server, NULL);
	redis_server_log_to_file(&server);
	redis_client_must_start(&client, &server, (struct redis_client_wish){.has_list = true});
	redis_server_run(&server, "script flush");
	offer_many(&client, 0, 100);
	settle_all(&client, 100);
	redis_client_leave(&client);
	redis_server_end(&server);
}

/* A hung server: no call waits for it, and the lease ends by the own clock. */
Test(redis_trouble, hangs)
{
	struct redis_server server;
	struct redis_client client;
	redis_server_start(&server, NULL);
	redis_server_log_to_file(&server);
	redis_client_must_start(
	    &client, &server, (struct redis_client_wish){.has_list = true, .lease_ms = 1000});
	offer_many(&client, 0, 100);
	redis_client_flush(&client);
	kill(server.pid, SIGSTOP);
	offer_many(&client, 100, 100);
	for (int i = 0; i < 100; i++) {
		struct wait wait = {.wake_ms = CLOCK_NEVER};
		cr_assert_eq(redis_crawl_turn(client.crawl, &wait), STATUS_OK);
		cr_expect_leq(wait.count, 2);
		cr_expect_neq(wait.wake_ms, CLOCK_NEVER);
	}
	redis_client_turn_for(&client, 1200);
	cr_expect_not(redis_crawl_holds_lease(client.crawl));
	kill(server.pid, SIGCONT);
	settle_all(&client, 200);
	redis_client_leave(&client);
	redis_server_end(&server);
}

/* Answers each connection with some bytes. */
static pid_t start_stranger(const char *answer, size_t len, int *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	cr_assert_eq(bind(listener, (struct sockaddr *)&address, size), 0);
	cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
	cr_assert_eq(listen(listener, 5), 0);
	*port = ntohs(address.sin_port);
	pid_t pid = fork();
	while (pid == 0) {
		char ignored[65536];
		int fd = accept(listener, NULL, NULL);
		while (fd >= 0 && read(fd, ignored, sizeof ignored) > 0)
			if (write(fd, answer, len) < 0)
				break;
		close(fd);
	}
	close(listener);
	return pid;
}

Test(redis_trouble, is_somebody_else)
{
	static const char *const answers[] = {"HTTP/1.1 400 Bad Request\r\n\r\n", "+OK\r\n", "*1\r\n:5\r\n",
	    "$-1\r\n", "*-1\r\n", ":1\r\n", "$40\r\n0123456789012345678901234567890123456789\r\n", "\0\0\0",
	    "*2\r\n*2\r\n$1\r\na\r\n:1\r\n$0\r\n\r\n", "*4\r\n$5\r\nFIRST\r\n$1\r\nx\r\n$1\r\n1\r\n:0\r\n"};
	struct redis_server server;
	struct redis_client client;
	char url[100];
	redis_server_start(&server, NULL);
	redis_server_log_to_file(&server);
	for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
		int port;
		size_t len = strlen(answers[i]);
		pid_t pid = start_stranger(answers[i], len ? len : 3, &port);
		snprintf(url, sizeof url, "redis://127.0.0.1:%d/x", port);
		cr_expect_eq(redis_client_start(&client, &server, (struct redis_client_wish){.url = url}),
		    STATUS_OUTPUT, "answer %zu", i);
		redis_client_kill(&client);
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	expect_logged(&server, "what answers there is no Redis");
	redis_server_end(&server);
}
