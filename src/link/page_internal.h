/* The fields of a page, only for its own files: page.c reads the body, page_html.c takes what is found in
 * tags, page_links.c passes the links on, page_value.c makes text and URLs of their values, page_work.c does
 * in a helper process the work that may take any time or memory, and page_arrival.c reads a sitemap while it
 * is being received. */
#ifndef AREQ_LINK_PAGE_INTERNAL_H
#define AREQ_LINK_PAGE_INTERNAL_H

#include "base/buf.h"
#include "base/seen.h"
#include "base/url/url.h"
#include "link/charset/charset.h"
#include "link/filter.h"
#include "link/helper.h"
#include "link/link_list.h"
#include "link/link_values.h"
#include "link/page.h"
#include "link/text_list.h"

/* A link that is longer than this after decoding cannot be a URL. */
enum { VALUE_MAX = URL_LENGTH_MAX };

/* How the links of a page are found. */
enum find_method {
	FIND_IN_HTML, /* in the bytes of an HTML page, as they arrive */
	FIND_IN_XML,  /* in an XML document, by a helper process */
	FIND_IN_LIST, /* in a sitemap that is a plain text, as it arrives */
	FIND_IN_TEXT, /* in the whole text, with the user's pattern or XPath, by a helper process */
	FIND_NOTHING
};

/* The stages of a page after its last byte. The page may fail in each of them. */
enum page_stage {
	PAGE_STAGE_FIND,    /* a helper process finds the links */
	PAGE_STAGE_BEGIN,   /* the links were found */
	PAGE_STAGE_ANCHORS, /* the anchors are passed on */
	PAGE_STAGE_CHOOSE,  /* all links are examined, if that is necessary before the first is passed on */
	PAGE_STAGE_FILTER,  /* a helper process applies the user's patterns to the links that are undecided */
	PAGE_STAGE_EMIT     /* the links are passed on */
};

/* The decision about each link. CHOICE_UNDECIDED means that a helper process has to decide. */
enum { CHOICE_NO, CHOICE_YES, CHOICE_UNDECIDED };

struct page_shared {
	struct piece_store *store;
	struct helpers *helpers;
	struct page *arriving; /* a list of the sitemaps that are being received; see page_arrival */
	/* The page whose links are being passed on; it uses the fields below. NULL if there is none. */
	struct page *emitting;
	struct buf joined;  /* memory for the reader of a link list */
	struct buf decoded; /* one value as UTF-8 */
	struct buf value;   /* one value with its character references replaced */
	struct buf parts;   /* the value of an attribute, while its URLs are passed on */
	struct buf raw;     /* raw, tag and rel hold the texts that are passed on with a link */
	struct buf tag;
	struct buf rel;
	struct url document; /* the page's own URL */
	struct url base;     /* the URL of the page's base element, or of an xml:base */
	struct url url;      /* the URL of the current link */
	struct seen seen;    /* the URLs of the page that were accepted */
	struct seen pages;   /* those that were accepted as LINK_PAGE; only if tools->crawls */
};

/* What a helper process has to do. All pointers lead to data that the process has, too: constants, and what
 * existed before it was started. */
enum work_kind { WORK_XML, WORK_TEXT, WORK_FILTER };
struct work_order {
	enum work_kind kind;
	const struct page_tools *tools;
	const struct charset *charset; /* the page's encoding; NULL if none is declared */
	enum mediatype type;
	bool detailed;
	/* With WORK_XML: the input is the beginning of a page that is being received. Only links for
	 * page_emit_arrived are wanted, without the first known_links of them. */
	bool is_partial;
	size_t known_links;
	/* The bytes of the page's own URL follow the order. */
};

/* A sitemap that is being received. */
struct page_arrival {
	bool is_open; /* page_end was not called yet; the page is in page_shared.arriving */
	struct page *previous, *next;
	bool is_reading;    /* a helper process reads what has arrived */
	int64_t began_ms;   /* when it was given the job (monotonic) */
	int64_t due_ms;     /* when what has arrived may be read again */
	uint64_t read_size; /* bytes of the body that were read the last time */
	uint64_t emitted;   /* bytes of links that page_emit_arrived has passed on */
};

struct page {
	const struct page_tools *tools;
	struct page_shared *shared;
	struct extract *extract;
	enum mediatype type;
	enum find_method find_method;
	char *content_type; /* NULL if there was none */
	uint64_t size;      /* bytes of the body so far */

	struct buf head;   /* the first bytes of the body, until the encoding was detected from them */
	bool is_gzip_file; /* see page_set_gzip_file */
	bool is_sitemap;   /* see page_set_sitemap */
	bool is_encoding_detected; /* true when head was examined; a <meta> may still declare the encoding */
	struct charset_guess guess;
	/* With FIND_IN_TEXT, if the page declares no encoding: the one that its bytes suggest. */
	const struct charset *text_charset;
	struct charset_decoder *decoder; /* for a page that must be converted as a whole, or NULL */

