#include "run/row_options.h"

#include <criterion/criterion.h>

static bool have_same_answers(struct options before, struct options now)
{
	struct buf texts[2];
	for (int i = 0; i < 2; i++) {
		buf_init(&texts[i], SIZE_MAX / 2);
		row_options_append(&texts[i], i ? &now : &before);
	}
	bool is_same = row_options_have_same_answers(texts[0].data, texts[1].data);
	buf_release(&texts[0]);
	buf_release(&texts[1]);
	return is_same;
}

Test(row_options, of_the_outputs_do_not_matter_for_answers)
{
	static const char *const tricky[] = {"\"format\":3,", ",\"format\":"};
	const struct options plain = {.format = FORMAT_TSV};
	struct options with_tricks = {.includes = {(const char **)tricky, 2}};
	cr_expect(have_same_answers(plain, plain));
	cr_expect(have_same_answers(plain, (struct options){.format = FORMAT_URLS, .null_ends = true}));
	cr_expect(have_same_answers(plain, (struct options){.unique = true, .changes_to = "file"}));
	cr_expect(have_same_answers((struct options){.changes = true}, plain));
	cr_expect(have_same_answers(with_tricks, with_tricks));
	cr_expect_not(have_same_answers(plain, with_tricks));
	cr_expect_not(have_same_answers(plain, (struct options){.depth = 1}));
	cr_expect_not(have_same_answers(plain, (struct options){.same_host = true}));
	cr_expect_not(have_same_answers((struct options){.pattern = "a"}, (struct options){.pattern = "ab"}));
}

/* Some formats show more of a link than others keep. */
Test(row_options, of_formats_that_show_more_matter)
{
	const struct options tsv = {.format = FORMAT_TSV}, jsonl = {.format = FORMAT_JSONL};
	const struct options checked = {.format = FORMAT_TSV, .check = CHECK_DEAD};
	const struct options checked_csv = {.format = FORMAT_CSV, .check = CHECK_DEAD};
	cr_expect_not(have_same_answers(tsv, jsonl));
	cr_expect(have_same_answers(jsonl, tsv));
	cr_expect(have_same_answers(jsonl, jsonl));
	cr_expect_not(have_same_answers(checked, checked_csv));
	cr_expect(have_same_answers(checked_csv, checked_csv));
	cr_expect_not(row_options_have_same_answers("{}", "{}"));
}
