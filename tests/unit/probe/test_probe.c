/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of ranged-probe without I/O: the pattern, the histogram of durations, and the rules of the verdict. */
#include "probe/pattern.h"
#include "probe/times.h"
#include "probe/verdict.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"

static uint64_t words[512];
static uint8_t *const bytes = (uint8_t *)words;

START_TEST(pattern_detects_wrong_bytes)
{
	probe_pattern_fill(7, 4096, words, sizeof(words));
	ck_assert_uint_eq(probe_pattern_right(7, 4096, words, sizeof(words)), sizeof(words));
	for (size_t at = 0; at < sizeof(words); at += 37) {
		bytes[at] ^= 1;
		ck_assert_uint_eq(probe_pattern_right(7, 4096, words, sizeof(words)), at);
		bytes[at] ^= 1;
	}
}
END_TEST

/* Bytes of another run or of another offset are detected. */
START_TEST(pattern_depends_on_the_offset)
{
	probe_pattern_fill(7, 4096, words, sizeof(words));
	ck_assert_uint_lt(probe_pattern_right(8, 4096, words, sizeof(words)), 8);
	ck_assert_uint_lt(probe_pattern_right(7, 8192, words, sizeof(words)), 8);
}
END_TEST

START_TEST(buckets_are_ordered)
{
	unsigned last = 0;

	for (uint64_t ns = 0; ns < UINT64_C(1) << 41; ns += 1 + ns / 100) {
		unsigned bucket = probe_times_bucket(ns);

		ck_assert_uint_ge(bucket, last);
		ck_assert_uint_lt(bucket, PROBE_TIMES_BUCKETS);
		ck_assert_uint_ge(probe_times_upper_ns(bucket), ns);
		ck_assert_uint_le(probe_times_upper_ns(bucket), ns + ns / 32);
		ck_assert(bucket == 0 || probe_times_upper_ns(bucket - 1) < ns);
		last = bucket;
	}
	ck_assert_uint_eq(probe_times_bucket(UINT64_MAX), PROBE_TIMES_BUCKETS - 1);
}
END_TEST

START_TEST(quantiles)
{
	static struct probe_times times;

	ck_assert_uint_eq(probe_times_quantile_ns(&times, 50), 0);
	for (uint64_t us = 1; us <= 1000; us++)
		probe_times_add(&times, us * 1000);
	ck_assert_uint_ge(probe_times_quantile_ns(&times, 50), 500000);
	ck_assert_uint_le(probe_times_quantile_ns(&times, 50), 516000);
	ck_assert_uint_ge(probe_times_quantile_ns(&times, 99), 990000);
	ck_assert_uint_eq(probe_times_quantile_ns(&times, 100), 1000000);
	ck_assert_uint_eq(times.longest_ns, 1000000);
}
END_TEST

/* Returns the result of a disk without problems that needs 8 ms for a read. */
static struct probe_result good_result(void)
{
	struct probe_result result = { .measured = true, .resident = 0, .calibration = { .depth = 32 } };

	result.cells[PROBE_SIZE_64K][0] =
		(struct probe_cell){ .reads = 100, .p50_ns = 8000000, .submit_p50_ns = 20000 };
	result.submits =
		(struct probe_submits){ .count = 5000, .p50_ns = 20000, .p99_ns = 100000, .longest_ns = 15000000 };
	return result;
}

static struct probe_verdict verdict;

static void reach(const struct probe_result *result)
{
	ck_assert_int_eq(probe_verdict_reach(result, &verdict), 0);
}

/* The limits of this host can cause further warnings. */
static bool is_warned(const char *id)
{
	for (unsigned i = 0; i < verdict.warning_count; i++) {
		if (strcmp(verdict.warnings[i].id, id) == 0)
			return true;
	}
	return false;
}

START_TEST(blocking)
{
	struct probe_result result = good_result();

	reach(&result);
	ck_assert_int_eq(verdict.blocking, PROBE_BLOCKS_NEVER);
	result.submits.slow_count = 17; /* of 5000 calls, one less than the limit of ranged */
	reach(&result);
	ck_assert_int_eq(verdict.blocking, PROBE_BLOCKS_NEVER);
	result.submits.slow_count = 18;
	reach(&result);
	ck_assert_int_eq(verdict.blocking, PROBE_BLOCKS_SOMETIMES);
	ck_assert(is_warned("io-submit-blocks"));
	result.submits.slow_count = 0;
	result.submits.p99_ns = 9000000;
	reach(&result);
	ck_assert_int_eq(verdict.blocking, PROBE_BLOCKS_SOMETIMES);
	result.cells[PROBE_SIZE_64K][0].submit_p50_ns = 7900000;
	reach(&result);
	ck_assert_int_eq(verdict.blocking, PROBE_BLOCKS_ALWAYS);
	ck_assert(is_warned("io-submit-synchronous"));
	ck_assert_int_eq(verdict.suitability, PROBE_WITH_CARE);
}
END_TEST

START_TEST(direct)
{
	static const char *const ids[] = { NULL, "page-cache", "memory", "no-direct" };
	struct probe_result result = good_result();

	for (int kind = PROBE_DIRECT_REAL; kind <= PROBE_DIRECT_NONE; kind++) {
		result.file.direct = (enum probe_direct)kind;
		result.measured = kind <= PROBE_DIRECT_BUFFERED;
		reach(&result);
		ck_assert(ids[kind] == NULL || is_warned(ids[kind]));
		ck_assert_int_eq(verdict.suitability == PROBE_POORLY, !result.measured);
	}
}
END_TEST

START_TEST(limits)
{
	struct probe_result result = good_result();

	result.calibration.depth = 1u << 30;
	reach(&result);
	ck_assert(verdict.limits.aio_max == 0 || is_warned("aio-max-nr"));
	ck_assert_uint_eq(is_warned("open-files"), verdict.limits.files_hard < verdict.limits.files_needed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("probe");
	TCase *tests = tcase_create("probe");

	tcase_add_test(tests, pattern_detects_wrong_bytes);
	tcase_add_test(tests, pattern_depends_on_the_offset);
	tcase_add_test(tests, buckets_are_ordered);
	tcase_add_test(tests, quantiles);
	tcase_add_test(tests, blocking);
	tcase_add_test(tests, direct);
	tcase_add_test(tests, limits);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
