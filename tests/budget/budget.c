/* One stage of areq's work, done once on the pages given, for callgrind to count: budget.sh runs it.
 *
 * usage: budget find|resolve|unique|all|attrs PAGE...    prints how many bytes or links the stage works on
 *        budget tools                                    … what else the number of instructions depends on
 *
 * Only what the function pass_STAGE takes is counted. When it starts, the pages are read, the patterns
 * compiled, and what the stages before it have to find is found, by the same objects, whose memory has grown
 * by then. */
#include "base/alloc.h"
#include "base/options.h"
#include "base/random.h"
#include "base/readfile.h"
#include "base/seen.h"
#include "base/url/url.h"
#include "link/charset/charset.h"
#include "link/html/entity.h"
#include "link/page.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The size in which libcurl gives out a body. */
enum { CHUNK = 16 * 1024, MAX_SIZE = 1 << 30 };

static const char page_url[] = "http://www.example.com/some/page.html";

struct texts {
	struct slice *list;
	size_t count;
};

struct sample {
	struct buf bytes;
	const struct charset *charset;
	struct url base;
	struct texts values;
	struct texts urls;
};

struct set {
	struct sample *samples;
	size_t count;
	struct extract *extract;
	struct page *page;
	struct page *attrs_page; /* with all attributes */
	struct url url;
	struct seen seen;
	size_t bytes;   /* of all samples */
	size_t links;   /* likewise */
	size_t results; /* of the pass */
};

static void texts_add(struct texts *self, struct slice text)
{
	self->list = alloc_resize(self->list, self->count + 1, sizeof *self->list);
	self->list[self->count++] = (struct slice){alloc_copy(text.data, text.len), text.len};
}

static void texts_release(struct texts *self)
{
	for (size_t i = 0; i < self->count; i++)
		free((char *)self->list[i].data);
	free(self->list);
}

/* In place of base/random.c: the same hashes each time, so the same collisions. */
uint64_t random_bits(void)
{
	return 0x5eed;
}

static void extract_sample(struct set *set, const struct sample *sample, extract_fn on_hit, void *ctx)
{
	extract_reset(set->extract);
	for (size_t at = 0; at < sample->bytes.len; at += CHUNK) {
		size_t left = sample->bytes.len - at;
		extract_feed(set->extract, sample->bytes.data + at, left < CHUNK ? left : CHUNK, on_hit, ctx);
	}
	extract_finish(set->extract, on_hit, ctx);
}

static bool resolve(struct set *set, const struct sample *sample, struct slice value)
{
	const struct url_encoder encoder = {charset_encode, sample->charset};
	return url_parse(&set->url, value.data, value.len, &sample->base,
	    sample->charset == charset_utf8() ? NULL : &encoder);
}

static void count_hit(void *ctx, const struct extract_hit *hit)
{
	size_t *count = ctx;
	*count += hit->kind == EXTRACT_LINK;
}

static void pass_find(struct set *set)
{
	for (size_t i = 0; i < set->count; i++)
		extract_sample(set, &set->samples[i], count_hit, &set->results);
}

static void pass_resolve(struct set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct texts *values = &set->samples[i].values;
		for (size_t n = 0; n < values->count; n++)
			set->results += resolve(set, &set->samples[i], values->list[n]);
	}
}

static void pass_unique(struct set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct texts *urls = &set->samples[i].urls;
		seen_clear(&set->seen);
		for (size_t n = 0; n < urls->count; n++)
			set->results += seen_add(&set->seen, urls->list[n].data, urls->list[n].len);
	}
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

static void read_pages(struct set *set, struct page *page)
{
	const struct page_source source = {.url = page_url, .ready = on_ready};
	for (size_t i = 0; i < set->count; i++) {
		const struct buf *bytes = &set->samples[i].bytes;
		page_begin(page, "text/html");
		for (size_t at = 0; at < bytes->len; at += CHUNK) {
			size_t left = bytes->len - at;
			page_feed(page, bytes->data + at, left < CHUNK ? left : CHUNK);
		}
		page_end(page, &source);
		page_emit_links(page, INT64_MAX, count_link, &set->results);
	}
}

static void pass_all(struct set *set)
{
	read_pages(set, set->page);
}

static void pass_attrs(struct set *set)
{
	read_pages(set, set->attrs_page);
}

static void keep_hit(void *ctx, const struct extract_hit *hit)
{
	struct sample *sample = ctx;
	struct buf decoded, text;
	buf_init(&decoded, URL_LENGTH_MAX);
	buf_init(&text, URL_LENGTH_MAX);
	if (charset_decode(sample->charset, hit->value.data, hit->value.len, &decoded) &&
	    entity_decode(decoded.data ? decoded.data : "", decoded.len, &text)) {
		struct slice value = {text.data ? text.data : "", text.len};
		if (hit->kind == EXTRACT_LINK)
			texts_add(&sample->values, value);
		else if (hit->kind == EXTRACT_BASE)
			url_parse(&sample->base, value.data, value.len, NULL, NULL);
	}
	buf_release(&decoded);
	buf_release(&text);
}

