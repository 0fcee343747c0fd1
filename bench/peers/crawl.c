/* libcurl with libxml2, in the manner of curl's own example of a crawler: the multi interface, each page into
 * memory, then its tree, XPath and xmlBuildURI; each link of a page once; rows of source and link.
 *
 * usage: crawl LIST ROWS AT_ONCE */
#include <curl/curl.h>
#include <libxml/HTMLparser.h>
#include <libxml/hash.h>
#include <libxml/uri.h>
#include <libxml/xpath.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fetch {
	char *body;
	size_t len, room;
	char url[4096];
};

static void die(const char *what)
{
	fprintf(stderr, "crawl: %s\n", what);
	exit(1);
}

static size_t take(char *bytes, size_t size, size_t count, void *ctx)
{
	struct fetch *fetch = ctx;
	size_t len = size * count;
	if (fetch->len + len > fetch->room) {
		fetch->room = 2 * (fetch->len + len);
		fetch->body = realloc(fetch->body, fetch->room);
		if (!fetch->body)
			die("out of memory");
	}
	memcpy(fetch->body + fetch->len, bytes, len);
	fetch->len += len;
	return len;
}

static bool start(CURLM *multi, CURL *easy, struct fetch *fetch, FILE *list)
{
	if (!fgets(fetch->url, sizeof fetch->url, list))
		return false;
	fetch->url[strcspn(fetch->url, "\n")] = '\0';
	fetch->len = 0;
	curl_easy_setopt(easy, CURLOPT_URL, fetch->url);
	return curl_multi_add_handle(multi, easy) == CURLM_OK;
}

static void write_links(const struct fetch *fetch, FILE *rows)
{
	htmlDocPtr document = htmlReadMemory(fetch->body, (int)fetch->len, fetch->url, NULL,
	    HTML_PARSE_NOBLANKS | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
	        (int)XML_PARSE_HUGE);
	if (!document)
		return;
	xmlXPathContextPtr context = xmlXPathNewContext(document);
	xmlXPathObjectPtr result = xmlXPathEvalExpression(BAD_CAST "//*[not(self::base)]/@href", context);
	xmlHashTablePtr seen = xmlHashCreate(256);
	for (int i = 0; result && result->nodesetval && i < result->nodesetval->nodeNr; i++) {
		xmlChar *href = xmlNodeListGetString(document, result->nodesetval->nodeTab[i]->children, 1);
		xmlChar *link = xmlBuildURI(href ? href : BAD_CAST "", BAD_CAST fetch->url);
		if (link && xmlHashAddEntry(seen, link, document) == 0)
			fprintf(rows, "%s\t%s\n", fetch->url, (const char *)link);
		xmlFree(link);
		xmlFree(href);
	}
	xmlHashFree(seen, NULL);
	xmlXPathFreeObject(result);
	xmlXPathFreeContext(context);
	xmlFreeDoc(document);
}

int main(int argc, char **argv)
{
	FILE *list = argc == 4 ? fopen(argv[1], "r") : NULL, *rows = list ? fopen(argv[2], "w") : NULL;
	int at_once = rows ? atoi(argv[3]) : 0, running = 0;
	if (at_once < 1)
		die("usage: crawl LIST ROWS AT_ONCE");
	curl_global_init(CURL_GLOBAL_ALL);
	CURLM *multi = curl_multi_init();
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)at_once);
	for (; running < at_once; running++) {
		CURL *easy = curl_easy_init();
		struct fetch *fetch = calloc(1, sizeof *fetch);
		if (!easy || !fetch)
			die("out of memory");
		curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
		curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
		curl_easy_setopt(easy, CURLOPT_PRIVATE, fetch);
		curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
		if (!start(multi, easy, fetch, list)) {
			curl_easy_cleanup(easy);
			free(fetch);
			break;
		}
	}
	while (running > 0) {
		int live, left;
		bool reaped = false;
		curl_multi_perform(multi, &live);
		for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
			CURL *easy = message->easy_handle;
			CURLcode code = message->data.result;
			struct fetch *fetch;
			reaped = true;
			curl_easy_getinfo(easy, CURLINFO_PRIVATE, &fetch);
			if (code == CURLE_OK)
				write_links(fetch, rows);
			else
				fprintf(stderr, "%s: %s\n", fetch->url, curl_easy_strerror(code));
			curl_multi_remove_handle(multi, easy);
			if (start(multi, easy, fetch, list))
				continue;
			curl_easy_cleanup(easy);
			free(fetch->body);
			free(fetch);
			running--;
		}
		/* What was started anew has to be performed before it can be waited for. */
		if (!reaped)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	curl_multi_cleanup(multi);
	curl_global_cleanup();
	fclose(list);
	return fclose(rows) == 0 ? 0 : 1;
}
