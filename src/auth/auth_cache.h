/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A cache of the results of recent password checks. Its size is fixed. A new entry evicts the entry of its set that
 * expires first. The cache has no lock: its owner (login.c) serialises all calls.
 */
#ifndef AUTH_AUTH_CACHE_H
#define AUTH_AUTH_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#define AUTH_CACHE_KEY_BYTES 32

struct auth_cache;

enum auth_cache_result { AUTH_CACHE_UNKNOWN, AUTH_CACHE_VALID, AUTH_CACHE_INVALID };

/* Returns 0 or -ENOMEM. On success, the caller owns *cache. */
int auth_cache_new(struct auth_cache **cache);
/* Wipes and frees the cache. NULL is allowed. */
void auth_cache_free(struct auth_cache *cache);

/*
 * Returns the cached result for these credentials. The key is a keyed hash, so a client cannot choose any of its bits.
 * A result is valid for only one generation of the password file. now_ns is the current time of clock_now_ns().
 */
enum auth_cache_result auth_cache_find(const struct auth_cache *cache, const uint8_t key[AUTH_CACHE_KEY_BYTES],
				       uint64_t generation, uint64_t now_ns);
/* Stores a result. A valid login expires after 60 s, an invalid login after 10 s. */
void auth_cache_store(struct auth_cache *cache, const uint8_t key[AUTH_CACHE_KEY_BYTES], uint64_t generation, bool good,
		      uint64_t now_ns);

#endif
