/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cache of password checks: expiry, generations of the file, and eviction by a flood of invalid entries. */
#include "auth/auth_cache.h"

#include <string.h>

#include "../suite.h"
#include "base/clock.h"

#define S CLOCK_NS_PER_S

static struct auth_cache *cache;

static void setup(void)
{
	ck_assert_int_eq(auth_cache_new(&cache), 0);
}

static void teardown(void)
{
	auth_cache_free(cache);
}

static const uint8_t *key_of(unsigned number)
{
	static uint8_t key[AUTH_CACHE_KEY_BYTES];
	uint32_t hash = number * 2654435761u; /* distributed like a hash */
	memset(key, 0, sizeof(key));
	memcpy(key, &hash, sizeof(hash));
	memcpy(key + 8, &number, sizeof(number));
	return key;
}

START_TEST(valid_entries_expire_after_60_s_and_invalid_after_10_s)
{
	auth_cache_store(cache, key_of(1), 1, true, 5 * S);
	auth_cache_store(cache, key_of(2), 1, false, 5 * S);
	ck_assert_int_eq(auth_cache_find(cache, key_of(1), 1, 5 * S), AUTH_CACHE_VALID);
	ck_assert_int_eq(auth_cache_find(cache, key_of(1), 1, 64 * S), AUTH_CACHE_VALID);
	ck_assert_int_eq(auth_cache_find(cache, key_of(1), 1, 65 * S), AUTH_CACHE_UNKNOWN);
	ck_assert_int_eq(auth_cache_find(cache, key_of(2), 1, 14 * S), AUTH_CACHE_INVALID);
	ck_assert_int_eq(auth_cache_find(cache, key_of(2), 1, 15 * S), AUTH_CACHE_UNKNOWN);
	ck_assert_int_eq(auth_cache_find(cache, key_of(3), 1, 5 * S), AUTH_CACHE_UNKNOWN);
}
END_TEST

START_TEST(results_are_valid_for_one_generation)
{
	auth_cache_store(cache, key_of(1), 1, true, 0);
	ck_assert_int_eq(auth_cache_find(cache, key_of(1), 2, 1), AUTH_CACHE_UNKNOWN);
	auth_cache_store(cache, key_of(1), 2, false, 0);
	ck_assert_int_eq(auth_cache_find(cache, key_of(1), 2, 1), AUTH_CACHE_INVALID);
}
END_TEST

START_TEST(compares_the_whole_key)
{
	uint8_t key[AUTH_CACHE_KEY_BYTES];
	memcpy(key, key_of(1), sizeof(key));
	auth_cache_store(cache, key, 1, true, 0);
	key[AUTH_CACHE_KEY_BYTES - 1] ^= 1;
	ck_assert_int_eq(auth_cache_find(cache, key, 1, 1), AUTH_CACHE_UNKNOWN);
}
END_TEST

START_TEST(invalid_entries_evict_no_valid_one)
{
	for (unsigned i = 0; i < 100; i++)
		auth_cache_store(cache, key_of(i), 1, true, i);
	for (unsigned i = 1000; i < 50000; i++)
		auth_cache_store(cache, key_of(i), 1, false, i);
	for (unsigned i = 0; i < 100; i++)
		ck_assert_int_eq(auth_cache_find(cache, key_of(i), 1, 50000), AUTH_CACHE_VALID);
}
END_TEST

START_TEST(evicts_the_oldest_entry)
{
	unsigned left = 0;
	for (unsigned i = 0; i < 100000; i++)
		auth_cache_store(cache, key_of(i), 1, true, i);
	for (unsigned i = 0; i < 100000; i++)
		left += auth_cache_find(cache, key_of(i), 1, 100000) == AUTH_CACHE_VALID;
	ck_assert_uint_eq(left, 1024);
	ck_assert_int_eq(auth_cache_find(cache, key_of(99999), 1, 100000), AUTH_CACHE_VALID);
	ck_assert_int_eq(auth_cache_find(cache, key_of(0), 1, 100000), AUTH_CACHE_UNKNOWN);
}
END_TEST

START_TEST(stores_a_key_once)
{
	uint8_t other[AUTH_CACHE_KEY_BYTES];
	memcpy(other, key_of(1), sizeof(other));
	other[20] = 1; /* in the same set */
	auth_cache_store(cache, other, 1, true, 0);
	for (unsigned i = 1; i < 10; i++)
		auth_cache_store(cache, key_of(1), 1, true, i);
	ck_assert_int_eq(auth_cache_find(cache, other, 1, 10), AUTH_CACHE_VALID);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("auth_cache");
	TCase *t = tcase_create("auth_cache");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, valid_entries_expire_after_60_s_and_invalid_after_10_s);
	tcase_add_test(t, results_are_valid_for_one_generation);
	tcase_add_test(t, compares_the_whole_key);
	tcase_add_test(t, invalid_entries_evict_no_valid_one);
	tcase_add_test(t, evicts_the_oldest_entry);
	tcase_add_test(t, stores_a_key_once);
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
