#include "fetch/response.h"

#include "base/ascii.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A Retry-After with more digits of seconds than this counts as an infinite wait. */
enum { RETRY_AFTER_DIGITS_MAX = 12 };

/* A Content-Length with more digits than this does not count as a number, so it always fits into 64 bits. */
enum { LENGTH_DIGITS_MAX = 18 };

/* Sets *value to the value of the header field with that name and index, without the white space around it:
 * libcurl leaves a CR in an empty value. Returns false if there is no such field. The value is valid until
 * the next call. */
static bool field_value(CURL *easy, const char *name, size_t index, struct slice *value)
{
	struct curl_header *header = NULL;
	if (curl_easy_header(easy, name, index, CURLH_HEADER, -1, &header) != CURLHE_OK)
		return false;
	*value = ascii_trim(slice_of(header->value));
	return true;
}

struct slice response_location(CURL *easy)
{
	struct slice value;
	for (size_t i = 0; field_value(easy, "Location", i, &value); i++) {
		if (value.len > 0)
			return value;
	}
	return (struct slice){0};
}

const char *response_length_problem(CURL *easy, int64_t *length)
{
	static const char no_length[] = "a Content-Length that is no number of bytes";
	struct slice list;
	*length = -1;
	for (size_t i = 0; field_value(easy, "Content-Length", i, &list); i++) {
		/* libcurl reads only the number at the beginning of a list. */
		if (list.len == 0 || !ascii_is_digit(*list.data))
			return no_length;
		for (struct slice item; (item = ascii_next_element(&list)).len > 0;) {
			size_t digits = strspn(item.data, "0123456789");
			if (digits < item.len || digits > LENGTH_DIGITS_MAX)
				return no_length;
			int64_t value = (int64_t)strtoll(item.data, NULL, 10);
			if (*length >= 0 && *length != value)
				return "two different Content-Lengths";
			*length = value;
		}
	}
	return NULL;
}

size_t response_robots_tags(CURL *easy, struct slice *values, size_t max)
{
	size_t count = 0;
	while (count < max && field_value(easy, "X-Robots-Tag", count, &values[count]))
		count++;
	return count;
}

static struct slice only_value(CURL *easy, const char *name)
{
	struct slice value, other;
	bool is_only = field_value(easy, name, 0, &value) && !field_value(easy, name, 1, &other);
	return is_only ? value : (struct slice){0};
}

struct validators response_validators(CURL *easy)
{
	return validators_filter((struct validators){
	    .etag = only_value(easy, "ETag"),
	    .last_modified = only_value(easy, "Last-Modified"),
	    .date = only_value(easy, "Date"),
	});
}

void response_codings(CURL *easy, struct buf *codings)
{
	struct slice value;
	for (size_t i = 0; field_value(easy, "Content-Encoding", i, &value); i++) {
		buf_append_text(codings, i ? "," : "");
		buf_append(codings, value.data, value.len);
	}
}

/* True for the transfer codings that libcurl undoes without being asked to. */
static bool is_transfer_coding(struct slice name)
{
	static const char *const known[] = {"chunked", "gzip", "x-gzip", "deflate", "identity"};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (ascii_equal_nocase(name, slice_of(known[i])))
			return true;
	}
	return false;
}

bool response_transfer_problem(CURL *easy, char *problem, size_t size)
{
	struct slice list, name;
	for (size_t i = 0; field_value(easy, "Transfer-Encoding", i, &list); i++) {
		while ((name = ascii_next_element(&list)).len > 0) {
			if (is_transfer_coding(name))
				continue;
			snprintf(problem, size, "transfer encoding \"%.*s\" is not known",
			    name.len < 40 ? (int)name.len : 40, name.data);
			return true;
		}
	}
	return false;
}

bool response_closes_connection(CURL *easy)
{
	struct slice list, option;
	for (size_t i = 0; field_value(easy, "Connection", i, &list); i++) {
		while ((option = ascii_next_element(&list)).len > 0) {
			if (ascii_equal_nocase(option, slice_of("close")))
				return true;
		}
	}
	return false;
}

/* CURLINFO_RETRY_AFTER is not used: it is 0 for a value that libcurl cannot parse, and 0 would mean to retry
 * at once. */
int64_t response_retry_after_ms(CURL *easy)
{
	struct slice value;
	if (!field_value(easy, "Retry-After", 0, &value))
		return -1;
	size_t digits = strspn(value.data, "0123456789");
	if (digits > 0 && digits == value.len)
		return digits > RETRY_AFTER_DIGITS_MAX ? INT64_MAX
		                                       : (int64_t)strtoll(value.data, NULL, 10) * 1000;
	time_t date = curl_getdate(value.data, NULL), now = time(NULL);
	if (date == (time_t)-1 || digits > 0)
		return -1;
	return date > now ? (int64_t)(date - now) * 1000 : 0;
}

const char *response_http_version(CURL *easy)
{
	long version = 0;
	curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
	return version == CURL_HTTP_VERSION_1_0   ? "HTTP/1.0"
	       : version == CURL_HTTP_VERSION_1_1 ? "HTTP/1.1"
	       : version == CURL_HTTP_VERSION_2_0 ? "HTTP/2"
	       : version == CURL_HTTP_VERSION_3   ? "HTTP/3"
	                                          : NULL;
}

uint64_t response_wire_bytes(CURL *easy)
{
	curl_off_t body = 0;
	long head = 0;
	curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &body);
	curl_easy_getinfo(easy, CURLINFO_HEADER_SIZE, &head);
	return (uint64_t)body + (uint64_t)head;
}
