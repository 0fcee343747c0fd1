#ifndef AREQ_BASE_PATH_H
#define AREQ_BASE_PATH_H

/* The path of the file `name` in the folder of `path`, or `name` if that is absolute; for free(3). */
char *path_sibling(const char *path, const char *name);

/* Follows the symbolic links that the last part of path is, and returns the path of the file that they lead
 * to, which need not exist; for free(3). realpath(3) fails for a link to a file that does not exist yet. */
char *path_resolve_links(const char *path);

#endif
