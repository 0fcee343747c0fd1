#include "base/readfile.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { READ_SIZE = 4096 };

/* 0 at the end, or how many bytes came, or -1. */
static ssize_t read_more(int fd, struct buf *text)
{
	char *room = buf_reserve(text, READ_SIZE);
	if (!room) {
		errno = EFBIG;
		return -1;
	}
	ssize_t got;
	do
		got = read(fd, room, READ_SIZE);
	while (got < 0 && errno == EINTR);
	if (got > 0)
		text->len += (size_t)got;
	return got;
}

bool readfile_whole(const char *name, struct buf *text)
{
	ssize_t got = -1;
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	buf_append_text(text, "");
	if (fd < 0)
		return false;
	while ((got = read_more(fd, text)) > 0)
		;
	int error = errno;
	text->data[text->len] = '\0';
	close(fd);
	errno = error;
	return got == 0;
}
