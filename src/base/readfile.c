#include "base/readfile.h"

#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { READ_SIZE = 4096 };

/* Returns the number of bytes read, 0 at the end of the file, or -1 with errno. */
static ssize_t read_more(int fd, struct buf *text)
{
	char *room = buf_reserve(text, READ_SIZE);
	if (!room) {
		errno = EFBIG;
		return -1;
	}
	ssize_t got = -1;
	do {
		if (stop_wait_for(fd, POLLIN))
			got = read(fd, room, READ_SIZE);
		else
			errno = stop_is_due() ? ECANCELED : EAGAIN;
	} while (got < 0 && (errno == EINTR || errno == EAGAIN));
	if (got > 0)
		text->len += (size_t)got;
	return got;
}

bool readfile_whole(const char *name, struct buf *text)
{
	ssize_t got = -1;
	/* Without O_NONBLOCK, open(2) of a named pipe would block until the pipe has a writer. */
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
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

const char *readfile_error_text(int error)
{
	return error == ECANCELED ? "nothing came until the run was to end" : strerror(error);
}
