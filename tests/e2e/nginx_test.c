/* Against a real server: TLS with a test authority, HTTP/2, gzip. */
#include "support/nginx.h"
#include "support/rows.h"
#include "support/run.h"
#include "support/scratch.h"

#include <stdio.h>
#include <stdlib.h>

enum { PAGES = 40 };

static void make_root(struct scratch *root)
{
	scratch_init(root);
	for (int i = 0; i < PAGES; i++) {
		char name[32], page[4000] = "<!doctype html><title>x</title>";
		snprintf(name, sizeof name, "page%d.html", i);
		for (int link = 0; link < 50; link++) {
			size_t used = strlen(page);
			snprintf(
			    page + used, sizeof page - used, "<a href=\"p%d-%d.html\">text</a>\n", i, link);
		}
		scratch_write(root, name, page);
	}
}

static char *list_of(struct nginx *nginx, enum nginx_port port)
{
	char *list = calloc(PAGES, 128);
	char name[32];
	for (int i = 0; i < PAGES; i++) {
		snprintf(name, sizeof name, "/page%d.html", i);
		strcat(strcat(list, nginx_url(nginx, port, name)), "\n");
	}
	return list;
}

static size_t count_lines(const char *text)
{
	size_t lines = 0;
	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static char *read_log(struct nginx *nginx)
{
	FILE *file = fopen(nginx->access_log, "r");
	cr_assert(file);
	char *text = calloc(1, 1 << 20);
	cr_assert_lt(fread(text, 1, (1 << 20) - 1, file), (1 << 20) - 1);
	fclose(file);
	return text;
}

static size_t count_text(const char *text, const char *word)
{
	size_t count = 0;
	for (; (text = strstr(text, word)); text += strlen(word))
		count++;
	return count;
}

/* How many connections brought requests of that protocol. */
static size_t count_connections(const char *log, const char *protocol)
{
	static char seen[1 << 16];
	size_t count = 0;
	seen[0] = '\0';
	for (const char *at = log; (at = strstr(at, protocol)); at++) {
		char name[64];
		cr_assert_eq(sscanf(strstr(at, "connection="), "%60s", name), 1);
		strcat(name, ";");
		if (strstr(seen, name))
			continue;
		strcat(seen, name);
		count++;
	}
	return count;
}

Test(nginx, serves_plain_and_tls_with_the_same_links)
{
	struct scratch root;
	struct nginx nginx;
	struct run_result plain, tls;
	make_root(&root);
	nginx_start(&nginx, root.folder);
	char *plain_list = list_of(&nginx, NGINX_HTTP), *tls_list = list_of(&nginx, NGINX_TLS);
	run_areq_with(&plain, (&(struct run_options){.input = plain_list}), "--no-header");
	run_expect_exit(&plain, 0);
	run_areq_with(
	    &tls, (&(struct run_options){.input = tls_list}), "--no-header", "--cacert", nginx.ca_file);
	run_expect_exit(&tls, 0);
	cr_expect_eq(count_lines(plain.out), PAGES * 50);
	cr_expect_eq(count_lines(tls.out), PAGES * 50);
	char *log = read_log(&nginx);
	cr_expect_eq(count_text(log, "HTTP/2"), PAGES, "HTTP/2 where it is offered:\n%s", log);
	cr_expect_eq(count_text(log, "HTTP/1.1"), PAGES);
	cr_expect_eq(
	    count_connections(log, "HTTP/2"), 1, "the requests to one host share a connection:\n%s", log);
	free(log);
	run_release(&plain);
	run_release(&tls);
	free(plain_list);
	free(tls_list);
	nginx_stop(&nginx);
	scratch_release(&root);
}

Test(nginx, is_refused_where_its_certificate_is_wrong)
{
	static const struct {
		enum nginx_port port;
		const char *reason, *cause;
	} cases[] = {
	    {.port = NGINX_EXPIRED, .reason = "expired", .cause = "certificate-expired"},
	    {.port = NGINX_WRONG_HOST,
	        .reason = "no alternative certificate subject name",
	        .cause = "certificate-wrong-name"},
	    {.port = NGINX_SELF_SIGNED, .reason = "self-signed", .cause = "certificate-unknown-issuer"},
	};
	struct scratch root;
	struct nginx nginx;
	struct run_result result;
	make_root(&root);
	nginx_start(&nginx, root.folder);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *url = nginx_url(&nginx, cases[i].port, "/page1.html");
		run_areq(&result, "--cacert", nginx.ca_file, url, "-v", "--report", "/dev/stdout");
		run_expect_exit(&result, 1);
		cr_expect(strstr(result.out, cases[i].cause), "%s", result.out);
		/* Another file with issuers helps against nothing else. */
		cr_expect_eq(strstr(result.err, "hint: certificate") != NULL,
		    cases[i].port == NGINX_SELF_SIGNED, "%s", result.err);
		cr_expect(strstr(result.err, "TLS handshake failed: "), "%s", result.err);
		cr_expect(strstr(result.err, cases[i].reason), "%s", result.err);
		cr_expect_not(strstr(result.err, "attempts"), "it is not tried again");
		run_release(&result);
		run_areq(&result, "-k", url, "--no-header");
		run_expect_exit(&result, 0);
		cr_expect_eq(count_lines(result.out), 50);
		run_release(&result);
	}
	run_areq(&result, nginx_url(&nginx, NGINX_TLS, "/page1.html"));
	run_expect_exit(&result, 1);
	run_release(&result);
	nginx_stop(&nginx);
	scratch_release(&root);
}

/* The server has no type for .gz and .bin, and compresses what it sends as XML. */
Test(nginx, compressed_sitemaps)
{
	static const char *const names[] = {"sitemap.xml", "sitemap.xml.gz", "sitemap.bin", "gz/sitemap.xml"};
	struct nginx nginx;
	struct scratch root;
	struct run_result result;
	scratch_init(&root);
	scratch_write(&root, names[0],
	    "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"
	    "<url><loc>http://o.example/a</loc></url></urlset>");
	run_program(&result, NULL, "sh",
	    (const char *const[]){"-c",
	        "cd \"$0\" && gzip -k sitemap.xml && mkdir gz && cp sitemap.xml.gz sitemap.bin && "
	        "cp sitemap.xml.gz gz/sitemap.xml",
	        root.folder, NULL});
	run_assert_exit(&result, 0);
	run_release(&result);
	nginx_start(&nginx, root.folder);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[64];
		snprintf(path, sizeof path, "/%s", names[i]);
		run_areq(&result, "--cacert", nginx.ca_file, "--format", "urls",
		    nginx_url(&nginx, NGINX_TLS, path));
		run_expect_exit(&result, 0);
		cr_expect_str_eq(result.out, "http://o.example/a\n", "%s", names[i]);
		run_release(&result);
	}
	nginx_stop(&nginx);
	scratch_release(&root);
}