/* The patterns that only the first pages need are interpreted there. */
static void compile_patterns(struct set *set)
{
	size_t ignored = 0;
	for (size_t i = 0; i < set->count; i++)
		extract_sample(set, &set->samples[i], count_hit, &ignored);
	read_pages(set, set->attrs_page);
	set->results = 0;
}

/* Finds what the stages work on. */
static void prepare(struct set *set, struct sample *sample, const char *name)
{
	buf_init(&sample->bytes, MAX_SIZE);
	url_init(&sample->base);
	if (!readfile_whole(name, &sample->bytes)) {
		perror(name);
		exit(2);
	}
	sample->charset =
	    charset_detect((struct slice){0}, (struct slice){sample->bytes.data, sample->bytes.len}).charset;
	if (!sample->charset)
		sample->charset = charset_utf8();
	url_parse(&sample->base, page_url, strlen(page_url), NULL, NULL);
	extract_sample(set, sample, keep_hit, sample);
	set->bytes += sample->bytes.len;
	set->links += sample->values.count;
	for (size_t n = 0; n < sample->values.count; n++) {
		if (resolve(set, sample, sample->values.list[n]))
			texts_add(&sample->urls, url_href(&set->url));
	}
}

static void release(struct sample *sample)
{
	buf_release(&sample->bytes);
	texts_release(&sample->values);
	texts_release(&sample->urls);
	url_release(&sample->base);
}

static void print_tools(void)
{
	char libc[64] = "another C library", version[64] = "?", target[64] = "no JIT";
#ifdef _CS_GNU_LIBC_VERSION
	confstr(_CS_GNU_LIBC_VERSION, libc, sizeof libc);
#endif
	pcre2_config(PCRE2_CONFIG_VERSION, version);
	pcre2_config(PCRE2_CONFIG_JITTARGET, target);
#if defined __clang__
	printf("clang %d", __clang_major__);
#elif defined __GNUC__
	printf("gcc %d", __GNUC__);
#else
	printf("another compiler");
#endif
	printf(", %s, PCRE2 %.*s, %s\n", libc, (int)strcspn(version, " "), version, target);
}

static const struct stage {
	const char *name;
	void (*pass)(struct set *set);
	bool by_byte;
} stages[] = {
    {.name = "find", .pass = pass_find, .by_byte = true},
    {.name = "resolve", .pass = pass_resolve, .by_byte = false},
    {.name = "unique", .pass = pass_unique, .by_byte = false},
    {.name = "all", .pass = pass_all, .by_byte = true},
    {.name = "attrs", .pass = pass_attrs, .by_byte = true},
};

static bool run(const struct stage *stage, char *const *names, size_t count)
{
	const struct options options = {.max_size = MAX_SIZE, .max_output = 1 << 30};
	struct options attrs_options = options;
	attrs_options.attributes = ATTRIBUTES_OF_LINKS;
	const struct page_tools tools = {.options = &options,
	    .shared = page_shared_new(PAGES_MEMORY),
	    .patterns = extract_patterns_new(ATTRIBUTES_DEFAULT)};
	struct page_tools attrs_tools = tools;
	attrs_tools.options = &attrs_options;
	attrs_tools.patterns = extract_patterns_new(ATTRIBUTES_OF_LINKS);
	struct set set = {.samples = alloc_array(count, sizeof *set.samples),
	    .count = count,
	    .extract = extract_new(tools.patterns),
	    .page = page_new(&tools),
	    .attrs_page = page_new(&attrs_tools)};
	url_init(&set.url);
	seen_init(&set.seen);
	for (size_t i = 0; i < count; i++)
		prepare(&set, &set.samples[i], names[i]);
	compile_patterns(&set);

	stage->pass(&set);

	printf("%zu %s\n", stage->by_byte ? set.bytes : set.links, stage->by_byte ? "bytes" : "links");
	for (size_t i = 0; i < count; i++)
		release(&set.samples[i]);
	free(set.samples);
	seen_release(&set.seen);
	url_release(&set.url);
	page_free(set.page);
	page_free(set.attrs_page);
	extract_patterns_free(attrs_tools.patterns);
	page_shared_free(tools.shared);
	extract_free(set.extract);
	extract_patterns_free(tools.patterns);
	return set.results > 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "tools") == 0) {
		print_tools();
		return 0;
	}
	for (size_t i = 0; argc > 2 && i < sizeof stages / sizeof stages[0]; i++) {
		if (strcmp(argv[1], stages[i].name) == 0)
			return run(&stages[i], argv + 2, (size_t)argc - 2) ? 0 : 1;
	}
	fprintf(
	    stderr, "usage: %s find|resolve|unique|all|attrs PAGE...\n       %s tools\n", argv[0], argv[0]);
	return 2;
}
