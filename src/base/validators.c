#include "base/validators.h"

#include "base/ascii.h"

#include <curl/curl.h>
#include <time.h>

static struct slice without_weakness(struct slice etag)
{
	if (ascii_starts_with(etag, "W/"))
		slice_skip(&etag, 2);
	return etag;
}

bool validators_is_etag(struct slice value)
{
	struct slice tag = without_weakness(value);
	if (value.len > VALIDATORS_LENGTH_MAX || tag.len < 2 || tag.data[0] != '"' ||
	    tag.data[tag.len - 1] != '"')
		return false;
	for (size_t i = 1; i < tag.len - 1; i++) {
		unsigned char byte = (unsigned char)tag.data[i];
		if (byte <= ' ' || byte == '"' || byte == 0x7f)
			return false;
	}
	return true;
}

/* The longest date in one of the three formats is "Wednesday, 09-Nov-94 08:49:37 GMT". */
enum { DATE_SIZE = 64 };

/* curl_getdate skips all bytes that cannot belong to a date, but this value is sent back. */
static bool may_be_date(struct slice value)
{
	if (value.len == 0 || value.len >= DATE_SIZE)
		return false;
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] < ' ' || value.data[i] > '~')
			return false;
	}
	return true;
}

int64_t validators_date(struct slice value)
{
	char text[DATE_SIZE];
	if (!value.data || !may_be_date(value))
		return INT64_MIN;
	memcpy(text, value.data, value.len);
	text[value.len] = '\0';
	time_t date = curl_getdate(text, NULL);
	return date == (time_t)-1 ? INT64_MIN : (int64_t)date;
}

static struct slice date_or_none(struct slice value)
{
	return may_be_date(value) ? value : (struct slice){0};
}

struct validators validators_filter(struct validators values)
{
	return (struct validators){
	    .etag = validators_is_etag(values.etag) ? values.etag : (struct slice){0},
	    .last_modified = date_or_none(values.last_modified),
	    .date = date_or_none(values.date),
	};
}

struct preconditions validators_choose(struct validators values, int64_t received)
{
	values = validators_filter(values);
	struct preconditions chosen = {.if_none_match = values.etag};
	int64_t date = validators_date(values.date), modified = validators_date(values.last_modified);
	if (modified != INT64_MIN && modified < (date != INT64_MIN ? date : received))
		chosen.if_modified_since = values.last_modified;
	return chosen;
}

bool validators_confirm(struct preconditions sent, struct validators answer)
{
	answer = validators_filter(answer);
	if (sent.if_none_match.data && answer.etag.data)
		return slice_equal(without_weakness(sent.if_none_match), without_weakness(answer.etag));
	int64_t modified = validators_date(answer.last_modified);
	return !sent.if_modified_since.data || modified == INT64_MIN ||
	       validators_date(sent.if_modified_since) == modified;
}
