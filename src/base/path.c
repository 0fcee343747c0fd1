#include "base/path.h"

#include "base/alloc.h"
#include "base/buf.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *path_sibling(const char *path, const char *name)
{
	struct buf joined;
	const char *slash = *name == '/' ? NULL : strrchr(path, '/');
	buf_init(&joined, SIZE_MAX / 2);
	buf_append(&joined, path, slash ? (size_t)(slash - path) + 1 : 0);
	buf_append_text(&joined, name);
	return joined.data;
}

char *path_resolve_links(const char *path)
{
	char *target = alloc_copy(path, strlen(path));
	char link[PATH_MAX];
	/* The number of links is limited, since another process may turn them into a circle at any time. */
	for (int left = 40; left > 0; left--) {
		ssize_t len = readlink(target, link, sizeof link - 1);
		if (len < 0)
			break;
		link[len] = '\0';
		char *next = path_sibling(target, link);
		free(target);
		target = next;
	}
	return target;
}
