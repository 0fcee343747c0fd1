/* The links of a page as the state file keeps them: one record for each link, all of them compressed.
 *
 *     struct link_records records;            all links of one page
 *     link_records_init(&records);
 *     link_records_add(&records, &record);    once for each link
 *     packed = link_packer_pack(&packer, bytes_of_records, records.count, page);
 *
 *     struct link_reader reader;
 *     link_reader_init(&reader);
 *     link_reader_open(&reader, packed, page);
 *     while (link_reader_next(&reader, &record))
 *             …
 *     if (reader.is_damaged)
 *             …
 *
 * The packed form is one frame of Zstandard (RFC 8878) with a content checksum. Its content is: one byte with
 * the version of the format, 1; the number of the page; the number of records; the records. A record is:
 *
 *     flags     one byte, see enum record_flag in link_records.c
 *     url       how many bytes it has in common with the URL before it, the number of its other bytes, these
 *     raw       a text; or only its length, if the URL ends with it
 *     tag, rel, attr    three texts; none if they are those of the record before
 *     position  the difference to the position before it
 *     line      the difference to the line before it
 *     column
 *
 * A number has 7 bits in each byte, the lowest first; the highest bit of a byte says that another one
 * follows. A difference d is the number 2d, or -2d - 1 if it is negative. A text is its length and its bytes;
 * the length is one more than it is, since 0 says that there is no text. */
#ifndef AREQ_STORE_LINK_RECORDS_H
#define AREQ_STORE_LINK_RECORDS_H

#include "base/buf.h"
#include "base/link.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>
#include <zstd.h>

/* All that a row of any format shows of a link. */
struct link_record {
	struct slice url; /* absolute and normalised */
	enum link_kind kind;
	bool is_row; /* see struct link */

	/* data is NULL where the page has no such value or it is not known. */
	struct slice raw; /* as it is in the page */
	struct slice tag;
	struct slice rel;
	struct slice attr; /* name of the attribute that the link is the value of */
	int64_t position;  /* offset of the tag's '<' in the page, in bytes; negative if not known */
	uint32_t line;     /* of the tag, from 1; 0 if not known */
	uint32_t column;   /* likewise, in bytes */
};

/* A tag, rel or attr. */
struct link_records_word {
	struct buf text;
	bool is_text; /* false if there is none */
};

enum { LINK_RECORD_WORDS = 3 };

struct link_records {
	struct buf bytes; /* the records, not compressed */
	uint64_t count;
	uint64_t hash; /* of the URLs that are rows; the same in whatever order they come */

	/* of the record before, for the next one: */
	struct buf url;
	struct link_records_word words[LINK_RECORD_WORDS];
	int64_t position, line;
};

/* Initialises an empty list. Allocates nothing. */
void link_records_init(struct link_records *self);
void link_records_release(struct link_records *self);

/* Empties the list and keeps its memory. */
void link_records_clear(struct link_records *self);

/* Appends a link. */
void link_records_add(struct link_records *self, const struct link_record *record);

/* Packs links, page after page. */
struct link_packer {
	ZSTD_CCtx *compressor; /* NULL before the first page */
	struct buf content, packed;
	size_t at; /* how much of the content is packed */
};

/* Initialises a packer. Allocates nothing. */
void link_packer_init(struct link_packer *self);
void link_packer_release(struct link_packer *self);

/* Returns the packed form of count records, the bytes of a list of links, for that page. It is borrowed until
 * the next call. */
struct slice link_packer_pack(struct link_packer *self, struct slice bytes, uint64_t count, uint64_t page);

/* The same in steps, since a page may have millions of links. The bytes are copied. A step packs so many
 * bytes of them at most, and returns true once all are packed; what link_packer_packed returns then is
 * borrowed until the next beginning. */
void link_packer_begin(struct link_packer *self, struct slice bytes, uint64_t count, uint64_t page);
bool link_packer_step(struct link_packer *self, size_t most);
struct slice link_packer_packed(const struct link_packer *self);

struct link_reader {
	struct buf content; /* of packed links */
	struct slice bytes; /* what is read: the content, or a list of links */
	size_t start;       /* of the first record in bytes */
	size_t at;          /* of the next one */
	uint64_t left;      /* records that were not read yet */
	uint64_t hash;      /* of the records that were read, as in struct link_records */
	uint64_t count;     /* of all records */
	bool is_damaged;
	struct buf url;
	struct link_record last;
	uint64_t position, line; /* of the record before */
};

/* Initialises a reader without links. Allocates nothing. */
void link_reader_init(struct link_reader *self);
void link_reader_release(struct link_reader *self);

/* Begins with the packed links of that page, which may be freed afterwards. Returns false if they are damaged
 * or are not those of that page. */
bool link_reader_open(struct link_reader *self, struct slice packed, uint64_t page);

/* Begins with a list of links, which is borrowed and must not change. */
void link_reader_open_list(struct link_reader *self, const struct link_records *records);

/* Begins again with the first of the links that were opened. */
void link_reader_rewind(struct link_reader *self);

/* Goes on with no links at all. */
void link_reader_clear(struct link_reader *self);

/* Reads the next link, which is borrowed until the next call. Returns false at the end, and where the links
 * are damaged; is_damaged then says so. */
bool link_reader_next(struct link_reader *self, struct link_record *record);

#endif
