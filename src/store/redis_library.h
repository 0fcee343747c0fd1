/* Loads hiredis when it is first needed, since only a run with a state in Redis needs it. Only its
 * asynchronous interface is used, which versions 0.14 and 1.x share. */
#ifndef AREQ_STORE_REDIS_LIBRARY_H
#define AREQ_STORE_REDIS_LIBRARY_H

#include <sys/time.h> /* the header of hiredis needs struct timeval */

#include <hiredis/async.h>
#include <hiredis/hiredis.h>

#define REDIS_LIBRARY_FUNCTIONS(X)                                                                           \
	X(redisAsyncConnect)                                                                                 \
	X(redisAsyncConnectUnix)                                                                             \
	X(redisAsyncFormattedCommand)                                                                        \
	X(redisAsyncFree)                                                                                    \
	X(redisAsyncHandleRead)                                                                              \
	X(redisAsyncHandleWrite)                                                                             \
	X(redisAsyncSetConnectCallback)                                                                      \
	X(redisAsyncSetDisconnectCallback)

/* The functions of hiredis, under their own names. */
struct redis_library {
#define REDIS_LIBRARY_MEMBER(name) __typeof__(name) *(name);
	REDIS_LIBRARY_FUNCTIONS(REDIS_LIBRARY_MEMBER)
#undef REDIS_LIBRARY_MEMBER
};

/* Loads hiredis if it is not loaded yet. It stays loaded until the process ends. Returns NULL, or a message
 * that says why it cannot be loaded. */
const char *redis_library_load(void);

/* Returns the functions. redis_library_load must have succeeded before. */
const struct redis_library *redis_library_get(void);

#endif
