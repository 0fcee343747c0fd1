/* A page gives the same finds however it is cut and with or without the JIT; each find is a start tag that
 * stands in the page at its offset, with its name and the first attribute of that name inside. So it is for
 * href alone, and for all attributes. */
#include "link/html/extract.h"
#include "link/html/extract_pattern.h"

#include "base/buf.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

/* The finds of a page, written one behind the other. */
struct record {
	struct extract_patterns *patterns;
	struct slice html;
	uint64_t next; /* no find may stand before */
	struct buf finds;
};

static bool is_within(struct slice part, struct slice whole)
{
	return part.data >= whole.data && part.data + part.len <= whole.data + whole.len;
}

static void check_hit(const struct record *record, const struct extract_hit *hit)
{
	struct slice tag = hit->tag, page = record->html;
	check(hit->offset >= record->next && hit->offset <= page.len && tag.len <= page.len - hit->offset);
	check(memcmp(page.data + hit->offset, tag.data, tag.len) == 0);
	check(tag.len >= 3 && tag.data[0] == '<' && hit->name.data == tag.data + 1 && hit->name.len > 0);
	check(is_within(hit->name, tag));
	check(hit->kind == EXTRACT_META || hit->value.data);
	/* Only a tag that was given up ends before its '>'; it has no value. */
	check(!hit->value.data || (tag.data[tag.len - 1] == '>' && is_within(hit->value, tag)));
}

static void on_hit(void *ctx, const struct extract_hit *hit)
{
	struct record *record = ctx;
	check_hit(record, hit);
	record->next = hit->offset;
	buf_append_byte(&record->finds, (char)hit->kind);
	buf_append(&record->finds, &hit->offset, sizeof hit->offset);
	buf_append(&record->finds, hit->name.data, hit->name.len);
	buf_append_byte(&record->finds, (char)hit->attribute);
	if (!hit->value.data)
		return;
	buf_append(&record->finds, &hit->value.len, sizeof hit->value.len);
	buf_append(&record->finds, hit->value.data, hit->value.len);
	/* The patterns are free for use during the call, and read attributes alike. */
	struct slice value = hit->value;
	struct slice again =
	    extract_attribute(record->patterns, hit->tag, attribute_name(hit->attribute).data);
	check(again.data && again.len == value.len && (value.len == 0 || again.data == value.data));
}

/* Feeds pieces of lengths that seed decides; all at once with 0. */
static void run(struct extract_patterns *patterns, struct extract *page, struct slice html, uint32_t seed,
    struct buf *finds)
{
	struct record record = {.patterns = patterns, .html = html, .finds = *finds};
	buf_clear(&record.finds);
	extract_reset(page);
	for (size_t at = 0; at < html.len;) {
		seed = seed * 1664525u + 1013904223u * (seed != 0);
		size_t piece = seed ? 1 + (seed >> 24) % (seed >> 31 ? 3 : 40) : html.len;
		if (piece > html.len - at)
			piece = html.len - at;
		char *copy = malloc(piece);
		check(copy);
		memcpy(copy, html.data + at, piece);
		extract_feed(page, copy, piece, on_hit, &record);
		free(copy);
		at += piece;
	}
	extract_finish(page, on_hit, &record);
	*finds = record.finds;
}

static void check_same(const struct buf *a, const struct buf *b)
{
	check(a->len == b->len && (a->len == 0 || memcmp(a->data, b->data, a->len) == 0));
}

/* Feeds the page in two pieces, for each place where it can be cut. That is too slow for fuzzing. */
static void check_every_cut(
    struct extract_patterns *patterns, struct extract *page, struct slice html, const struct buf *whole)
{
	struct buf finds;
	buf_init(&finds, SIZE_MAX / 4);
	for (size_t cut = 1; cut < html.len; cut++) {
		struct record record = {.patterns = patterns, .html = html, .finds = finds};
		buf_clear(&record.finds);
		extract_reset(page);
		extract_feed(page, html.data, cut, on_hit, &record);
		extract_feed(page, html.data + cut, html.len - cut, on_hit, &record);
		extract_finish(page, on_hit, &record);
		finds = record.finds;
		check_same(whole, &finds);
	}
	buf_release(&finds);
}

static void check_page(struct slice html, uint32_t attributes)
{
	struct extract_patterns *compiled = extract_patterns_new(attributes);
	struct extract_patterns *interpreted = extract_patterns_new_interpreted(attributes);
	struct extract *page = extract_new(compiled), *slow = extract_new(interpreted);
	struct buf whole, pieces;
	buf_init(&whole, SIZE_MAX / 4);
	buf_init(&pieces, SIZE_MAX / 4);
	run(compiled, page, html, 0, &whole);
	for (uint32_t seed = 1; seed <= 3; seed++) {
		run(compiled, page, html, seed, &pieces);
		check_same(&whole, &pieces);
	}
	if (getenv("AREQ_EVERY_CUT"))
		check_every_cut(compiled, page, html, &whole);
	run(interpreted, slow, html, 4, &pieces);
	check_same(&whole, &pieces);
	buf_release(&whole);
	buf_release(&pieces);
	extract_free(page);
	extract_free(slow);
	extract_patterns_free(compiled);
	extract_patterns_free(interpreted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice html = {(const char *)data, size};
	check_page(html, ATTRIBUTES_DEFAULT);
	check_page(html, ATTRIBUTES_OF_LINKS | ATTRIBUTES_OF_ANCHORS);
	return 0;
}
