/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keyed hash: the values of SipHash-1-3 under a known secret, and different values for each process and secret. */
#include <check.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../suite.h"
#include "base/keyed_hash.h"

#define KEYS 4096

/* Expected values come from a second implementation, whose SipHash-2-4 yields the values of the paper. */
START_TEST(is_siphash_1_3)
{
	static const struct {
		size_t length;
		uint64_t hash;
	} expected[] = {
		{ 0, UINT64_C(0xabac0158050fc4dc) },  { 1, UINT64_C(0xc9f49bf37d57ca93) },
		{ 7, UINT64_C(0xd3927d989bb11140) },  { 8, UINT64_C(0x369095118d299a8e) },
		{ 15, UINT64_C(0xd320d86d2a519956) }, { 16, UINT64_C(0xcc4fdd1a7d908b66) },
		{ 63, UINT64_C(0x9d199062b7bbb3a8) },
	};
	uint8_t bytes[1 + 63];

	for (unsigned shift = 0; shift < 2; shift++) { /* aligned and not */
		for (unsigned i = 0; i < 63; i++)
			bytes[shift + i] = (uint8_t)i;
		for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
			uint8_t secret[KEYED_HASH_SECRET_BYTES];

			for (unsigned j = 0; j < sizeof(secret); j++)
				secret[j] = (uint8_t)j;
			ck_assert_uint_eq(keyed_hash_under(secret, bytes + shift, expected[i].length),
					  expected[i].hash);
		}
	}
}
END_TEST

static uint64_t hash_of_another_process(void)
{
	uint64_t hash = 0;
	int ends[2];
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		hash = keyed_hash_init() == 0 ? keyed_hash("key", 3) : 0;
		_exit(write(ends[1], &hash, sizeof(hash)) != sizeof(hash));
	}
	ck_assert_int_eq(read(ends[0], &hash, sizeof(hash)), sizeof(hash));
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	close(ends[0]);
	close(ends[1]);
	return hash;
}

START_TEST(differs_between_processes)
{
	uint64_t one = hash_of_another_process(), two = hash_of_another_process();

	ck_assert_uint_ne(one, 0);
	ck_assert_uint_ne(one, two);
	ck_assert_int_eq(keyed_hash_init(), 0);
	ck_assert_uint_ne(keyed_hash("key", 3), one);
	ck_assert_uint_eq(keyed_hash("key", 3), keyed_hash("key", 3));
}
END_TEST

/* Keys chosen to share a bucket of 4,096 under one secret are spread over all buckets under another. */
START_TEST(collisions_depend_on_the_secret)
{
	uint8_t known[KEYED_HASH_SECRET_BYTES] = { 0 };
	unsigned counts[KEYS] = { 0 }, most = 0, found = 0;

	ck_assert_int_eq(keyed_hash_init(), 0);
	for (uint64_t key = 0; found < 512; key++) {
		unsigned bucket = (unsigned)(keyed_hash(&key, sizeof(key)) % KEYS);

		if (keyed_hash_under(known, &key, sizeof(key)) % KEYS != 0)
			continue;
		found++;
		if (++counts[bucket] > most)
			most = counts[bucket];
	}
	ck_assert_uint_le(most, 8);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keyed_hash");
	TCase *tcase = tcase_create("all");

	tcase_add_test(tcase, is_siphash_1_3);
	tcase_add_test(tcase, differs_between_processes);
	tcase_add_test(tcase, collisions_depend_on_the_secret);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
