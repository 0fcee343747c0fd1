#include "fetch/headers.h"

#include "base/options.h"

#include <criterion/criterion.h>
#include <string.h>

static bool has_line(const struct curl_slist *list, const char *line)
{
	for (; list; list = list->next) {
		if (strcmp(list->data, line) == 0)
			return true;
	}
	return false;
}

static size_t count_lines(const struct curl_slist *list)
{
	size_t count = 0;
	for (; list; list = list->next)
		count++;
	return count;
}

Test(headers, of_a_conditional_request_stand_beside_those_of_all_requests)
{
	const char *lines[] = {"Accept-Language: de"};
	const struct options options = {.headers = {lines, 1}, .user_agent = "a"};
	static const struct {
		const char *if_none_match, *if_modified_since;
		size_t wanted;
	} cases[] = {{"W/\"a\"", "Sun Nov  6 08:49:37 1994", 2}, {"\"a\"", NULL, 1},
	    {NULL, "Sun, 06 Nov 1994 08:49:37 GMT", 1}, {NULL, NULL, 0}};
	struct headers headers;
	headers_init(&headers, &options);
	size_t count = count_lines(headers.same_origin);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct curl_slist *own = headers_copy_with(
		    headers.same_origin, cases[i].if_none_match, cases[i].if_modified_since);
		cr_expect_eq(count_lines(own), count + cases[i].wanted, "case %zu", i);
		cr_expect_eq(count_lines(headers.same_origin), count);
		cr_expect(has_line(own, "Accept-Language: de") && has_line(own, "User-Agent: a"));
		curl_slist_free_all(own);
	}
	struct curl_slist *own = headers_copy_with(NULL, "W/\"a\"", "Sun Nov  6 08:49:37 1994");
	cr_expect(has_line(own, "If-None-Match: W/\"a\""));
	cr_expect(has_line(own, "If-Modified-Since: Sun Nov  6 08:49:37 1994"));
	curl_slist_free_all(own);
	headers_release(&headers);
}

Test(headers, of_the_user_may_be_preconditions)
{
	static const struct {
		const char *line;
		bool names, is_conditional;
	} cases[] = {{"If-None-Match: \"a\"", true, true}, {"if-modified-since : x", true, true},
	    {"If-None-Match:", true, false}, {"If-Modified-Since;", true, false},
	    {"If-None-Match: ", true, false}, {"If-Range: \"a\"", false, false},
	    {"If-Match: *", false, false}, {"X-If-None-Match: *", false, false}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *lines[] = {"Accept: */*", cases[i].line};
		const struct option_list list = {lines, 2};
		cr_expect_eq(headers_name_preconditions(&list), cases[i].names, "%s", cases[i].line);
		cr_expect_eq(headers_are_conditional(&list), cases[i].is_conditional, "%s", cases[i].line);
	}
	cr_expect(!headers_name_preconditions(&(struct option_list){0}));
}
