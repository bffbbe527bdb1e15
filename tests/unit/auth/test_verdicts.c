/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is remembered of credentials: for how long, for which file, and what a flood of wrong ones does to it. */
#include "auth/verdicts.h"

#include <string.h>

#include "../suite.h"
#include "base/clock.h"

#define S CLOCK_NS_PER_S

static struct verdicts *verdicts;

static void setup(void)
{
	ck_assert_int_eq(verdicts_new(&verdicts), 0);
}

static void teardown(void)
{
	verdicts_free(verdicts);
}

static const uint8_t *key_of(unsigned number)
{
	static uint8_t key[VERDICTS_KEY_BYTES];
	uint32_t hash = number * 2654435761u; /* spread, as a hash would be */
	memset(key, 0, sizeof(key));
	memcpy(key, &hash, sizeof(hash));
	memcpy(key + 8, &number, sizeof(number));
	return key;
}

START_TEST(good_ones_hold_for_a_minute_and_bad_ones_for_ten_seconds)
{
	verdicts_keep(verdicts, key_of(1), 1, true, 5 * S);
	verdicts_keep(verdicts, key_of(2), 1, false, 5 * S);
	ck_assert_int_eq(verdicts_find(verdicts, key_of(1), 1, 5 * S), VERDICT_GOOD);
	ck_assert_int_eq(verdicts_find(verdicts, key_of(1), 1, 64 * S), VERDICT_GOOD);
	ck_assert_int_eq(verdicts_find(verdicts, key_of(1), 1, 65 * S), VERDICT_NONE);
	ck_assert_int_eq(verdicts_find(verdicts, key_of(2), 1, 14 * S), VERDICT_BAD);
	ck_assert_int_eq(verdicts_find(verdicts, key_of(2), 1, 15 * S), VERDICT_NONE);
	ck_assert_int_eq(verdicts_find(verdicts, key_of(3), 1, 5 * S), VERDICT_NONE);
}
END_TEST

START_TEST(another_file_is_another_verdict)
{
	verdicts_keep(verdicts, key_of(1), 1, true, 0);
	ck_assert_int_eq(verdicts_find(verdicts, key_of(1), 2, 1), VERDICT_NONE);
	verdicts_keep(verdicts, key_of(1), 2, false, 0);
	ck_assert_int_eq(verdicts_find(verdicts, key_of(1), 2, 1), VERDICT_BAD);
}
END_TEST

START_TEST(a_key_that_shares_its_beginning_is_another)
{
	uint8_t key[VERDICTS_KEY_BYTES];
	memcpy(key, key_of(1), sizeof(key));
	verdicts_keep(verdicts, key, 1, true, 0);
	key[VERDICTS_KEY_BYTES - 1] ^= 1;
	ck_assert_int_eq(verdicts_find(verdicts, key, 1, 1), VERDICT_NONE);
}
END_TEST

START_TEST(wrong_guesses_drive_no_right_one_out)
{
	for (unsigned i = 0; i < 100; i++)
		verdicts_keep(verdicts, key_of(i), 1, true, i);
	for (unsigned i = 1000; i < 50000; i++)
		verdicts_keep(verdicts, key_of(i), 1, false, i);
	for (unsigned i = 0; i < 100; i++)
		ck_assert_int_eq(verdicts_find(verdicts, key_of(i), 1, 50000), VERDICT_GOOD);
}
END_TEST

START_TEST(the_oldest_gives_way)
{
	unsigned left = 0;
	for (unsigned i = 0; i < 100000; i++)
		verdicts_keep(verdicts, key_of(i), 1, true, i);
	for (unsigned i = 0; i < 100000; i++)
		left += verdicts_find(verdicts, key_of(i), 1, 100000) == VERDICT_GOOD;
	ck_assert_uint_eq(left, 1024);
	ck_assert_int_eq(verdicts_find(verdicts, key_of(99999), 1, 100000), VERDICT_GOOD);
	ck_assert_int_eq(verdicts_find(verdicts, key_of(0), 1, 100000), VERDICT_NONE);
}
END_TEST

START_TEST(the_same_takes_no_second_place)
{
	uint8_t other[VERDICTS_KEY_BYTES];
	memcpy(other, key_of(1), sizeof(other));
	other[20] = 1; /* of the same set */
	verdicts_keep(verdicts, other, 1, true, 0);
	for (unsigned i = 1; i < 10; i++)
		verdicts_keep(verdicts, key_of(1), 1, true, i);
	ck_assert_int_eq(verdicts_find(verdicts, other, 1, 10), VERDICT_GOOD);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verdicts");
	TCase *t = tcase_create("verdicts");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, good_ones_hold_for_a_minute_and_bad_ones_for_ten_seconds);
	tcase_add_test(t, another_file_is_another_verdict);
	tcase_add_test(t, a_key_that_shares_its_beginning_is_another);
	tcase_add_test(t, wrong_guesses_drive_no_right_one_out);
	tcase_add_test(t, the_oldest_gives_way);
	tcase_add_test(t, the_same_takes_no_second_place);
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
