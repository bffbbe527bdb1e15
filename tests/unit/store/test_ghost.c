/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of store/ghost.c: which hashes it remembers, and for how long. */
#include "store/ghost.h"

#include "../suite.h"

#define MIB (UINT64_C(1) << 20)
#define EXTENT_BYTES ((size_t)65536)

static struct ghost ghost;

static uint64_t hash_of(uint64_t i)
{
	i = (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
	return i ^ i >> 29;
}

static void setup(void)
{
	ck_assert_int_eq(ghost_init(&ghost, 16 * MIB), 0);
}

static void teardown(void)
{
	ghost_fini(&ghost);
}

START_TEST(an_added_hash_is_found_once)
{
	ck_assert(!ghost_take(&ghost, hash_of(1)));
	ghost_add(&ghost, hash_of(1), EXTENT_BYTES);
	ghost_add(&ghost, hash_of(1), EXTENT_BYTES);
	ck_assert(ghost_take(&ghost, hash_of(1)));
	ck_assert(!ghost_take(&ghost, hash_of(1)));
}
END_TEST

/* 16 MiB are 256 extents: nearly all of the last 200 are known, and none before the last 256. */
START_TEST(remembers_the_configured_bytes)
{
	unsigned known = 0;

	for (uint64_t i = 0; i < 1000; i++)
		ghost_add(&ghost, hash_of(i), EXTENT_BYTES);
	for (uint64_t i = 800; i < 1000; i++)
		known += ghost_take(&ghost, hash_of(i));
	ck_assert_uint_ge(known, 190);
	for (uint64_t i = 0; i < 740; i++)
		ck_assert(!ghost_take(&ghost, hash_of(i)));
}
END_TEST

START_TEST(unknown_hashes_are_rarely_found)
{
	unsigned known = 0;

	for (uint64_t i = 0; i < 1000; i++)
		ghost_add(&ghost, hash_of(i), EXTENT_BYTES);
	for (uint64_t i = 10000; i < 110000; i++)
		known += ghost_take(&ghost, hash_of(i));
	ck_assert_uint_le(known, 1);
}
END_TEST

/* The clock wraps after 16 TiB. */
START_TEST(the_clock_may_wrap)
{
	ghost.clock_bytes = (UINT64_C(1) << 44) - EXTENT_BYTES;
	ghost_add(&ghost, hash_of(1), EXTENT_BYTES / 2);
	ghost_add(&ghost, hash_of(2), 8 * MIB);
	ck_assert(ghost_take(&ghost, hash_of(1)));
	ck_assert(ghost_take(&ghost, hash_of(2)));
}
END_TEST

/* A ghost of another size knows what this one knew: the last 100 extents. */
START_TEST(can_be_copied_to_another_size)
{
	static const uint64_t sizes[] = { 4 * MIB, 16 * MIB, 256 * MIB, 1024 * MIB };
	unsigned known = 0, strangers = 0;
	struct ghost other;

	for (uint64_t i = 0; i < 1000; i++)
		ghost_add(&ghost, hash_of(i), EXTENT_BYTES / 4);
	ck_assert_int_eq(ghost_init(&other, sizes[_i]), 0);
	for (uint32_t set = 0; ghost_adopt(&other, &ghost, &set);)
		;
	for (uint64_t i = 900; i < 1000; i++)
		known += ghost_take(&other, hash_of(i));
	for (uint64_t i = 10000; i < 110000; i++)
		strangers += ghost_take(&other, hash_of(i));
	ghost_fini(&other);
	ck_assert_uint_ge(known, 90);
	ck_assert_uint_le(strangers, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ghost");
	TCase *tests = tcase_create("ghost");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, an_added_hash_is_found_once);
	tcase_add_test(tests, remembers_the_configured_bytes);
	tcase_add_test(tests, unknown_hashes_are_rarely_found);
	tcase_add_test(tests, the_clock_may_wrap);
	tcase_add_loop_test(tests, can_be_copied_to_another_size, 0, 4);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
