/* What becomes of single URLs of a run that follows links, obeys robots.txt or has --max-pages. */
#include "support/rows.h"
#include "support/run.h"
#include "support/scratch.h"
#include "support/site.h"

#include <stdio.h>
#include <string.h>

/* With one transfer per host at a time, URLs in the middle of the list are left out. */
Test(ordered, waits_for_no_url_beyond_max_pages)
{
	enum { URLS = 12, PAGES = 10 };
	struct site site;
	struct run_result result;
	struct rows rows;
	char list[URLS * 2 * 64] = "", *end = list;
	site_start_with(&site, "--bind", "127.0.0.1", "--bind", "127.0.0.2");
	for (int host = 1; host <= 2; host++)
		for (int i = 0; i < URLS; i++)
			end += sprintf(
			    end, "http://127.0.0.%d:%u/_/page?links=1&group=%d\n", host, site.port, i);
	run_areq_with(&result, (&(struct run_options){.input = list}), "--ordered", "--no-header",
	    "--per-host", "1", "--max-pages", "10");
	run_expect_exit(&result, 0);
	rows_init(&rows);
	rows_parse(&rows, result.out, result.out_len);
	cr_expect_eq(rows.count, PAGES, "%s%s", result.out, result.err);
	rows_release(&rows);
	run_release(&result);
	site_stop(&site);
}
