#include "report.h"

#include <string.h>

json_t *report_line(const struct run_result *result, const char *url)
{
	for (const char *at = result->out; *at; at += strcspn(at, "\n") + 1) {
		json_t *line = json_loads(at, JSON_DISABLE_EOF_CHECK, NULL);
		const char *source = json_string_value(json_object_get(line, "url"));
		if (source && strcmp(source, url) == 0)
			return line;
		json_decref(line);
	}
	return NULL;
}
