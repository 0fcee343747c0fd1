/* Loads a shared library when it is first needed, for libraries that few runs use. */
#ifndef AREQ_BASE_LIBRARY_H
#define AREQ_BASE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/* A function of the library, and where its address goes. */
struct library_function {
	const char *name;
	void *address;    /* of a pointer to a function of the right type */
	bool is_optional; /* older versions of the library lack it; the pointer is NULL then */
};

/* Loads the library of that file name, such as "libxml2.so.2", and sets the pointers. It stays loaded until
 * the process ends. Returns NULL, or a message that says why it cannot be loaded. */
const char *library_load(const char *name, const struct library_function *functions, size_t count);

#endif
