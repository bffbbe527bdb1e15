/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two tables of four-way sets, so that no flood of wrong guesses drives a right one out: what is kept of those is of
 * use only for a client that repeats itself. A key is a keyed hash, so its first bytes choose the set, and comparing it
 * tells a guesser nothing.
 */
#include "auth/verdicts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define WAYS 4
#define GOOD_SETS 256
#define BAD_SETS 64
#define GOOD_NS (60 * CLOCK_NS_PER_S)
#define BAD_NS (10 * CLOCK_NS_PER_S)

struct kept {
	uint8_t key[VERDICTS_KEY_BYTES];
	uint64_t generation;
	uint64_t until_ns; /* 0: nothing is here */
};

struct verdicts {
	struct kept good[GOOD_SETS][WAYS], bad[BAD_SETS][WAYS];
};

int verdicts_new(struct verdicts **verdicts)
{
	*verdicts = calloc(1, sizeof(**verdicts));
	return *verdicts != NULL ? 0 : -ENOMEM;
}

void verdicts_free(struct verdicts *verdicts)
{
	if (verdicts != NULL)
		explicit_bzero(verdicts, sizeof(*verdicts));
	free(verdicts);
}

static unsigned set_of(const uint8_t key[VERDICTS_KEY_BYTES], unsigned sets)
{
	return ((unsigned)key[0] << 8 | key[1]) % sets;
}

static bool holds(const struct kept *set, const uint8_t key[VERDICTS_KEY_BYTES], uint64_t generation, uint64_t now_ns)
{
	for (unsigned i = 0; i < WAYS; i++)
		if (set[i].until_ns > now_ns && set[i].generation == generation &&
		    memcmp(set[i].key, key, VERDICTS_KEY_BYTES) == 0)
			return true;
	return false;
}

enum verdict verdicts_find(const struct verdicts *verdicts, const uint8_t key[VERDICTS_KEY_BYTES], uint64_t generation,
			   uint64_t now_ns)
{
	if (holds(verdicts->good[set_of(key, GOOD_SETS)], key, generation, now_ns))
		return VERDICT_GOOD;
	return holds(verdicts->bad[set_of(key, BAD_SETS)], key, generation, now_ns) ? VERDICT_BAD : VERDICT_NONE;
}

/* In place of the same one, or of the one that ends first. */
static void put(struct kept *set, const uint8_t key[VERDICTS_KEY_BYTES], uint64_t generation, uint64_t until_ns)
{
	struct kept *place = &set[0];

	for (unsigned i = 0; i < WAYS; i++) {
		bool same = memcmp(set[i].key, key, VERDICTS_KEY_BYTES) == 0;

		if (same || set[i].until_ns < place->until_ns)
			place = &set[i];
		if (same)
			break;
	}
	memcpy(place->key, key, VERDICTS_KEY_BYTES);
	place->generation = generation;
	place->until_ns = until_ns;
}

void verdicts_keep(struct verdicts *verdicts, const uint8_t key[VERDICTS_KEY_BYTES], uint64_t generation, bool good,
		   uint64_t now_ns)
{
	if (good)
		put(verdicts->good[set_of(key, GOOD_SETS)], key, generation, now_ns + GOOD_NS);
	else
		put(verdicts->bad[set_of(key, BAD_SETS)], key, generation, now_ns + BAD_NS);
}
