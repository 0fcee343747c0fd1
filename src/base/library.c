#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

const char *library_load(const char *name, const struct library_function *functions, size_t count)
{
	void *library = dlopen(name, RTLD_LAZY | RTLD_LOCAL);
	if (!library)
		return dlerror();
	for (size_t i = 0; i < count; i++) {
		void *address = dlsym(library, functions[i].name);
		if (!address && !functions[i].is_optional)
			return dlerror();
		memcpy(functions[i].address, &address, sizeof address);
	}
	return NULL;
}
