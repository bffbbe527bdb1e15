/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SipHash is a pseudorandom function. Without the secret, a client cannot compute collisions. Collisions that a client
 * finds by timing do not help to find further collisions. Common hash functions lack this property, even with a seed.
 * Python, Ruby and Rust use the same variant for their tables: one compression round and three finalization rounds.
 *
 * The secret is written once, before other threads start, and is only read afterwards.
 */
#include "base/keyed_hash.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

struct state {
	uint64_t v0, v1, v2, v3;
};

static uint8_t process_secret[KEYED_HASH_SECRET_BYTES];

int keyed_hash_init(void)
{
	uint8_t secret[KEYED_HASH_SECRET_BYTES];

	/* getrandom(2) does not truncate requests of up to 256 bytes */
	if (getrandom(secret, sizeof(secret), 0) != sizeof(secret))
		return -errno;
	memcpy(process_secret, secret, sizeof(secret));
	return 0;
}

static uint64_t rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static uint64_t load(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return le64toh(word);
}

static void mix(struct state *s)
{
	s->v0 += s->v1, s->v1 = rotate(s->v1, 13) ^ s->v0, s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3, s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3, s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1, s->v1 = rotate(s->v1, 17) ^ s->v2, s->v2 = rotate(s->v2, 32);
}

static void compress(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	mix(s);
	s->v0 ^= word;
}

/* Returns the bytes after the last whole word, with the low byte of the length as the most significant byte. */
static uint64_t last_word(const uint8_t *rest, size_t length)
{
	uint8_t word[sizeof(uint64_t)] = { 0 };

	memcpy(word, rest, length % sizeof(word));
	word[sizeof(word) - 1] = (uint8_t)length;
	return load(word);
}

uint64_t keyed_hash_under(const uint8_t secret[KEYED_HASH_SECRET_BYTES], const void *bytes, size_t length)
{
	const uint8_t *at = bytes, *end = at + length / sizeof(uint64_t) * sizeof(uint64_t);
	uint64_t k0 = load(secret), k1 = load(secret + sizeof(uint64_t));
	struct state s = {
		.v0 = k0 ^ UINT64_C(0x736f6d6570736575),
		.v1 = k1 ^ UINT64_C(0x646f72616e646f6d),
		.v2 = k0 ^ UINT64_C(0x6c7967656e657261),
		.v3 = k1 ^ UINT64_C(0x7465646279746573),
	};

	for (; at != end; at += sizeof(uint64_t))
		compress(&s, load(at));
	compress(&s, last_word(at, length));
	s.v2 ^= 0xff;
	for (unsigned i = 0; i < 3; i++)
		mix(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t keyed_hash(const void *bytes, size_t length)
{
	return keyed_hash_under(process_secret, bytes, length);
}
