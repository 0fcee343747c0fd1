/* What a page consists of. Only for its parts: page.c takes it in, page_links.c gives its links out, and
 * page_work.c does in a helper process what a page could stretch without end. */
#ifndef AREQ_LINK_PAGE_INTERNAL_H
#define AREQ_LINK_PAGE_INTERNAL_H

#include "base/buf.h"
#include "base/seen.h"
#include "base/url/url.h"
#include "link/charset/charset.h"
#include "link/helper.h"
#include "link/link_list.h"
#include "link/page.h"

/* A link that is longer than this after decoding is no URL anyway. */
enum { VALUE_MAX = URL_LENGTH_MAX };

/* How the links of this page are looked for. */
enum find {
	FIND_IN_HTML, /* in its bytes, as they come */
	FIND_IN_XML,  /* by a helper process, as XML */
	FIND_IN_TEXT, /* by a helper process, in the whole text, as the user asked */
	FIND_NOTHING
};

/* The way of a page from its last byte on; each may end it. */
enum page_stage {
	PAGE_STAGE_FIND,   /* a helper process looks for the links */
	PAGE_STAGE_BEGIN,  /* the links are found */
	PAGE_STAGE_CHOOSE, /* looks at all of them, where that is needed before any may be given out */
	PAGE_STAGE_ASK,    /* a helper process knows whether the user's patterns want some of them */
	PAGE_STAGE_GIVE
};

/* What the choice says of each link. */
enum { CHOICE_NO, CHOICE_YES, CHOICE_OPEN /* a helper process will know */ };

struct page_shared {
	struct piece_store *store;
	struct helpers *helpers;
	struct page *giving; /* whose links are being given out, with all that follows; NULL: no page's are */
	struct buf joined;   /* for reading what was found */
	struct buf decoded;  /* one value as UTF-8 */
	struct buf value;    /* … with its character references replaced */
	struct buf raw;      /* what a link is given out with */
	struct buf tag;
	struct buf rel;
	struct url document;
	struct url base;
	struct url url;
	struct seen seen;
};

/* What a helper process is told to do. All pointers are to what it has, too. */
enum work_kind { WORK_XML, WORK_TEXT, WORK_FILTER };
struct work_order {
	enum work_kind kind;
	const struct page_tools *tools;
	const struct charset *charset; /* of the page; NULL: none is declared */
	enum mediatype type;
	bool detailed;
};

struct page {
	const struct page_tools *tools;
	struct page_shared *shared;
	struct extract *extract;
	enum mediatype type;
	enum find find;
	char *content_type;
	uint64_t size;

	struct buf head; /* the first bytes, until the encoding is known as far as they tell */
	bool begun;      /* … and it is */
	struct charset_guess guess;
	struct charset_decoder *decoder; /* of a page that must be converted whole; else NULL */

	struct buf text;        /* converted text on its way to extract */
	struct pieces body;     /* what a helper process looks through */
	bool detailed;          /* the links are given out with all that is known of them */
	struct link_list links; /* raw with FIND_IN_HTML, else text */
	struct buf base_href;   /* likewise */
	bool has_base;

	struct page_source source;
	enum page_stage stage;
	enum page_state failed; /* what a helper process made of it; PAGE_GIVEN: nothing bad */
	struct helper_job job;
	struct work_order order;
	struct link_list_reader reader;
	const struct url *base; /* of its links; while it is being given out */
	uint64_t cost;          /* of the links that were looked at, in bytes */
	int64_t filter_us;      /* what it took to ask the user's patterns about them */
	bool is_chosen;
	struct buf choice;     /* a byte for each link, where there is one */
	size_t next;           /* link */
	struct link_list open; /* the URLs of the open ones */
	struct page_counts counts;
};

/* The memory of one huge link is not kept for the rest of the run. */
void page_shared_trim(struct page_shared *self);

/* The encoding of a raw value of a page, of which so much is known. */
const struct charset *page_links_charset(const struct page *self, struct slice raw);

/* The href of a base element; the first one of a page counts. */
void page_keep_base(struct page *self, struct slice value);

/* Does a piece of work for a page, in a helper process. */
void page_work(void *ctx, struct slice order, struct helper_io *io);

/* Has a helper process do it; page_work_end tells the page of its end. */
void page_work_start(struct page *self, enum work_kind kind, const struct pieces *input);

#endif
