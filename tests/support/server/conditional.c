#include "conditional.h"

#include "text.h"

#include <stdio.h>
#include <time.h>

void conditional_append_date(uint64_t seconds, struct buf *out)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	time_t time = (time_t)seconds;
	struct tm date;
	if (!gmtime_r(&time, &date))
		return;
	text_printf(out, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[date.tm_wday], date.tm_mday,
	    months[date.tm_mon], date.tm_year + 1900, date.tm_hour, date.tm_min, date.tm_sec);
}

static struct slice header_of(const struct request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++) {
		if (text_equal_nocase(request->headers[i].name, name))
			return request->headers[i].value;
	}
	return (struct slice){NULL, 0};
}

static void append_etag(const struct plan *plan, uint64_t asked, struct buf *out)
{
	if (plan->etag_each)
		text_printf(out, "\"%llu\"", (unsigned long long)asked);
	else if (plan->etag.data)
		buf_append(out, plan->etag.data, plan->etag.len);
}

static struct slice without_weakness(struct slice tag)
{
	if (tag.len >= 2 && memcmp(tag.data, "W/", 2) == 0)
		slice_skip(&tag, 2);
	return tag;
}

/* Takes the next tag of a list, without what says that it is weak. A tag without quotes, which is not valid
 * but which some servers send, ends at a comma. */
static bool next_tag(struct slice *list, struct slice *tag)
{
	while (list->len > 0 && (*list->data == ' ' || *list->data == '\t' || *list->data == ','))
		slice_skip(list, 1);
	*list = without_weakness(*list);
	if (list->len == 0)
		return false;
	char stop = *list->data == '"' ? '"' : ',';
	const char *end = memchr(list->data + 1, stop, list->len - 1);
	size_t len = !end ? list->len : (size_t)(end - list->data) + (stop == '"');
	*tag = (struct slice){list->data, len};
	slice_skip(list, len);
	return true;
}

/* RFC 9110, sections 13.1.2 and 8.8.3.2: the comparison is the weak one. */
static bool has_tag(struct slice list, struct slice own)
{
	struct slice tag;
	if (slice_equal(list, slice_of("*")))
		return true;
	while (own.len > 0 && next_tag(&list, &tag)) {
		if (slice_equal(tag, without_weakness(own)))
			return true;
	}
	return false;
}

/* The seconds since 1970 of an IMF-fixdate, which is the only format that a client may send (RFC 9110,
 * section 5.6.7). False for any other text. */
static bool read_date(struct slice value, uint64_t *seconds)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	static const unsigned days_before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	char text[64], month[4], end[4];
	unsigned day, year, hour, minute, second;
	if (value.len >= sizeof text)
		return false;
	memcpy(text, value.data, value.len);
	text[value.len] = '\0';
	if (sscanf(text, "%*3s, %2u %3s %4u %2u:%2u:%2u %3s", &day, month, &year, &hour, &minute, &second,
	        end) != 7 ||
	    strcmp(end, "GMT") != 0 || year < 1970)
		return false;
	const char *found = strstr(months, month);
	if (!found || (found - months) % 3 != 0)
		return false;
	size_t number = (size_t)(found - months) / 3;
	uint64_t past = year - 1;
	uint64_t leap_days = past / 4 - past / 100 + past / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
	uint64_t days = (uint64_t)(year - 1970) * 365 + leap_days + days_before[number] + day - 1 +
	                (is_leap && number > 1);
	*seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
	return true;
}

/* RFC 9110, section 13.1.3. */
static bool is_modified_since(const struct plan *plan, struct slice value)
{
	uint64_t since;
	return !plan->has_modified || !read_date(value, &since) || plan->modified > since;
}

bool conditional_is_not_modified(const struct plan *plan, const struct request *request, uint64_t asked)
{
	struct slice tags = header_of(request, "If-None-Match");
	struct slice since = header_of(request, "If-Modified-Since");
	bool is_safe =
	    slice_equal(request->method, slice_of("GET")) || slice_equal(request->method, slice_of("HEAD"));
	if (plan->status != 200 || !is_safe || (!tags.data && !since.data))
		return false;
	if (plan->not_modified)
		return true;
	bool has_validator = plan->etag.data || plan->etag_each || plan->has_modified;
	if (!has_validator)
		return false;
	/* With If-None-Match, If-Modified-Since does not count (RFC 9110, section 13.2.2). */
	if (!tags.data)
		return !is_modified_since(plan, since);
	struct buf own;
	buf_init(&own, TEXT_MAX);
	append_etag(plan, asked, &own);
	bool has = has_tag(tags, (struct slice){own.data, own.len});
	buf_release(&own);
	return has;
}

void conditional_append(const struct plan *plan, uint64_t asked, struct buf *head)
{
	if (plan->has_date) {
		buf_append_text(head, "Date: ");
		conditional_append_date(plan->date, head);
		buf_append_text(head, "\r\n");
	}
	if (plan->etag.data || plan->etag_each) {
		buf_append_text(head, "ETag: ");
		if (plan->status == 304 && plan->etag_304.data)
			buf_append(head, plan->etag_304.data, plan->etag_304.len);
		else
			append_etag(plan, asked, head);
		buf_append_text(head, "\r\n");
	}
	if (plan->has_modified) {
		buf_append_text(head, "Last-Modified: ");
		conditional_append_date(plan->modified, head);
		buf_append_text(head, "\r\n");
	}
}
