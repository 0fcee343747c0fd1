#include "base/proxy.h"

#include "base/alloc.h"

#include <curl/curl.h>
#include <strings.h>

static bool is_known_scheme(const char *scheme)
{
	static const char *const known[] = {
	    "http", "https", "socks", "socks4", "socks4a", "socks5", "socks5h"};
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strcasecmp(scheme, known[i]) == 0)
			return true;
	}
	return false;
}

bool proxy_is_valid(const char *text)
{
	const unsigned flags = CURLU_NON_SUPPORT_SCHEME | CURLU_GUESS_SCHEME;
	char *scheme = NULL;
	CURLU *url = curl_url();
	if (!url)
		alloc_fail();
	CURLUcode code = curl_url_set(url, CURLUPART_URL, text, flags);
	if (code == CURLUE_OK)
		code = curl_url_get(url, CURLUPART_SCHEME, &scheme, 0);
	if (code == CURLUE_OUT_OF_MEMORY)
		alloc_fail();
	bool is_valid = code == CURLUE_OK && is_known_scheme(scheme);
	curl_free(scheme);
	curl_url_cleanup(url);
	return is_valid;
}
