#include "base/url/internal.h"

#include "base/ascii.h"

#include <assert.h>

#define IN_C0(c)            ((c) < 0x20 || (c) > 0x7e)
#define IN_QUERY(c)         (IN_C0(c) || (c) == ' ' || (c) == '"' || (c) == '#' || (c) == '<' || (c) == '>')
#define IN_FRAGMENT(c)      (IN_C0(c) || (c) == ' ' || (c) == '"' || (c) == '<' || (c) == '>' || (c) == '`')
#define IN_SPECIAL_QUERY(c) (IN_QUERY(c) || (c) == '\'')
#define IN_PATH(c)          (IN_QUERY(c) || (c) == '?' || (c) == '^' || (c) == '`' || (c) == '{' || (c) == '}')
#define IN_USERINFO(c)                                                                                       \
	(IN_PATH(c) || (c) == '/' || (c) == ':' || (c) == ';' || (c) == '=' || (c) == '@' || (c) == '[' ||   \
	    (c) == '\\' || (c) == ']' || (c) == '|')
#define FORBIDDEN_IN_HOST(c)                                                                                 \
	((c) == 0 || (c) == '\t' || (c) == '\n' || (c) == '\r' || (c) == ' ' || (c) == '#' || (c) == '/' ||  \
	    (c) == ':' || (c) == '<' || (c) == '>' || (c) == '?' || (c) == '@' || (c) == '[' ||              \
	    (c) == '\\' || (c) == ']' || (c) == '^' || (c) == '|')
#define FORBIDDEN_IN_DOMAIN(c) (FORBIDDEN_IN_HOST(c) || (c) < 0x20 || (c) == '%' || (c) == 0x7f)
#define IS_SCHEME_CHARACTER(c)                                                                               \
	(((c) >= 'a' && (c) <= 'z') || ((c) >= 'A' && (c) <= 'Z') || ((c) >= '0' && (c) <= '9') ||           \
	    (c) == '+' || (c) == '-' || (c) == '.')
#define IS_NOT_PLAIN(c) ((IN_PATH(c) || IN_SPECIAL_QUERY(c) || (c) == '\\') && (c) != '?' && (c) != '#')

#define CLASSES(c)                                                                                           \
	((IN_C0(c) ? URL_SET_C0 : 0) | (IN_FRAGMENT(c) ? URL_SET_FRAGMENT : 0) |                             \
	    (IN_QUERY(c) ? URL_SET_QUERY : 0) | (IN_SPECIAL_QUERY(c) ? URL_SET_SPECIAL_QUERY : 0) |          \
	    (IN_PATH(c) ? URL_SET_PATH : 0) | (IN_USERINFO(c) ? URL_SET_USERINFO : 0) |                      \
	    ((c) == '#' ? URL_HASH : 0) | ((c) == ':' ? URL_COLON : 0) | ((c) == '?' ? URL_QUESTION : 0) |   \
	    ((c) == '/' ? URL_SLASH : 0) | ((c) == '\\' ? URL_BACKSLASH : 0) |                               \
	    (FORBIDDEN_IN_HOST(c) ? URL_FORBIDDEN_IN_HOST : 0) |                                             \
	    (FORBIDDEN_IN_DOMAIN(c) ? URL_FORBIDDEN_IN_DOMAIN : 0) |                                         \
	    (IS_SCHEME_CHARACTER(c) ? URL_SCHEME_CHARACTER : 0) |                                            \
	    ((c) == '\t' || (c) == '\n' || (c) == '\r' ? URL_TAB_OR_NEWLINE : 0) |                           \
	    ((c) > 0x7f ? URL_NOT_ASCII : 0) | (IS_NOT_PLAIN(c) ? URL_NOT_PLAIN : 0))
#define CLASSES_4(c)  CLASSES(c), CLASSES((c) + 1), CLASSES((c) + 2), CLASSES((c) + 3)
#define CLASSES_16(c) CLASSES_4(c), CLASSES_4((c) + 4), CLASSES_4((c) + 8), CLASSES_4((c) + 12)
#define CLASSES_64(c) CLASSES_16(c), CLASSES_16((c) + 16), CLASSES_16((c) + 32), CLASSES_16((c) + 48)

const uint32_t url_encode_classes[256] = {CLASSES_64(0), CLASSES_64(64), CLASSES_64(128), CLASSES_64(192)};

const char *url_encode_until(
    struct buf *out, const char *at, const char *end, unsigned set, unsigned delimiters)
{
	static const char digits[] = "0123456789ABCDEF";
	assert(out->room - out->len > 3 * (size_t)(end - at));
	char *to = out->data + out->len;
	for (; at < end; at++) {
		unsigned classes = url_encode_classes[(unsigned char)*at];
		if (!(classes & (set | delimiters))) {
			*to++ = *at;
			continue;
		}
		if (classes & delimiters)
			break;
		*to++ = '%';
		*to++ = digits[(unsigned char)*at >> 4];
		*to++ = digits[(unsigned char)*at & 15];
	}
	out->len = (size_t)(to - out->data);
	return at;
}
