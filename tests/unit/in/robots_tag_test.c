#include "in/robots_tag.h"

#include <criterion/criterion.h>

Test(robots_tag, in_a_meta_element)
{
	static const struct {
		const char *content;
		bool forbids;
	} cases[] = {
	    {"nofollow", true},
	    {"none", true},
	    {"NOINDEX,NoFollow", true},
	    {" noindex , nofollow ", true},
	    {"noindex nofollow", true},
	    {"noindex\n\tnofollow", true},
	    {",,nofollow,", true},
	    {"follow, nofollow", true},
	    {"nofollow, follow", true},
	    {"all, none", true},
	    {"", false},
	    {",", false},
	    {"noindex", false},
	    {"all", false},
	    {"index,follow", false},
	    {"nofollowed", false},
	    {"no follow", false},
	    {"xnone", false},
	    /* values */
	    {"max-image-preview:none", false},
	    {"max-image-preview: none, noindex", false},
	    {"max-image-preview: none, nofollow", true},
	    {"nofollow, max-image-preview:large", true},
	    {"nofollow max-image-preview:large", true},
	    {"max-snippet:-1, max-image-preview:large, max-video-preview:-1", false},
	    {"unavailable_after: 2025-06-25T15:00:00, nofollow", true},
	    /* no prefixes: the name of the element says for whom it is meant */
	    {"areq: nofollow", false},
	    {"*: nofollow", false},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(robots_tag_meta_forbids_links(slice_of(cases[i].content)), cases[i].forbids,
		    "%s", cases[i].content);
}

Test(robots_tag, names_of_meta_elements)
{
	cr_expect(robots_tag_is_meta_name(slice_of("robots"), "areq"));
	cr_expect(robots_tag_is_meta_name(slice_of(" ROBOTS "), "areq"));
	cr_expect(robots_tag_is_meta_name(slice_of("Areq"), "areq/1.0"));
	cr_expect_not(robots_tag_is_meta_name(slice_of("googlebot"), "areq"));
	cr_expect_not(robots_tag_is_meta_name(slice_of("areq:title"), "areq"));
	cr_expect_not(robots_tag_is_meta_name(slice_of(""), "areq"));
	cr_expect_not(robots_tag_is_meta_name(slice_of(""), ""));
}

Test(robots_tag, in_a_header_field)
{
	static const struct {
		const char *value;
		bool forbids;
	} cases[] = {
	    {"nofollow", true},
	    {"noindex, NONE", true},
	    {"noindex nofollow", true},
	    {"noindex, follow", false},
	    {"", false},
	    {":", false},
	    {": nofollow", false},
	    /* for a program, or for all */
	    {"areq: nofollow", true},
	    {"AREQ:nofollow", true},
	    {"areq : noindex, nofollow", true},
	    {"areq/1.0: nofollow", true},
	    {"*: nofollow", true},
	    {"otherbot: nofollow", false},
	    {"otherbot: noindex, nofollow", false},
	    {"areqs: nofollow", false},
	    {"areq: noindex", false},
	    {"nofollow, otherbot: noindex", true},
	    {"noindex, otherbot: nofollow", false},
	    {"otherbot: noindex, areq: nofollow", true},
	    {"areq: noindex, otherbot: nofollow", false},
	    {"otherbot: noindex, *: nofollow", true},
	    {"BadBot: noindex, nofollow, areq: nofollow", true},
	    {"BadBot: noindex, nofollow, googlebot: nofollow", false},
	    /* values, with commas and colons */
	    {"unavailable_after: 25 Jun 2010 15:00:00 PST", false},
	    {"unavailable_after: 25 Jun 2010 15:00:00 PST, nofollow", true},
	    {"unavailable_after: Friday, 25-Jun-10 15:00:00 UTC, nofollow", true},
	    {"otherbot: unavailable_after: Friday, 25-Jun-10 15:00:00 UTC, nofollow", false},
	    {"areq: unavailable_after: 2010-06-25T15:00:00+02:00, none", true},
	    {"otherbot: noindex, unavailable_after: 2010-06-25T15:00:00, nofollow", false},
	    {"max-image-preview: none", false},
	    {"areq: max-image-preview: none", false},
	    {"areq: nofollow max-image-preview: none", true},
	    {"max-snippet:0, nofollow", true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(robots_tag_header_forbids_links(slice_of(cases[i].value), "areq"),
		    cases[i].forbids, "%s", cases[i].value);
	cr_expect(robots_tag_header_forbids_links(slice_of("nofollow"), ""));
	cr_expect_not(robots_tag_header_forbids_links(slice_of("areq: nofollow"), ""));
}