	struct text_list list;    /* with FIND_IN_LIST */
	struct buf text;          /* converted text for extract */
	struct pieces body;       /* the body, if a helper process finds the links */
	bool detailed;            /* true if the details of the links are passed on with them */
	struct link_list links;   /* raw bytes of the page with FIND_IN_HTML, UTF-8 otherwise */
	struct buf base_href;     /* the href of the base element, in the same form as links */
	size_t more_links;        /* at most so many links are in links beside those that it counts */
	struct link_list anchors; /* in the same form as links */
	size_t longest_base;      /* the length of the longest URL of a LINK_LIST_BASE in links */
	struct buf robots; /* for page_robots: a name and a content, each with a NUL behind it, and so on */
	bool has_base;

	struct page_arrival arrival;
	struct page_source source;
	enum page_stage stage;
	enum page_state failure; /* the failure that a helper process reported; PAGE_DONE if there is none */
	struct helper_job job;
	struct buf order; /* a struct work_order and the page's own URL */
	struct link_list_reader reader;
	struct raw_link parted;     /* the link whose value has the URLs that are passed on */
	struct link_values values;  /* those that were not passed on yet */
	struct slice part;          /* the one that is passed on; data == NULL if it is the whole value */
	const struct url *base;     /* the URL that links are resolved against, while they are passed on */
	uint64_t cost;              /* bytes that the rows of the examined links take */
	int64_t filter_us;          /* time spent with the user's patterns on this page */
	bool has_parts;             /* true if values has URLs */
	bool has_choices;           /* true if choices has a byte for each link */
	struct buf choices;         /* a CHOICE_… for each link */
	size_t next;                /* index of the next link in choices */
	struct link_list undecided; /* the URLs of the links with CHOICE_UNDECIDED */
	struct page_counts counts;
};

/* Frees shared buffers that are larger than PAGE_KEPT_MAX, so that the memory of one huge link is not kept
 * for the rest of the run. */
void page_shared_trim(struct page_shared *self);

/* Adds a link. Returns false if there are too many. */
static inline bool page_add_link(struct page *self, const struct raw_link *link)
{
	if (!link_values_are_whole(link->attribute))
		self->more_links += (link->value.len + 1) / 2;
	return link_list_add(&self->links, link);
}

/* Adds an anchor, unless it is empty. Returns false if there are too many. */
bool page_add_anchor(struct page *self, struct slice value);

/* Returns true if the user wants the links of such an attribute of such an element as rows. */
static inline bool page_wants_attribute(
    const struct page_tools *tools, enum attribute attribute, struct slice element)
{
	const struct options *options = tools->options;
	return options_attributes(options) & ATTRIBUTE_BIT(attribute) &&
	       (!options->tags || filter_wants_tag(options, element));
}

/* Records the href of a base element, if it is the first one of the page. */
void page_set_base(struct page *self, struct slice value);

/* True if a <link> with this rel only asks to connect to a server (HTML standard, link types "preconnect" and
 * "dns-prefetch"), so that the path of its URL means nothing. */
bool page_rel_names_origin(struct slice rel);

/* Returns true if a <meta> of that name is for page_robots. */
bool page_is_robots_name(const struct page_tools *tools, struct slice name);

/* Records a <meta> for page_robots. */
void page_add_robots(struct page *self, struct slice name, struct slice content);

/* Record what the page needs of a hit: links, anchors, base, encoding and robots; or only what a <meta> says.
 * Both fit extract_fn, with the page as ctx. */
void page_html_on_hit(void *ctx, const struct extract_hit *hit);
void page_html_on_meta(void *ctx, const struct extract_hit *hit);

/* Returns a value as text, borrowed until the next call. data == NULL means that it is too long. Only in the
 * bytes of an HTML page are values not text yet: in another encoding, with references. */
struct slice page_value_text(struct page *self, struct slice raw);

/* Resolves a link, or the part of it that is passed on, against base into *to. Returns false if it is no URL.
 */
bool page_value_resolve(struct page *self, struct url *to, struct slice found, const struct url *base);

/* Returns the URL that links are resolved against (HTML standard, section 4.2.3). A base element whose href
 * is no URL, or a data: or javascript: URL, does not count. */
const struct url *page_value_base(struct page *self);

/* Sets the fields of a link that only options_want_details shows. They are borrowed until the next call. */
void page_value_add_details(struct page *self, struct link *link, const struct raw_link *found);

/* Copies text to *to. data == NULL in the copy means that it is too long. */
struct slice page_value_copy(struct buf *to, struct slice text);

/* Does one job for a page, in a helper process. Fits helper_work_fn; ctx is not used. */
void page_work(void *ctx, struct slice order, struct helper_io *io);

/* Starts a job for a page in a helper process. When it is finished, the next stage is set and
 * source.ready is called. */
void page_work_start(struct page *self, enum work_kind kind, const struct pieces *input);

/* Starts a job for what has arrived of an XML sitemap. When it is done, page_arrival_end_read is called. */
void page_work_start_partial(struct page *self);

/* Returns the part of a sitemap's head that may declare the encoding: its first tag, or its first line. It
 * does not depend on how much of the sitemap has arrived. */
struct slice page_arrival_declaration(struct slice head);

/* What has arrived was read, and its links are in links. */
void page_arrival_end_read(struct page *self);

/* Ends the time in which a sitemap is received, if the page is one, and forgets what was found in it. */
void page_arrival_end(struct page *self);

/* Reads what has arrived of the sitemaps, where that is due. Adds to *wait when it is due next. */
void page_arrival_perform(struct page_shared *shared, struct wait *wait);

#endif
