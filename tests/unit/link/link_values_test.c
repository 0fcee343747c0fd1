/* The expectations follow the HTML standard: "parse a srcset attribute" and "shared declarative refresh
 * steps". */
#include "base/buf.h"
#include "link/link_values.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct sample {
	const char *value;
	const char *urls; /* with a '|' behind each */
};

static void expect_all(enum attribute attribute, const struct sample *samples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct buf got;
		struct slice url;
		size_t len = strlen(samples[i].value);
		/* In memory of its own, beside which sanitizers see a read. */
		char *value = malloc(len + !len);
		cr_assert(value);
		memcpy(value, samples[i].value, len);
		buf_init(&got, SIZE_MAX / 2);
		struct link_values values = link_values_of(attribute, (struct slice){value, len});
		while (link_values_next(&values, &url)) {
			buf_append(&got, url.data, url.len);
			buf_append_byte(&got, '|');
		}
		buf_append_byte(&got, '\0');
		cr_expect_str_eq(got.data, samples[i].urls, "\"%s\" is \"%s\", not \"%s\"", samples[i].value,
		    got.data, samples[i].urls);
		buf_release(&got);
		free(value);
	}
}

#define EXPECT_ALL(attribute, samples) expect_all(attribute, samples, sizeof samples / sizeof *samples)

Test(link_values, srcset_has_a_url_for_each_candidate)
{
	static const struct sample samples[] = {
	    {"", ""},
	    {" \t\n\f\r", ""},
	    {",", ""},
	    {" , ,, ", ""},
	    {"a", "a|"},
	    {"a,b", "a,b|"},
	    {"a, b", "a|b|"},
	    {"a ,b", "a|b|"},
	    {"a,,, b", "a|b|"},
	    {",a,,b, c", "a,,b|c|"},
	    {"a 1x,b 2x", "a|b|"},
	    {"a 1x ,\fb 2x , ", "a|b|"},
	    {"a\n1x\t,\rb", "a|b|"},
	    {"data:,x 1x", "data:,x|"},
	    {"data:,x, y", "data:,x|y|"},
	    {"a(,b 1x,c", "a(,b|c|"},
	    {"a?x=1&y=,2 1x", "a?x=1&y=,2|"},
	    {"\v", "\v|"},
	};
	EXPECT_ALL(ATTRIBUTE_SRCSET, samples);
	EXPECT_ALL(ATTRIBUTE_IMAGESRCSET, samples);
}

Test(link_values, srcset_leaves_out_candidates_with_wrong_descriptors)
{
	static const struct sample samples[] = {
	    {"a 1w", "a|"},
	    {"a 0w", ""},
	    {"a 00w, b 001w", "b|"},
	    {"a -1w, b +1w, c 1.0w, d 1e1w, e w", ""},
	    {"a 1w 2w, b 1w 1x, c 1x 1w, d 1x 1x", ""},
	    {"a 1W, b 1X, c 1H", ""},
	    {"a 0x, b -0x, c -0.0e5x, d 0.5x, e .5x, f 1e3x, g 1E-3x, h 1e+3x", "a|b|c|d|e|f|g|h|"},
	    {"a 1.x, b .x, c +1x, d 1ex, e 1e+x, f -x, g x, h 1 x, i infx, j 0x1x, k 1,5x", "5x|"},
	    {"a -1x, b -.5x, c -0.0001x, d -1e-3x", ""},
	    {"a 1h", ""},
	    {"a 1w 1h, b 1h 1w", "a|b|"},
	    {"a 0h 1w, b 1w 1h 1h, c 1x 1h, d 1h 1x", ""},
	    {"a 1q, b q, c 1", ""},
	    {"a f(1, 2), b", "b|"},
	    {"a f(1 2) 1x, b (, c", ""},
	    {"a (1w), b 1w", "b|"},
	    {"a 1w(,b", ""},
	    {"a ) 1x, b (1)2x, c", "c|"},
	    {"bad 1y, a 2x", "a|"},
	};
	EXPECT_ALL(ATTRIBUTE_SRCSET, samples);
}

Test(link_values, refresh_has_the_url_behind_the_time)
{
	static const struct sample samples[] = {
	    {"0;url=x", "x|"},
	    {"5; URL=x", "x|"},
	    {"5,uRl = x ", "x|"},
	    {"5 url=x", "x|"},
	    {" \n5\t;\furl\r=\nx", "x|"},
	    {"0;x", "x|"},
	    {"0 x", "x|"},
	    {"0;'x'y", "x|"},
	    {"0;\"x'y\"z", "x'y|"},
	    {"0;url='x", "x|"},
	    {"0;url=\"x\" y", "x|"},
	    {"0;url=x'y'", "x'y'|"},
	    {"0;url x", "url x|"},
	    {"0;ur=x", "ur=x|"},
	    {"0;u", "u|"},
	    {"0;urlx", "urlx|"},
	    {"0;url=url=x", "url=x|"},
	    {"0;url=x;y=1,2", "x;y=1,2|"},
	    {"1.5;url=x", "x|"},
	    {".;url=x", "x|"},
	    {".5.5;x", "x|"},
	    {"1.2.3 x", "x|"},
	    {"0;;x", ";x|"},
	    {"0,,x", ",x|"},
	    {"0;=x", "=x|"},
	    {"99999999999999999999;x", "x|"},
	    {"", ""},
	    {"5", ""},
	    {"5;", ""},
	    {"5 ; ", ""},
	    {"5;url=", ""},
	    {"5;url=''", ""},
	    {"5;url= ", ""},
	    {"x", ""},
	    {";url=x", ""},
	    {"url=x", ""},
	    {"-1;url=x", ""},
	    {"+1;url=x", ""},
	    {"5x", ""},
	    {"5url=x", ""},
	    {"5:url=x", ""},
	};
	EXPECT_ALL(ATTRIBUTE_REFRESH, samples);
}

Test(link_values, ping_has_a_url_for_each_word)
{
	static const struct sample samples[] = {
	    {"", ""}, {" ", ""}, {"a", "a|"}, {" a\tb\n\fc\rd ", "a|b|c|d|"}, {"a,b", "a,b|"}};
	EXPECT_ALL(ATTRIBUTE_PING, samples);
}

Test(link_values, others_have_one_without_the_white_space_around_it)
{
	static const struct sample samples[] = {
	    {"", ""}, {" \n", ""}, {"a", "a|"}, {" \t\f\r\na b\n", "a b|"}, {"a,b 1x", "a,b 1x|"}};
	EXPECT_ALL(ATTRIBUTE_SRC, samples);
	EXPECT_ALL(ATTRIBUTE_ACTION, samples);
}
