/* The scripts that Redis runs, which are written in the files src/store/redis_*.lua. The Makefile builds them
 * into the program; each is a text that ends with a NUL. */
#ifndef AREQ_STORE_REDIS_LUA_H
#define AREQ_STORE_REDIS_LUA_H

extern const char redis_lua_common[]; /* what begins each of the others */
extern const char redis_lua_hello[];
extern const char redis_lua_join[];
extern const char redis_lua_status[];
extern const char redis_lua_work[];
extern const char redis_lua_write[];

#endif
