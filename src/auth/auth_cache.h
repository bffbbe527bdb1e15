/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A cache of the results of recent password checks. Its size is fixed; a new entry evicts the one that expires first.
 * The cache has no lock: its owner (login.c) serialises all calls.
 */
#ifndef AUTH_AUTH_CACHE_H
#define AUTH_AUTH_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#define AUTH_CACHE_KEY_BYTES 32

struct auth_cache;

enum auth_cache_result { AUTH_CACHE_UNKNOWN, AUTH_CACHE_VALID, AUTH_CACHE_INVALID };

/* Returns 0, and the caller owns *cache, or -ENOMEM. */
int auth_cache_new(struct auth_cache **cache);
/* Wipes and frees the cache. NULL is allowed. */
void auth_cache_free(struct auth_cache *cache);

/*
 * Returns the cached result for these credentials. The key is a keyed hash, so a client cannot choose any of its bits.
 * The generation is that of the password file: a result is valid for one generation only. now_ns: clock_now_ns().
 */
enum auth_cache_result auth_cache_find(const struct auth_cache *cache, const uint8_t key[AUTH_CACHE_KEY_BYTES],
				       uint64_t generation, uint64_t now_ns);
/* Stores a result: a valid login for 60 s, an invalid one for 10 s. */
void auth_cache_store(struct auth_cache *cache, const uint8_t key[AUTH_CACHE_KEY_BYTES], uint64_t generation, bool good,
		      uint64_t now_ns);

#endif
