#include "in/robots_tag.h"

#include "base/ascii.h"
#include "in/robots_token.h"

/* The directives that have a value, and are thus no product tokens. */
static bool has_value(struct slice name)
{
	static const char *const names[] = {
	    "unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (ascii_equal_nocase(name, slice_of(names[i])))
			return true;
	return false;
}

static bool forbids_links(struct slice directive)
{
	return ascii_equal_nocase(directive, slice_of("nofollow")) ||
	       ascii_equal_nocase(directive, slice_of("none"));
}

/* Removes the first word of a text and the white space around it, and returns it. At the end it is empty. */
static struct slice next_word(struct slice *text)
{
	*text = ascii_trim(*text);
	struct slice word = {text->data, 0};
	while (word.len < text->len && !ascii_is_space((unsigned char)word.data[word.len]))
		word.len++;
	*text = ascii_trim((struct slice){text->data + word.len, text->len - word.len});
	return word;
}

/* The part of a list that is being read. */
struct reader {
	const char *token; /* the program's product token; NULL in a meta element, which has no prefixes */
	bool is_meant;     /* the directives are meant for the program */
};

/* True if a name before a colon is the prefix for a program, rather than a directive or a part of a date. */
static bool is_prefix(const struct reader *self, struct slice name)
{
	bool is_token = robots_token_at_start(name).len > 0 || slice_equal(name, slice_of("*"));
	return self->token && is_token && !has_value(name);
}

/* Reads an element of the list, which may have a prefix. */
static bool element_forbids_links(struct reader *self, struct slice element)
{
	const char *colon;
	while ((colon = memchr(element.data, ':', element.len))) {
		struct slice before = {element.data, (size_t)(colon - element.data)};
		struct slice name = next_word(&before);
		if (before.len > 0 || !is_prefix(self, name))
			break;
		self->is_meant = name.data[0] == '*' || robots_token_is_same(name, slice_of(self->token));
		element = (struct slice){colon + 1, (size_t)(element.data + element.len - colon) - 1};
	}
	/* Words before a colon are directives too, and what stands behind the colon is a value. */
	size_t len = colon ? (size_t)(colon - element.data) : element.len;
	struct slice directives = {element.data, len};
	for (struct slice word; (word = next_word(&directives)).len > 0;)
		if (self->is_meant && forbids_links(word))
			return true;
	return false;
}

static bool list_forbids_links(struct slice list, const char *token)
{
	struct reader reader = {token, true};
	for (struct slice element; (element = ascii_next_element(&list)).len > 0;)
		if (element_forbids_links(&reader, element))
			return true;
	return false;
}

bool robots_tag_is_meta_name(struct slice name, const char *token)
{
	name = ascii_trim(name);
	struct slice own = robots_token_at_start(slice_of(token));
	return ascii_equal_nocase(name, slice_of("robots")) || (own.len > 0 && ascii_equal_nocase(name, own));
}

bool robots_tag_meta_forbids_links(struct slice content)
{
	return list_forbids_links(content, NULL);
}

bool robots_tag_header_forbids_links(struct slice value, const char *token)
{
	return list_forbids_links(value, token);
}
