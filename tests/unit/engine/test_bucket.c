/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of token buckets: the units that they grant over time, alternately, and to several threads at once. */
#include "engine/bucket.h"

#include <pthread.h>

#include "../suite.h"
#include "base/clock.h"

#define MS CLOCK_NS_PER_MS
#define S CLOCK_NS_PER_S
#define START (1000 * S)

/* Returns the units that one user gets until `end_ns` by taking chunks of that size and waiting for each. */
static uint64_t take_until(struct bucket *bucket, const struct bucket_rate *rate, uint64_t piece, uint64_t end_ns)
{
	uint64_t taken = 0, now_ns = START;
	for (;;) {
		uint64_t at_ns = bucket_reserve(bucket, rate, piece, now_ns);
		if (at_ns > now_ns)
			now_ns = at_ns;
		if (now_ns >= end_ns)
			return taken;
		taken += piece;
	}
}

static const struct {
	uint64_t rate, piece;
} rates[] = { { 1, 1 },
	      { 1000, 1000 },
	      { 1000, 7 },
	      { 1 << 20, 20971 },
	      { 3333333, 65536 },
	      { UINT64_C(1) << 40, 1 << 18 },
	      { UINT64_C(1) << 40, UINT64_C(1) << 40 } };

START_TEST(a_rate_is_kept)
{
	struct bucket bucket = { 0 };
	struct bucket_rate rate = { .units = rates[_i].rate, .burst_ns = 100 * MS };
	uint64_t seconds = rates[_i].rate / rates[_i].piece > 100000 ? 1 : 50,
		 taken = take_until(&bucket, &rate, rates[_i].piece, START + seconds * S);
	double expected = (double)rates[_i].rate * (double)seconds;
	/* At most one burst and one chunk more, at least one chunk less. */
	/* Costs are whole ns. */
	ck_assert_double_ge((double)taken, expected * 0.997 - (double)rates[_i].piece);
	ck_assert_double_le((double)taken,
			    expected * 1.001 + 0.1 * (double)rates[_i].rate + 2 * (double)rates[_i].piece);
}
END_TEST

START_TEST(no_more_than_the_burst_is_saved_up)
{
	struct bucket bucket = { 0 };
	struct bucket_rate rate = { .units = 1000, .burst_ns = S };
	ck_assert_uint_eq(bucket_try(&bucket, &rate, 1000, START), 0);
	ck_assert_uint_eq(bucket_try(&bucket, &rate, 1, START), MS);
	ck_assert_uint_eq(bucket_try(&bucket, &rate, 1, START + MS), 0);
	ck_assert_uint_gt(bucket_try(&bucket, &rate, 1001, START + 100 * S), 0);
	ck_assert_uint_eq(bucket_try(&bucket, &rate, 1000, START + 100 * S), 0);
}
END_TEST

START_TEST(a_failed_try_costs_nothing)
{
	struct bucket bucket = { 0 };
	struct bucket_rate rate = { .units = 10, .burst_ns = S };
	for (int i = 0; i < 10; i++)
		ck_assert_uint_eq(bucket_try(&bucket, &rate, 1, START), 0);
	for (int i = 0; i < 1000; i++)
		ck_assert_uint_eq(bucket_try(&bucket, &rate, 1, START), 100 * MS);
	ck_assert_uint_eq(bucket_try(&bucket, &rate, 1, START + 100 * MS), 0);
}
END_TEST

START_TEST(alternating_users_wait_equally)
{
	struct bucket bucket = { 0 };
	struct bucket_rate rate = { .units = 1000, .burst_ns = 0 };
	for (uint64_t i = 0; i < 16; i++)
		ck_assert_uint_eq(bucket_reserve(&bucket, &rate, 10, START), START + i * 10 * MS);
}
END_TEST

START_TEST(returned_units_are_available_again)
{
	struct bucket bucket = { 0 };
	struct bucket_rate rate = { .units = 1000, .burst_ns = 0 };
	bucket_reserve(&bucket, &rate, 5000, START);
	ck_assert_uint_eq(bucket_reserve(&bucket, &rate, 10, START), START + 5 * S);
	ck_assert_uint_eq(bucket_ready_ns(&bucket, &rate, 10), START + 5 * S);
	bucket_return(&bucket, &rate, 5000);
	ck_assert_uint_eq(bucket_ready_ns(&bucket, &rate, 10), START);
	bucket_return(&bucket, &rate, 10);
	ck_assert_uint_eq(bucket_reserve(&bucket, &rate, 10, START), START);
	/* Returning more than was taken does not save up more than the burst. */
	bucket_return(&bucket, &rate, 1000);
	ck_assert_uint_eq(bucket_reserve(&bucket, &rate, 10, START), START);
}
END_TEST

START_TEST(full)
{
	struct bucket bucket = { 0 };
	struct bucket_rate rate = { .units = 10, .burst_ns = S };
	ck_assert(bucket_is_full(&bucket, S, START));
	bucket_try(&bucket, &rate, 1, START);
	ck_assert(!bucket_is_full(&bucket, S, START));
	ck_assert(!bucket_is_full(&bucket, S, START + 99 * MS));
	ck_assert(bucket_is_full(&bucket, S, START + 100 * MS));
}
END_TEST

static struct bucket shared;

static void *take_many(void *granted)
{
	struct bucket_rate rate = { .units = 1000, .burst_ns = 10 * S };
	for (int i = 0; i < 10000; i++)
		*(unsigned *)granted += bucket_try(&shared, &rate, 1, START) == 0;
	return NULL;
}

START_TEST(four_threads_get_what_one_would)
{
	pthread_t threads[4];
	unsigned granted[4] = { 0 };
	atomic_store(&shared.paid_until_ns, 0);
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, take_many, &granted[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(granted[0] + granted[1] + granted[2] + granted[3], 10000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bucket");
	TCase *cases = tcase_create("bucket");
	tcase_add_loop_test(cases, a_rate_is_kept, 0, sizeof(rates) / sizeof(rates[0]));
	tcase_add_test(cases, no_more_than_the_burst_is_saved_up);
	tcase_add_test(cases, a_failed_try_costs_nothing);
	tcase_add_test(cases, alternating_users_wait_equally);
	tcase_add_test(cases, returned_units_are_available_again);
	tcase_add_test(cases, full);
	tcase_add_test(cases, four_threads_get_what_one_would);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
