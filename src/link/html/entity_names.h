/* The named character references (HTML standard, section 13.5): all 2,231 names of its table, taken from the
 * standard's machine-readable list (https://html.spec.whatwg.org/entities.json, which the standard promises
 * never to change), the code points written as UTF-8, the names put in byte order. */
#ifndef AREQ_LINK_HTML_ENTITY_NAMES_H
#define AREQ_LINK_HTML_ENTITY_NAMES_H

enum { ENTITY_NAMES_COUNT = 2231, ENTITY_NAME_MAX = 32, ENTITY_TEXT_MAX = 6 };

/* Arrays, not pointers: the table needs no relocation when the program starts. */
struct entity_name {
	char name[ENTITY_NAME_MAX + 1]; /* without the '&'; with the ';' where the name has one */
	char text[ENTITY_TEXT_MAX + 1]; /* one or two code points as UTF-8; none is U+0000 */
};

/* In the order of strcmp on name. */
extern const struct entity_name entity_names[ENTITY_NAMES_COUNT];

#endif
