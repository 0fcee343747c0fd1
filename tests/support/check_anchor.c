#include "check_anchor.h"

#include <assert.h>
#include <string.h>

#define YES true
#define NO  false

const struct check_anchor check_anchors[] = {
    {"plain", "<p id=plain>x</p>", NULL, YES},
    {"words", "<div class=y id='two words'>x</div>", NULL, YES},
    {"entity", "<h2 id=\"caf&eacute;\">x</h2>", NULL, YES},
    {"utf8", "<h2 id=\"na\xc3\xafve\">x</h2>", "<h2 id=\"na\xefve\">x</h2>", YES},
    {"number", "<h3 ID=&#20013;&#x6587;>x</h3>", NULL, YES},
    {"encoded", "<p id=\"a%20b\">x</p>", NULL, YES},
    {"percent", "<p id=\"50%\">x</p>", NULL, YES},
    {"ampersand", "<x-y id=\"a&amp;b\">x</x-y>", NULL, YES},
    {"spaced", "<p id=\" spaced \">x</p>", NULL, YES},
    {"named", "<a name=named>x</a>", NULL, YES},
    {"upper", "<A NAME=\"Upper\">x</A>", NULL, YES},
    {"name-and-id", "<a id=its-id name=its-name>x</a>", NULL, YES},
    {"svg", "<svg><g id=in-svg></g></svg>", NULL, YES},
    {"input", "<input id=an-input>", NULL, YES},
    {"twice", "<p id=first id=second>x</p>", NULL, YES},
    {"textarea", "<textarea id=an-area></textarea>", NULL, YES},
    {"template", "<template id=a-template></template>", NULL, YES},
    {"no-quotes", "<p id=a/b>x</p>", NULL, YES},
    {"behind-title", "<a title='>' id=behind>x</a>", NULL, YES},

    {"comment", "<!-- <p id=in-comment> -->", NULL, NO},
    {"in-template", "<template><p id=in-template>x</p></template>", NULL, NO},
    {"script", "<script>\"<p id=in-script>\"</script>", NULL, NO},
    {"style", "<style>/* <p id=in-style> */</style>", NULL, NO},
    {"in-textarea", "<textarea><p id=in-textarea></textarea>", NULL, NO},
    {"value", "<p title='<b id=in-value>'>x</p>", NULL, NO},
    {"div", "<div name=a-div>x</div>", NULL, NO},
    {"img", "<img name=an-image alt=x>", NULL, NO},
    {"map", "<map name=a-map></map>", NULL, NO},
    {"form", "<form name=a-form></form>", NULL, NO},
    {"data", "<p data-id=a-datum xml:id=a-datum>x</p>", NULL, NO},
    {"end-tag", "<p>x</p id=in-end-tag>", NULL, NO},
    {"nothing", "", NULL, NO},
};

const size_t check_anchor_count = sizeof check_anchors / sizeof *check_anchors;

/* No two anchors are named by one fragment, so that a page may have any of them. */
const struct check_fragment check_fragments[] = {
    {"", "", NULL},
    {"top", "top", NULL},
    {"TOP", "TOP", NULL},
    {"t%6fp", "t%6fp", NULL},
    {":~:text=x", ":~:text=x", NULL},

    {"plain", "plain", "plain"},
    {"pl&#97;in", "plain", "plain"},
    {"pl%61in", "pl%61in", "plain"},
    {"Plain", "Plain", "nothing"},
    {"two words", "two%20words", "words"},
    {"two%20words", "two%20words", "words"},
    {"caf&eacute;", "caf%C3%A9", "entity"},
    {"caf%c3%a9", "caf%c3%a9", "entity"},
    {"cafe", "cafe", "nothing"},
    {"na&#239;ve", "na%C3%AFve", "utf8"},
    {"na%C3%AFve", "na%C3%AFve", "utf8"},
    {"na%EFve", "na%EFve", "nothing"},
    {"&#20013;&#25991;", "%E4%B8%AD%E6%96%87", "number"},
    {"a%20b", "a%20b", "encoded"},
    {"a b", "a%20b", "encoded"},
    {"50%", "50%", "percent"},
    {"50%25", "50%25", "percent"},
    {"a&amp;b", "a&b", "ampersand"},
    {"a%26b", "a%26b", "ampersand"},
    {"%20spaced%20", "%20spaced%20", "spaced"},
    {"spaced", "spaced", "nothing"},
    {"named", "named", "named"},
    {"Upper", "Upper", "upper"},
    {"upper", "upper", "nothing"},
    {"its-id", "its-id", "name-and-id"},
    {"its-name", "its-name", "name-and-id"},
    {"in-svg", "in-svg", "svg"},
    {"an-input", "an-input", "input"},
    {"first", "first", "twice"},
    {"second", "second", "nothing"},
    {"an-area", "an-area", "textarea"},
    {"a-template", "a-template", "template"},
    {"a/b", "a/b", "no-quotes"},
    {"behind", "behind", "behind-title"},

    {"in-comment", "in-comment", "comment"},
    {"in-template", "in-template", "in-template"},
    {"in-script", "in-script", "script"},
    {"in-style", "in-style", "style"},
    {"in-textarea", "in-textarea", "in-textarea"},
    {"in-value", "in-value", "value"},
    {"a-div", "a-div", "div"},
    {"an-image", "an-image", "img"},
    {"a-map", "a-map", "map"},
    {"a-form", "a-form", "form"},
    {"a-datum", "a-datum", "data"},
    {"in-end-tag", "in-end-tag", "end-tag"},
    {"missing", "missing", "nothing"},
};

const size_t check_fragment_count = sizeof check_fragments / sizeof *check_fragments;

size_t check_anchor_of(const struct check_fragment *fragment)
{
	size_t i = 0;
	while (strcmp(check_anchors[i].name, fragment->anchor) != 0) {
		i++;
		assert(i < check_anchor_count);
	}
	return i;
}
