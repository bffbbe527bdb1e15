/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of engine/calibrate.c on a real file. io_submit and io_getevents are wrapped (-Wl,--wrap). They can fail, and
 * completions can be delayed as on a disk that serves its reads one at a time or all at once.
 */
#include "engine/calibrate.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <libaio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../suite.h"
#include "base/clock.h"

int __real_io_submit(io_context_t context, long count, struct iocb **iocbs);
int __wrap_io_submit(io_context_t context, long count, struct iocb **iocbs);
int __real_io_getevents(io_context_t context, long min, long count, struct io_event *events, struct timespec *timeout);
int __wrap_io_getevents(io_context_t context, long min, long count, struct io_event *events, struct timespec *timeout);

#define FILE_BYTES (8 << 20)

static struct {
	long delay_ms;	  /* Duration of one read. */
	bool parallel;	  /* One delay for all reads in flight together. */
	int submit_error; /* Result of every io_submit. */
	long result;	  /* Result of all reads from number `from` on, unless 1. */
	unsigned from, given;
	long count_max; /* Maximum number of reads offered at once. */
} fake;

int __wrap_io_submit(io_context_t context, long count, struct iocb **iocbs)
{
	fake.count_max = count > fake.count_max ? count : fake.count_max;
	for (long i = 0; i < count; i++) {
		ck_assert_uint_eq(iocbs[i]->u.c.nbytes, CALIBRATE_READ_BYTES);
		ck_assert_int_ge(iocbs[i]->u.c.offset, 0);
		ck_assert_int_le(iocbs[i]->u.c.offset, FILE_BYTES - (long long)CALIBRATE_READ_BYTES);
	}
	return fake.submit_error != 0 ? fake.submit_error : __real_io_submit(context, count, iocbs);
}

int __wrap_io_getevents(io_context_t context, long min, long count, struct io_event *events, struct timespec *timeout)
{
	int got = __real_io_getevents(context, min, count, events, timeout);
	long delay_ms = got > 0 ? fake.delay_ms * (fake.parallel ? 1 : got) : 0;

	nanosleep(&(struct timespec){ .tv_sec = delay_ms / 1000, .tv_nsec = delay_ms % 1000 * 1000000 }, NULL);
	for (int i = 0; i < got; i++) {
		if (fake.given++ >= fake.from && fake.result != 1)
			events[i].res = (unsigned long)fake.result;
	}
	return got;
}

static int fd;
static struct calibration result;

static void setup(void)
{
	char name[] = "calibrate.XXXXXX", block[65536];

	memset(&fake, 0, sizeof(fake));
	fake.result = 1;
	result = (struct calibration){ 0 };
	fd = mkstemp(name);
	ck_assert_int_ge(fd, 0);
	unlink(name);
	for (unsigned at = 0; at < FILE_BYTES; at += sizeof(block)) {
		memset(block, (int)(at / sizeof(block)), sizeof(block));
		ck_assert_int_eq(write(fd, block, sizeof(block)), sizeof(block));
	}
	fsync(fd);
	/* A filesystem without O_DIRECT is read without it, which does not affect the tests. */
	fcntl(fd, F_SETFL, O_DIRECT);
}

static void teardown(void)
{
	close(fd);
}

static int calibrate(unsigned budget_ms)
{
	return calibrate_run(fd, FILE_BYTES, 4096, budget_ms, &result);
}

static uint64_t spent_ms(unsigned budget_ms, int expected)
{
	uint64_t start_ns = clock_now_ns();

	ck_assert_int_eq(calibrate(budget_ms), expected);
	return (clock_now_ns() - start_ns) / CLOCK_NS_PER_MS;
}

static void check_bounds(void)
{
	ck_assert_uint_ge(result.knee, 4);
	ck_assert_uint_le(result.knee, 128);
	ck_assert_uint_eq(result.knee & (result.knee - 1), 0);
	ck_assert_uint_eq(result.depth, result.knee < 32 ? result.knee * 4 : 128);
	ck_assert_uint_ge(result.depth_bytes, 16 << 20);
	ck_assert_uint_ge(result.depth_bytes, (uint64_t)result.knee * CALIBRATE_READ_BYTES);
	ck_assert_uint_le(result.depth_bytes, 64 << 20);
	ck_assert(result.iops > 0);
	ck_assert_double_eq_tol(result.bytes_per_s, result.iops * CALIBRATE_READ_BYTES, result.bytes_per_s / 1000);
}

/* Time for everything except the disk: memory, the end of the context, other load of the machine. */
static uint64_t slack_ms(void)
{
	const char *slow = getenv("RANGED_SLOW");

	return 2000 * (slow != NULL ? strtoul(slow, NULL, 10) : 1);
}

