#include "scratch.h"

#include "base/alloc.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *joined(const char *folder, const char *name)
{
	size_t size = strlen(folder) + strlen(name) + 2;
	char *path = alloc_array(size, 1);
	snprintf(path, size, "%s/%s", folder, name);
	return path;
}

void scratch_init(struct scratch *self)
{
	const char *parent = getenv("TMPDIR");
	*self = (struct scratch){.folder = joined(parent && *parent ? parent : "/tmp", "areq-test-XXXXXX")};
	cr_assert(mkdtemp(self->folder), "%s: %s", self->folder, strerror(errno));
}

void scratch_remove_tree(const char *folder)
{
	DIR *dir = opendir(folder);
	if (!dir)
		return;
	for (struct dirent *entry; (entry = readdir(dir));) {
		struct stat about;
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		char *path = joined(folder, entry->d_name);
		if (lstat(path, &about) == 0 && S_ISDIR(about.st_mode))
			scratch_remove_tree(path);
		else
			unlink(path);
		free(path);
	}
	closedir(dir);
	rmdir(folder);
}

void scratch_release(struct scratch *self)
{
	scratch_remove_tree(self->folder);
	for (size_t i = 0; i < self->count; i++)
		free(self->names[i]);
	free(self->names);
	free(self->folder);
	*self = (struct scratch){0};
}

const char *scratch_path(struct scratch *self, const char *name)
{
	self->names = alloc_resize(self->names, self->count + 1, sizeof *self->names);
	self->names[self->count] = joined(self->folder, name);
	return self->names[self->count++];
}

static const char *put(
    struct scratch *self, const char *name, const char *bytes, size_t len, const char *mode)
{
	const char *path = scratch_path(self, name);
	FILE *file = fopen(path, mode);
	cr_assert(file, "%s: %s", path, strerror(errno));
	bool good = fwrite(bytes, 1, len, file) == len;
	good = fclose(file) == 0 && good;
	cr_assert(good, "%s: %s", path, strerror(errno));
	return path;
}

const char *scratch_write_bytes(struct scratch *self, const char *name, const char *bytes, size_t len)
{
	return put(self, name, bytes, len, "wb");
}

const char *scratch_write(struct scratch *self, const char *name, const char *text)
{
	return put(self, name, text, strlen(text), "wb");
}

const char *scratch_append(struct scratch *self, const char *name, const char *text)
{
	return put(self, name, text, strlen(text), "ab");
}

char *scratch_read(struct scratch *self, const char *name, size_t *len)
{
	const char *path = scratch_path(self, name);
	FILE *file = fopen(path, "rb");
	cr_assert(file, "%s: %s", path, strerror(errno));
	size_t room = 4096, used = 0, got;
	char *bytes = alloc_array(room, 1);
	while ((got = fread(bytes + used, 1, room - used - 1, file)) > 0) {
		used += got;
		if (used + 1 == room)
			bytes = alloc_resize(bytes, room *= 2, 1);
	}
	bool failed = ferror(file) != 0;
	fclose(file);
	cr_assert(!failed, "%s: cannot be read", path);
	bytes[used] = '\0';
	if (len)
		*len = used;
	return bytes;
}

void scratch_expect(struct scratch *self, const char *name, const char *expected)
{
	char *content = scratch_read(self, name, NULL);
	cr_expect_str_eq(content, expected, "%s holds\n%s", name, content);
	free(content);
}

bool scratch_exists(struct scratch *self, const char *name)
{
	struct stat about;
	return lstat(scratch_path(self, name), &about) == 0;
}
