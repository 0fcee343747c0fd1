#include "store/state_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum status state_fail(struct state *self, enum status status, const char *format, ...)
{
	va_list args;
	int len = snprintf(self->problem, sizeof self->problem, "%.500s: ", self->path);
	va_start(args, format);
	vsnprintf(self->problem + len, sizeof self->problem - (size_t)len, format, args);
	va_end(args);
	self->has_failed = true;
	return status;
}

const char *state_problem(const struct state *self)
{
	return self->problem;
}

enum status state_fail_damaged(struct state *self)
{
	return state_fail(self, STATUS_OUTPUT,
	    "this state file is damaged; restore a copy of it, or remove it to begin anew");
}

/* Writes the text of the error of the system that SQLite met, with a comma before it; nothing if there was
 * none. SQLite keeps that of a commit only in errno, which was 0 before. */
static void append_system_error(const struct state *self, int in_errno, char *text, size_t size)
{
	int kept = self->db ? self->sqlite->sqlite3_system_errno(self->db) : 0;
	int error = kept ? kept : in_errno;
	text[0] = '\0';
	if (error)
		snprintf(text, size, ", %s", strerror(error));
}

enum status state_fail_sqlite(struct state *self)
{
	char system_error[256];
	int in_errno = errno;
	int code = self->db ? self->sqlite->sqlite3_extended_errcode(self->db) : SQLITE_NOMEM;
	append_system_error(self, in_errno, system_error, sizeof system_error);
	if (code == SQLITE_IOERR_NOMEM)
		code = SQLITE_NOMEM;
	switch (code & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
	case SQLITE_ERROR: /* such as a table that is not there */
		return state_fail_damaged(self);
	case SQLITE_NOMEM:
		return state_fail(self, STATUS_MEMORY, "not enough memory for the state file");
	case SQLITE_FULL:
		return state_fail(self, STATUS_OUTPUT,
		    "the disk is full; make room, and the same command goes on with this run");
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return state_fail(self, STATUS_OUTPUT,
		    "another program keeps this state file locked; end it, and the same command goes on");
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return state_fail(self, STATUS_OUTPUT,
		    "SQLite cannot open this state file%s; areq has to write to it and to files beside it, "
		    "so its folder must be writable",
		    system_error);
	default:
		return state_fail(self, STATUS_OUTPUT,
		    "the state file cannot be read or written (SQLite: %s, code %d%s); once the disk works, "
		    "the same command goes on with this run",
		    self->sqlite->sqlite3_errmsg(self->db), code, system_error);
	}
}

enum status state_fail_newer(struct state *self)
{
	return state_fail(self, STATUS_USAGE,
	    "was written by a newer version of areq, which has to be used; or give another name");
}