/* The reached depth depends on other load of the machine, so there are three attempts, each longer than the last. */
START_TEST(real_file)
{
	unsigned budget_ms = 80;

	for (unsigned i = 0; i < 3 && fake.count_max < 64; i++, budget_ms *= 4) {
		uint64_t ms = spent_ms(budget_ms, 0);

		check_bounds();
		ck_assert_uint_le(ms, 2 * budget_ms + slack_ms());
		ck_assert_uint_ge(ms, budget_ms / 2);
	}
	ck_assert_int_ge(fake.count_max, 64);
}
END_TEST

/* 50 reads per second at any depth: a few depths fit into the budget, and a greater depth has no advantage. */
START_TEST(slow_serial_disk)
{
	fake.delay_ms = 20;
	ck_assert_uint_le(spent_ms(200, 0), 2 * 200 + slack_ms());
	check_bounds();
	ck_assert_uint_eq(result.knee, 4);
	ck_assert(result.iops > 5 && result.iops < 51);
	ck_assert_int_le(fake.count_max, 16);
}
END_TEST

/*
 * Any number of reads at a time takes 20 ms, so the greatest depth that is tried is the best. Three attempts, as above.
 */
START_TEST(slow_parallel_disk)
{
	fake.delay_ms = 20;
	fake.parallel = true;
	for (unsigned i = 0, budget_ms = 200; i < 3 && result.knee < 16; i++, budget_ms *= 3) {
		ck_assert_uint_le(spent_ms(budget_ms, 0), 2 * budget_ms + slack_ms());
		check_bounds();
	}
	ck_assert_uint_ge(result.knee, 16);
}
END_TEST

/* The whole budget is less than one read. */
START_TEST(slower_than_the_budget)
{
	fake.delay_ms = 100;
	ck_assert_uint_le(spent_ms(20, 0), 200 + slack_ms());
	check_bounds();
	ck_assert_uint_eq(result.knee, 4);
}
END_TEST

START_TEST(refused)
{
	ck_assert_int_eq(calibrate_run(fd, (4 << 20) - 1, 4096, 50, &result), -EINVAL);
	ck_assert_int_eq(calibrate_run(fd, FILE_BYTES, 4095, 50, &result), -EINVAL);
	ck_assert_int_eq(calibrate_run(fd, FILE_BYTES, 0, 50, &result), -EINVAL);
	ck_assert_int_eq(calibrate_run(fd, FILE_BYTES, 131072, 50, &result), -EINVAL);
	ck_assert_int_eq(calibrate_run(fd, FILE_BYTES, 4096, 0, &result), -EINVAL);
	ck_assert_uint_eq(fake.given, 0);
}
END_TEST

START_TEST(smallest_file)
{
	ck_assert_int_eq(calibrate_run(fd, 4 << 20, 65536, 40, &result), 0);
	check_bounds();
}
END_TEST

/* The calibration ends at once with the error, however much time is left. */
START_TEST(read_error)
{
	fake.result = -EIO;
	fake.from = 1u << _i >> 1;
	ck_assert_uint_le(spent_ms(10000, -EIO), 1000 + slack_ms());
	ck_assert_uint_eq(result.knee, 0);
}
END_TEST

START_TEST(file_became_shorter)
{
	fake.result = 0;
	fake.from = 20;
	ck_assert_int_eq(calibrate(10000), -EIO);
}
END_TEST

START_TEST(short_reads)
{
	fake.result = 512;
	ck_assert_int_eq(calibrate(40), 0);
	ck_assert_double_eq_tol(result.bytes_per_s, result.iops * 512, result.bytes_per_s / 1000);
}
END_TEST

START_TEST(submit_error)
{
	fake.submit_error = _i == 0 ? -EBADF : -EAGAIN;
	ck_assert_uint_le(spent_ms(100, fake.submit_error), 2 * 100 + slack_ms());
}
END_TEST

START_TEST(no_descriptor)
{
	ck_assert_int_eq(calibrate_run(-1, FILE_BYTES, 4096, 50, &result), -EBADF);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("calibrate");
	TCase *tests = tcase_create("calibrate");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, real_file);
	tcase_add_test(tests, slow_serial_disk);
	tcase_add_test(tests, slow_parallel_disk);
	tcase_add_test(tests, slower_than_the_budget);
	tcase_add_test(tests, refused);
	tcase_add_test(tests, smallest_file);
	tcase_add_loop_test(tests, read_error, 0, 8);
	tcase_add_test(tests, file_became_shorter);
	tcase_add_test(tests, short_reads);
	tcase_add_loop_test(tests, submit_error, 0, 2);
	tcase_add_test(tests, no_descriptor);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
