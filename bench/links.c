/* How fast are links found and resolved, beside libxml2's HTML parser? Reads the pages once, then runs both
 * in turn.
 *
 * usage: links ROUNDS areq|libxml2|both FILE...      (one of them alone is for callgrind) */
#include "base/alloc.h"
#include "base/options.h"
#include "link/page.h"

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The size in which libcurl gives out a body. */
enum { CHUNK = 16 * 1024 };

struct file {
	char *bytes;
	size_t len;
};

static struct file read_file(const char *name)
{
	struct file file = {0};
	FILE *stream = fopen(name, "rb");
	if (!stream || fseek(stream, 0, SEEK_END) != 0) {
		perror(name);
		exit(2);
	}
	file.len = (size_t)ftell(stream);
	rewind(stream);
	file.bytes = alloc_resize(NULL, file.len + 1, 1);
	if (fread(file.bytes, 1, file.len, stream) != file.len) {
		perror(name);
		exit(2);
	}
	fclose(stream);
	return file;
}

static void count_link(void *ctx, const struct link *link)
{
	size_t *count = ctx;
	*count += link->url.len > 0;
}

static void on_ready(void *ctx)
{
	(void)ctx;
}

static size_t by_areq(struct page *page, const struct file *files, size_t count)
{
	const struct page_source source = {.url = "http://www.example.com/some/page.html", .ready = on_ready};
	size_t links = 0;
	for (size_t i = 0; i < count; i++) {
		page_begin(page, "text/html");
		for (size_t at = 0; at < files[i].len; at += CHUNK) {
			size_t left = files[i].len - at;
			page_feed(page, files[i].bytes + at, left < CHUNK ? left : CHUNK);
		}
		page_end(page, &source);
		page_emit_links(page, INT64_MAX, count_link, &links);
	}
	return links;
}

/* Only finds: nothing is resolved, nothing made unique. */
static size_t by_libxml2(const struct file *files, size_t count)
{
	size_t links = 0;
	for (size_t i = 0; i < count; i++) {
		htmlDocPtr document = htmlReadMemory(files[i].bytes, (int)files[i].len, NULL, NULL,
		    HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | (int)XML_PARSE_HUGE);
		xmlNode *node = document ? xmlDocGetRootElement(document) : NULL;
		while (node) {
			links += node->type == XML_ELEMENT_NODE && xmlHasProp(node, BAD_CAST "href") != NULL;
			if (node->type == XML_ELEMENT_NODE && node->children) {
				node = node->children;
				continue;
			}
			while (node && !node->next)
				node = node->parent && node->parent->type == XML_ELEMENT_NODE ? node->parent
				                                                              : NULL;
			node = node ? node->next : NULL;
		}
		xmlFreeDoc(document);
	}
	return links;
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare_doubles(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

static void report(const char *name, double *times, int rounds, double megabytes, size_t links)
{
	qsort(times, (size_t)rounds, sizeof *times, compare_doubles);
	double median = times[rounds / 2];
	printf("%-8s %8.1f MB/s (median of %d; best %.1f), %zu links\n", name, megabytes / median, rounds,
	    megabytes / times[0], links);
}

int main(int argc, char **argv)
{
	int rounds = argc > 3 ? atoi(argv[1]) : 0;
	if (rounds < 1) {
		fprintf(stderr, "usage: %s ROUNDS areq|libxml2|both FILE...\n", argv[0]);
		return 2;
	}
	bool with_areq = strcmp(argv[2], "libxml2") != 0, with_libxml2 = strcmp(argv[2], "areq") != 0;
	size_t count = (size_t)argc - 3, bytes = 0;
	struct file *files = alloc_array(count, sizeof *files);
	for (size_t i = 0; i < count; i++) {
		files[i] = read_file(argv[i + 3]);
		bytes += files[i].len;
	}
	const struct options options = {.max_size = 1 << 30, .max_output = 1 << 30};
	struct page_tools tools = {.options = &options,
	    .shared = page_shared_new(PAGES_MEMORY),
	    .patterns = extract_patterns_new(ATTRIBUTES_DEFAULT)};
	struct page *page = page_new(&tools);
	double *times = alloc_array(2 * (size_t)rounds, sizeof *times);
	size_t links[2] = {0};
	for (int i = 0; i < rounds; i++) {
		double start = seconds();
		if (with_areq)
			links[0] = by_areq(page, files, count);
		times[i] = seconds() - start;
		start = seconds();
		if (with_libxml2)
			links[1] = by_libxml2(files, count);
		times[rounds + i] = seconds() - start;
	}
	double megabytes = (double)bytes / 1e6;
	printf("%zu files, %.1f MB\n", count, megabytes);
	if (with_areq)
		report("areq", times, rounds, megabytes, links[0]);
	if (with_libxml2)
		report("libxml2", times + rounds, rounds, megabytes, links[1]);
	page_free(page);
	page_shared_free(tools.shared);
	extract_patterns_free(tools.patterns);
	for (size_t i = 0; i < count; i++)
		free(files[i].bytes);
	free(files);
	free(times);
	return 0;
}
