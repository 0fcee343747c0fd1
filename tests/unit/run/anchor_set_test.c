#include "run/anchor_set.h"

#include <criterion/criterion.h>
#include <string.h>

/* HTML standard, "select the indicated part", and URL Fragment Text Directives, section 3.3. */
Test(anchor_set, decides_about_all_fragments_but_those_that_every_page_has)
{
	static const struct {
		const char *fragment;
		bool decides;
	} cases[] = {{"a", true}, {"", false}, {"top", false}, {"ToP", false}, {"%74op", false},
	    {"top ", true}, {":~:text=a", false}, {"a:~:text=b", true}, {"top:~:text=b", false}, {"%", true},
	    {"to%", true}, {"%3A~:text=a", true}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(anchor_set_decides(slice_of(cases[i].fragment)), cases[i].decides,
		    "case %zu: %s", i, cases[i].fragment);
}

Test(anchor_set, knows_anchors_as_they_are_and_percent_decoded)
{
	static const struct {
		const char *fragment;
		bool is_there;
	} cases[] = {{"a", true}, {"A", false}, {"%61", true}, {"%2561", false}, {"a%20b", true},
	    {"a b", true}, {"%zz", true}, {"%C3%A9", true}, {"%C3", true}, {"%EF%BB%BFa", false},
	    {"a:~:text=c", true}, {"c", false}, {"%63", false}};
	/* An incomplete character becomes U+FFFD, and "without BOM" means that one stays. */
	static const char *const anchors[] = {"a", "a b", "%zz", "\xc3\xa9", "\xef\xbf\xbd"};
	struct anchor_set set;
	anchor_set_init(&set);
	for (size_t i = 0; i < sizeof anchors / sizeof *anchors; i++)
		anchor_set_add(&set, slice_of("http://a/"), slice_of(anchors[i]));
	anchor_set_add(&set, slice_of("http://b/"), slice_of("c"));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		cr_expect_eq(anchor_set_has(&set, slice_of("http://a/"), slice_of(cases[i].fragment)),
		    cases[i].is_there, "case %zu: %s", i, cases[i].fragment);
	anchor_set_release(&set);
}
