/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A cache of the results of password checks. login.c owns the cache and uses it under the lock of struct login.
 *
 * The main idea: there are two four-way set-associative tables, one for valid and one for invalid credentials. A flood
 * of wrong passwords therefore evicts no valid entry. Invalid entries only help against a client that repeats the same
 * wrong password. The first bytes of a key select the set. A key is a keyed hash, so the duration of a comparison is of
 * no use to an attacker.
 */
#include "auth/auth_cache.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define WAYS 4
#define GOOD_SETS 256
#define BAD_SETS 64
#define GOOD_NS (60 * CLOCK_NS_PER_S)
#define BAD_NS (10 * CLOCK_NS_PER_S)

struct entry {
	uint8_t key[AUTH_CACHE_KEY_BYTES];
	uint64_t generation;
	uint64_t until_ns; /* time of expiry, or 0 for a free entry */
};

struct auth_cache {
	struct entry good[GOOD_SETS][WAYS], bad[BAD_SETS][WAYS];
};

int auth_cache_new(struct auth_cache **cache)
{
	*cache = calloc(1, sizeof(**cache));
	return *cache != NULL ? 0 : -ENOMEM;
}

void auth_cache_free(struct auth_cache *cache)
{
	if (cache != NULL)
		explicit_bzero(cache, sizeof(*cache));
	free(cache);
}

static unsigned set_of(const uint8_t key[AUTH_CACHE_KEY_BYTES], unsigned sets)
{
	return ((unsigned)key[0] << 8 | key[1]) % sets;
}

static bool contains(const struct entry *set, const uint8_t key[AUTH_CACHE_KEY_BYTES], uint64_t generation,
		     uint64_t now_ns)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (set[i].until_ns > now_ns && set[i].generation == generation &&
		    memcmp(set[i].key, key, AUTH_CACHE_KEY_BYTES) == 0)
			return true;
	return false;
}

enum auth_cache_result auth_cache_find(const struct auth_cache *cache, const uint8_t key[AUTH_CACHE_KEY_BYTES],
				       uint64_t generation, uint64_t now_ns)
{
	if (contains(cache->good[set_of(key, GOOD_SETS)], key, generation, now_ns))
		return AUTH_CACHE_VALID;
	return contains(cache->bad[set_of(key, BAD_SETS)], key, generation, now_ns) ? AUTH_CACHE_INVALID
										    : AUTH_CACHE_UNKNOWN;
}

/* Replaces the entry with the same key, or evicts the entry of the set that expires first. */
static void put(struct entry *set, const uint8_t key[AUTH_CACHE_KEY_BYTES], uint64_t generation, uint64_t until_ns)
{
	struct entry *place = &set[0];

	for (unsigned i = 0; i < WAYS; i++) {
		bool same = memcmp(set[i].key, key, AUTH_CACHE_KEY_BYTES) == 0;

		if (same || set[i].until_ns < place->until_ns)
			place = &set[i];
		if (same)
			break;
	}
	memcpy(place->key, key, AUTH_CACHE_KEY_BYTES);
	place->generation = generation;
	place->until_ns = until_ns;
}

void auth_cache_store(struct auth_cache *cache, const uint8_t key[AUTH_CACHE_KEY_BYTES], uint64_t generation, bool good,
		      uint64_t now_ns)
{
	if (good)
		put(cache->good[set_of(key, GOOD_SETS)], key, generation, now_ns + GOOD_NS);
	else
		put(cache->bad[set_of(key, BAD_SETS)], key, generation, now_ns + BAD_NS);
}
