/* Loads SQLite when it is first needed, since only a run with a state file needs it. */
#ifndef AREQ_STORE_SQLITE_H
#define AREQ_STORE_SQLITE_H

#include <sqlite3.h>

#define SQLITE_FUNCTIONS(X)                                                                                  \
	X(sqlite3_bind_blob64)                                                                               \
	X(sqlite3_bind_double)                                                                               \
	X(sqlite3_bind_int64)                                                                                \
	X(sqlite3_bind_null)                                                                                 \
	X(sqlite3_bind_text)                                                                                 \
	X(sqlite3_busy_handler)                                                                              \
	X(sqlite3_close)                                                                                     \
	X(sqlite3_column_blob)                                                                               \
	X(sqlite3_column_bytes)                                                                              \
	X(sqlite3_column_double)                                                                             \
	X(sqlite3_column_int64)                                                                              \
	X(sqlite3_column_text)                                                                               \
	X(sqlite3_column_type)                                                                               \
	X(sqlite3_create_function)                                                                           \
	X(sqlite3_db_config)                                                                                 \
	X(sqlite3_errmsg)                                                                                    \
	X(sqlite3_exec)                                                                                      \
	X(sqlite3_extended_errcode)                                                                          \
	X(sqlite3_extended_result_codes)                                                                     \
	X(sqlite3_finalize)                                                                                  \
	X(sqlite3_open_v2)                                                                                   \
	X(sqlite3_prepare_v2)                                                                                \
	X(sqlite3_reset)                                                                                     \
	X(sqlite3_result_int64)                                                                              \
	X(sqlite3_step)                                                                                      \
	X(sqlite3_system_errno)                                                                              \
	X(sqlite3_user_data)                                                                                 \
	X(sqlite3_value_bytes)                                                                               \
	X(sqlite3_value_double)                                                                              \
	X(sqlite3_value_int64)                                                                               \
	X(sqlite3_value_text)                                                                                \
	X(sqlite3_value_type)                                                                                \
	X(sqlite3_wal_checkpoint_v2)                                                                         \
	X(sqlite3_wal_hook)

/* The functions of SQLite, under their own names. */
struct sqlite {
#define SQLITE_MEMBER(name) __typeof__(name) *(name);
	SQLITE_FUNCTIONS(SQLITE_MEMBER)
#undef SQLITE_MEMBER
};

/* Loads SQLite if it is not loaded yet. It stays loaded until the process ends. Returns NULL, or a message
 * that says why it cannot be loaded. */
const char *sqlite_load(void);

/* Returns the functions. sqlite_load must have succeeded before. */
const struct sqlite *sqlite_get(void);

#endif
