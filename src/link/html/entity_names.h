/* All 2,231 named character references of the HTML standard (section 13.5). They were taken from the
 * standard's machine-readable list, https://html.spec.whatwg.org/entities.json, which the standard promises
 * never to change. The code points are written as UTF-8, and the names are sorted by their bytes. */
#ifndef AREQ_LINK_HTML_ENTITY_NAMES_H
#define AREQ_LINK_HTML_ENTITY_NAMES_H

enum { ENTITY_NAMES_COUNT = 2231, ENTITY_NAME_MAX = 32, ENTITY_TEXT_MAX = 6 };

/* The members are arrays, not pointers, so that the table needs no relocation when the program starts. */
struct entity_name {
	char name[ENTITY_NAME_MAX + 1]; /* without the '&', but with the ';' if the name has one */
	char text[ENTITY_TEXT_MAX + 1]; /* one or two code points as UTF-8; none is U+0000 */
};

/* Sorted by name, in the order of strcmp. */
extern const struct entity_name entity_names[ENTITY_NAMES_COUNT];

#endif
