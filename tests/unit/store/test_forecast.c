/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of store/forecast.c: which bytes it expects for readers of different rates. */
#include "store/forecast.h"

#include "../suite.h"
#include "base/clock.h"

#define MIB (UINT64_C(1) << 20)
#define CACHE_BYTES (64 * MIB) /* a reader expects at most 32 MiB, in regions of 1 MiB */
#define FILE_BYTES (1000 * MIB)

static const struct file_version version = { .device = 1, .inode = 7, .size = FILE_BYTES };
static struct forecast *forecast;
static struct forecast_reader reader;
static uint64_t now_ns;

static void setup(void)
{
	ck_assert_int_eq(forecast_new(&forecast, CACHE_BYTES), 0);
	forecast_begin(&reader, forecast, &version, FILE_BYTES);
	now_ns = CLOCK_NS_PER_S;
}

/* All counters are zero at the end. */
static void teardown(void)
{
	forecast_pause(&reader);
	for (uint64_t at = 0; at < FILE_BYTES; at += MIB)
		ck_assert(!forecast_expects(forecast, &version, at));
	forecast_free(forecast);
}

/* Moves the reader from `from` to `to` in steps of 256 KiB, at this rate. */
static void advance(uint64_t from, uint64_t to, uint64_t bytes_per_s)
{
	for (uint64_t at = from; at <= to; at += MIB / 4) {
		forecast_move(&reader, at, now_ns);
		now_ns += MIB / 4 * CLOCK_NS_PER_S / bytes_per_s;
	}
}

static unsigned expected_count(void)
{
	unsigned count = 0;

	for (uint64_t at = 0; at < FILE_BYTES; at += MIB)
		count += forecast_expects(forecast, &version, at);
	return count;
}

START_TEST(a_fast_reader_expects_half_of_the_cache)
{
	advance(0, 100 * MIB, 100 * MIB);
	ck_assert(!forecast_expects(forecast, &version, 99 * MIB));
	ck_assert(forecast_expects(forecast, &version, 100 * MIB));
	ck_assert(forecast_expects(forecast, &version, 132 * MIB));
	ck_assert(!forecast_expects(forecast, &version, 134 * MIB));
}
END_TEST

/* 8 s of 1 MiB/s. */
START_TEST(a_slow_reader_expects_little)
{
	advance(0, 20 * MIB, MIB);
	ck_assert(forecast_expects(forecast, &version, 27 * MIB));
	ck_assert_uint_le(expected_count(), 10);
}
END_TEST

START_TEST(a_reader_that_slows_down_expects_less)
{
	advance(0, 100 * MIB, 100 * MIB);
	advance(100 * MIB, 104 * MIB, MIB);
	ck_assert_uint_le(expected_count(), 10);
}
END_TEST

START_TEST(a_stalled_reader_expects_nothing_until_it_moves)
{
	advance(0, 100 * MIB, 100 * MIB);
	forecast_pause(&reader);
	ck_assert_uint_eq(expected_count(), 0);
	advance(100 * MIB, 130 * MIB, 100 * MIB);
	ck_assert_uint_gt(expected_count(), 30);
}
END_TEST

START_TEST(nothing_is_expected_after_the_end)
{
	reader.end = 110 * MIB;
	advance(0, 100 * MIB, 100 * MIB);
	ck_assert(forecast_expects(forecast, &version, 109 * MIB));
	ck_assert(!forecast_expects(forecast, &version, 110 * MIB));
	advance(100 * MIB, 110 * MIB, 100 * MIB);
	ck_assert_uint_eq(expected_count(), 0);
}
END_TEST

/* Each move is beyond everything that was expected, or before it. */
START_TEST(a_reader_may_jump)
{
	for (unsigned i = 0; i < 300; i++) {
		forecast_move(&reader, (i * 377 % 1000) * MIB, now_ns);
		ck_assert(forecast_expects(forecast, &version, (i * 377 % 1000) * MIB));
		now_ns += CLOCK_NS_PER_S / 10;
	}
}
END_TEST

START_TEST(two_readers_count_separately)
{
	struct forecast_reader other;

	forecast_begin(&other, forecast, &version, FILE_BYTES);
	forecast_move(&other, 50 * MIB, now_ns);
	forecast_move(&reader, 50 * MIB, now_ns);
	forecast_pause(&other);
	ck_assert(forecast_expects(forecast, &version, 50 * MIB));
	forecast_pause(&reader);
	ck_assert(!forecast_expects(forecast, &version, 50 * MIB));
}
END_TEST

START_TEST(other_versions_are_not_expected)
{
	struct file_version later = version;

	later.mtime_ns = 1;
	advance(0, 100 * MIB, 100 * MIB);
	ck_assert(!forecast_expects(forecast, &later, 110 * MIB));
}
END_TEST

/* A reader that has not begun costs nothing and expects nothing. */
START_TEST(an_empty_reader_is_allowed)
{
	struct forecast_reader none = { 0 };

	forecast_move(&none, 5 * MIB, now_ns);
	forecast_pause(&none);
	ck_assert_uint_eq(expected_count(), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("forecast");
	TCase *tests = tcase_create("forecast");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_fast_reader_expects_half_of_the_cache);
	tcase_add_test(tests, a_slow_reader_expects_little);
	tcase_add_test(tests, a_reader_that_slows_down_expects_less);
	tcase_add_test(tests, a_stalled_reader_expects_nothing_until_it_moves);
	tcase_add_test(tests, nothing_is_expected_after_the_end);
	tcase_add_test(tests, a_reader_may_jump);
	tcase_add_test(tests, two_readers_count_separately);
	tcase_add_test(tests, other_versions_are_not_expected);
	tcase_add_test(tests, an_empty_reader_is_allowed);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
