#include "base/validators.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* The three formats of RFC 9110, section 5.6.7, for one moment. */
#define IMF_FIXDATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define RFC850_DATE "Sunday, 06-Nov-94 08:49:37 GMT"
#define ASCTIME     "Sun Nov  6 08:49:37 1994"
enum { MOMENT = 784111777 };

#define SECOND_BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define DAY_BEFORE    "Sat, 05 Nov 1994 08:49:37 GMT"

static struct slice text(const char *value)
{
	return value ? slice_of(value) : (struct slice){0};
}

static bool is_text(struct slice value, const char *wanted)
{
	return wanted ? value.data && slice_equal(value, slice_of(wanted)) : !value.data;
}

static char *repeat(char c, size_t count)
{
	char *out = malloc(count + 1);
	cr_assert(out);
	memset(out, c, count);
	out[count] = '\0';
	return out;
}

/* RFC 9110, section 8.8.3:
 *	entity-tag = [ weak ] opaque-tag      weak = %s"W/"      opaque-tag = DQUOTE *etagc DQUOTE
 *	etagc = %x21 / %x23-7E / obs-text */
Test(validators, entity_tags_have_the_syntax_of_the_standard)
{
	static const struct {
		const char *value;
		bool wanted;
	} cases[] = {{"\"xyzzy\"", true}, {"W/\"xyzzy\"", true}, {"\"\"", true}, {"W/\"\"", true},
	    {"\"!#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\"", true}, {"\"\x80\xff\"", true}, {"\"W/\"", true},
	    {"\"a,b\"", true}, {"\"5f-60a\\\"", true}, {"", false}, {"\"", false}, {"W/\"", false},
	    {"W/", false}, {"xyzzy", false}, {"W/xyzzy", false}, {"w/\"xyzzy\"", false},
	    {"W\"xyzzy\"", false}, {"W/W/\"xyzzy\"", false}, {"'xyzzy'", false}, {"\"xyzzy", false},
	    {"xyzzy\"", false}, {"\"x y\"", false}, {"\"x\ty\"", false}, {"\"x\"y\"", false},
	    {"\"x\", \"y\"", false}, {"\"x\\\"y\"", false}, {" \"xyzzy\"", false}, {"\"xyzzy\" ", false},
	    {"\"\x7f\"", false}, {"\"x\ry\"", false}, {"*", false}, {"W/ \"x\"", false}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect(validators_is_etag(slice_of(cases[i].value)) == cases[i].wanted, "case %zu: %s", i,
		    cases[i].value);
	cr_expect(!validators_is_etag((struct slice){"\"a\0b\"", 5}));
	cr_expect(!validators_is_etag((struct slice){0}));
}

Test(validators, dates_have_one_of_three_formats)
{
	static const struct {
		const char *value;
		int64_t wanted;
	} cases[] = {{IMF_FIXDATE, MOMENT}, {RFC850_DATE, MOMENT}, {ASCTIME, MOMENT},
	    {"Thu, 01 Jan 1970 00:00:00 GMT", 0}, {"Tue, 19 Jan 2038 03:14:08 GMT", 2147483648},
	    {"", INT64_MIN}, {"0", INT64_MIN}, {"-1", INT64_MIN}, {"never", INT64_MIN},
	    {"784111777", INT64_MIN}, {"Sun, 06 Nov 1994 08:49:37 GMT\x01", INT64_MIN},
	    {"Sun,\r06 Nov 1994 08:49:37 GMT", INT64_MIN}, {"Sun, 06 Nov 1994 08:49:37 GMT\xa0", INT64_MIN},
	    {"Sun, 99 Nov 1994 08:49:37 GMT", INT64_MIN}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(validators_date(slice_of(cases[i].value)), cases[i].wanted, "case %zu: %s", i,
		    cases[i].value);
	char *spaces = repeat(' ', 100000);
	cr_expect_eq(validators_date(slice_of(spaces)), INT64_MIN);
	free(spaces);
}

Test(validators, what_may_not_be_kept_is_left_out)
{
	struct validators kept = validators_filter((struct validators){
	    .etag = text("W/\"a\""), .last_modified = text(ASCTIME), .date = text(IMF_FIXDATE)});
	cr_expect(is_text(kept.etag, "W/\"a\"") && is_text(kept.last_modified, ASCTIME) &&
	          is_text(kept.date, IMF_FIXDATE));
	kept = validators_filter((struct validators){
	    .etag = text("a"), .last_modified = text("\xc3\xa9t\xc3\xa9"), .date = text("")});
	cr_expect(!kept.etag.data && !kept.last_modified.data && !kept.date.data);
	char *date = repeat('1', 100);
	cr_expect(!validators_filter((struct validators){.date = text(date)}).date.data);
	free(date);
	char *etag = repeat('a', VALIDATORS_LENGTH_MAX + 1);
	etag[0] = etag[VALIDATORS_LENGTH_MAX] = '"';
	cr_expect(!validators_filter((struct validators){.etag = text(etag)}).etag.data);
	etag[VALIDATORS_LENGTH_MAX] = '\0';
	etag[VALIDATORS_LENGTH_MAX - 1] = '"';
	cr_expect(is_text(validators_filter((struct validators){.etag = text(etag)}).etag, etag));
	free(etag);
}

/* RFC 9111, section 4.3.1, and RFC 9110, section 8.8.2. */
Test(validators, the_next_request_sends_what_can_be_relied_upon)
{
	static const struct {
		const char *etag, *last_modified, *date;
		int64_t received;
		const char *if_none_match, *if_modified_since;
	} cases[] = {
	    /* As received, each in its own format. */
	    {"\"a\"", NULL, IMF_FIXDATE, MOMENT, "\"a\"", NULL},
	    {"W/\"a\"", NULL, NULL, MOMENT, "W/\"a\"", NULL},
	    {NULL, DAY_BEFORE, IMF_FIXDATE, MOMENT, NULL, DAY_BEFORE},
	    {NULL, ASCTIME, "Mon, 07 Nov 1994 00:00:00 GMT", MOMENT, NULL, ASCTIME},
	    {NULL, RFC850_DATE, "Mon, 07 Nov 1994 00:00:00 GMT", MOMENT, NULL, RFC850_DATE},
	    {"W/\"a\"", SECOND_BEFORE, ASCTIME, MOMENT, "W/\"a\"", SECOND_BEFORE},
	    {NULL, NULL, IMF_FIXDATE, MOMENT, NULL, NULL},
	    /* One second earlier is enough; the same second and a later one are not. */
	    {NULL, SECOND_BEFORE, IMF_FIXDATE, MOMENT, NULL, SECOND_BEFORE},
	    {NULL, IMF_FIXDATE, IMF_FIXDATE, MOMENT + 86400, NULL, NULL},
	    {"\"a\"", IMF_FIXDATE, RFC850_DATE, MOMENT, "\"a\"", NULL},
	    {"\"a\"", IMF_FIXDATE, SECOND_BEFORE, MOMENT, "\"a\"", NULL},
	    {NULL, IMF_FIXDATE, DAY_BEFORE, MOMENT + 86400, NULL, NULL},
	    /* The clock of the server counts, not that of the client. */
	    {NULL, SECOND_BEFORE, IMF_FIXDATE, MOMENT - 86400, NULL, SECOND_BEFORE},
	    {NULL, SECOND_BEFORE, IMF_FIXDATE, MOMENT + 86400, NULL, SECOND_BEFORE},
	    /* Without one, or with one that is no date, that of the client does. */
	    {NULL, IMF_FIXDATE, NULL, MOMENT + 1, NULL, IMF_FIXDATE},
	    {NULL, IMF_FIXDATE, NULL, MOMENT, NULL, NULL},
	    {NULL, IMF_FIXDATE, "now", MOMENT + 1, NULL, IMF_FIXDATE},
	    {NULL, IMF_FIXDATE, "now", MOMENT - 1, NULL, NULL},
	    /* What is malformed does not count. */
	    {"a", SECOND_BEFORE, IMF_FIXDATE, MOMENT, NULL, SECOND_BEFORE},
	    {"\"a\"", "never", IMF_FIXDATE, MOMENT, "\"a\"", NULL},
	    {"", "", "", MOMENT, NULL, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct validators values = {
		    text(cases[i].etag), text(cases[i].last_modified), text(cases[i].date)};
		struct preconditions chosen = validators_choose(values, cases[i].received);
		cr_expect(is_text(chosen.if_none_match, cases[i].if_none_match), "case %zu: %.*s", i,
		    (int)chosen.if_none_match.len, chosen.if_none_match.data);
		cr_expect(is_text(chosen.if_modified_since, cases[i].if_modified_since), "case %zu: %.*s", i,
		    (int)chosen.if_modified_since.len, chosen.if_modified_since.data);
	}
}

/* RFC 9111, section 4.3.4. */
Test(validators, a_304_may_speak_of_another_response)
{
	static const struct {
		const char *if_none_match, *if_modified_since, *etag, *last_modified;
		bool wanted;
	} cases[] = {{"\"a\"", NULL, "\"a\"", NULL, true}, {"\"a\"", NULL, "\"b\"", NULL, false},
	    {"W/\"a\"", NULL, "\"a\"", NULL, true}, {"\"a\"", NULL, "W/\"a\"", NULL, true},
	    {"W/\"a\"", NULL, "W/\"b\"", NULL, false}, {"\"a\"", NULL, "\"A\"", NULL, false},
	    {"\"W/a\"", NULL, "\"a\"", NULL, false},
	    /* Without an entity tag that both have, the date decides. */
	    {"\"a\"", NULL, NULL, NULL, true}, {"\"a\"", NULL, "a", NULL, true},
	    {"\"a\"", NULL, NULL, IMF_FIXDATE, true}, {NULL, IMF_FIXDATE, NULL, NULL, true},
	    {NULL, IMF_FIXDATE, "\"a\"", NULL, true}, {NULL, IMF_FIXDATE, NULL, ASCTIME, true},
	    {NULL, IMF_FIXDATE, "\"a\"", SECOND_BEFORE, false},
	    {NULL, SECOND_BEFORE, NULL, IMF_FIXDATE, false},
	    {"\"a\"", IMF_FIXDATE, NULL, SECOND_BEFORE, false},
	    {"\"a\"", IMF_FIXDATE, "\"a\"", DAY_BEFORE, true}, {NULL, IMF_FIXDATE, NULL, "never", true}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct preconditions sent = {text(cases[i].if_none_match), text(cases[i].if_modified_since)};
		struct validators answer = {text(cases[i].etag), text(cases[i].last_modified), {0}};
		cr_expect_eq(validators_confirm(sent, answer), cases[i].wanted, "case %zu", i);
	}
}
