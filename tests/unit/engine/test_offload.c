/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of engine/offload.c: on which threads work() and done() run, in which order, and what stopping does. */
#include "engine/offload.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/devices.h"

#define SUITE_FORKS
#include "../suite.h"

#define JOBS 200

struct test_job {
	struct offload_job job;
	unsigned number;
	unsigned worked_as; /* Its place in the order of work. */
	pthread_t worked_on, done_on;
	char thread_name[16];
	bool signals_blocked;
};

static struct reactor *reactor;
static struct offload *offload;
static struct test_job jobs[JOBS];
static atomic_uint worked_count;
static unsigned done_count;
static unsigned done_order[JOBS];

static void work(struct offload_job *job)
{
	struct test_job *test = (struct test_job *)job;
	sigset_t blocked;

	test->worked_as = atomic_fetch_add(&worked_count, 1);
	test->worked_on = pthread_self();
	pthread_getname_np(pthread_self(), test->thread_name, sizeof(test->thread_name));
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	test->signals_blocked = sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGALRM) == 1;
}

static void work_slowly(struct offload_job *job)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	work(job);
}

static void done(struct offload_job *job)
{
	struct test_job *test = (struct test_job *)job;

	test->done_on = pthread_self();
	done_order[done_count++] = test->number;
}

static void setup(void)
{
	memset(jobs, 0, sizeof(jobs));
	worked_count = done_count = 0;
	ck_assert_int_eq(reactor_new(&reactor), 0);
}

static void teardown(void)
{
	reactor_free(reactor);
}

static void start(unsigned number, void (*how)(struct offload_job *))
{
	jobs[number].number = number;
	jobs[number].job = (struct offload_job){ .reactor = reactor, .work = how, .done = done };
	offload_start(offload, &jobs[number].job);
}

static void turn_until_done(unsigned count)
{
	while (done_count < count)
		ck_assert_int_ge(reactor_iterate(reactor, -1), 0);
}

START_TEST(results_come_on_the_reactors_thread)
{
	ck_assert_int_eq(offload_new(&offload, 4), 0);
	for (unsigned i = 0; i < JOBS; i++)
		start(i, work);
	turn_until_done(JOBS);
	ck_assert_uint_eq(offload_pending(offload), 0);
	for (unsigned i = 0; i < JOBS; i++) {
		ck_assert(pthread_equal(jobs[i].done_on, pthread_self()));
		ck_assert(!pthread_equal(jobs[i].worked_on, pthread_self()));
		ck_assert_str_eq(jobs[i].thread_name, "ranged-offload");
		ck_assert(jobs[i].signals_blocked);
	}
	offload_free(offload);
}
END_TEST

START_TEST(one_thread_is_fifo)
{
	ck_assert_int_eq(offload_new(&offload, 1), 0);
	for (unsigned i = 0; i < JOBS; i++)
		start(i, work);
	turn_until_done(JOBS);
	for (unsigned i = 0; i < JOBS; i++) {
		ck_assert_uint_eq(jobs[i].worked_as, i);
		ck_assert_uint_eq(done_order[i], i);
	}
	offload_free(offload);
}
END_TEST

START_TEST(free_runs_queued_jobs)
{
	const unsigned count = 50;

	ck_assert_int_eq(offload_new(&offload, 2), 0);
	for (unsigned i = 0; i < count; i++)
		start(i, work_slowly);
	ck_assert_uint_gt(offload_pending(offload), 0);
	offload_free(offload);
	ck_assert_uint_eq(worked_count, count);
	ck_assert_uint_eq(done_count, 0); /* Posted, not run on another thread. */
	ck_assert_int_eq(reactor_iterate(reactor, 0), (int)count);
	ck_assert_uint_eq(done_count, count);
}
END_TEST

/* A slow job blocks one thread, not the others. */
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void work_at_gate(struct offload_job *job)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	work(job);
}

START_TEST(threads_work_beside_each_other)
{
	ck_assert_int_eq(offload_new(&offload, 2), 0);
	pthread_mutex_lock(&gate);
	start(0, work_at_gate);
	for (unsigned i = 1; i < 10; i++)
		start(i, work);
	turn_until_done(9);
	ck_assert_uint_eq(offload_pending(offload), 1);
	pthread_mutex_unlock(&gate);
	turn_until_done(10);
	ck_assert_uint_eq(done_order[9], 0);
	offload_free(offload);
}
END_TEST

/* A thread without a job waits, also after the time at which the threads of a device end. */
START_TEST(idle_threads_use_no_processor_time)
{
	struct device device = { .id = 1 };
	uint64_t before_ms;

	ck_assert_int_eq(offload_new(&offload, 2), 0);
	jobs[0].job = (struct offload_job){ .reactor = reactor, .device = &device, .work = work, .done = done };
	offload_start(offload, &jobs[0].job);
	start(1, work);
	turn_until_done(2);
	clock_advance_ms(60000);
	nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	before_ms = suite_cpu_ms(RUSAGE_SELF);
	nanosleep(&(struct timespec){ .tv_nsec = 300000000 }, NULL);
	ck_assert_uint_lt(suite_cpu_ms(RUSAGE_SELF) - before_ms, 30);
	start(2, work);
	turn_until_done(3);
	offload_free(offload);
}
END_TEST

/* --- devices --- */

static void start_on(unsigned number, struct device *device, bool reads, void (*how)(struct offload_job *))
{
	jobs[number].number = number;
	jobs[number].job =
		(struct offload_job){ .reactor = reactor, .device = device, .reads = reads, .work = how, .done = done };
	offload_start(offload, &jobs[number].job);
}

/* The jobs of a device that hangs delay neither other devices, nor reads, nor jobs without a device. */
START_TEST(a_device_that_hangs_delays_no_other)
{
	struct device hung = { .id = 1 }, other = { .id = 2 };

	ck_assert_int_eq(offload_new(&offload, 2), 0);
	pthread_mutex_lock(&gate);
	for (unsigned i = 0; i < 10; i++)
		start_on(i, &hung, false, work_at_gate);
	start_on(10, &other, false, work);
	start_on(11, &hung, true, work);
	start(12, work);
	turn_until_done(3);
	ck_assert_uint_eq(hung.jobs, 10);
	ck_assert_uint_eq(other.jobs, 0);
	ck_assert_uint_gt(hung.job_oldest_ns, 0);
	ck_assert_uint_eq(other.job_oldest_ns, 0);
	pthread_mutex_unlock(&gate);
	turn_until_done(13);
	ck_assert_uint_eq(hung.jobs, 0);
	ck_assert_uint_eq(hung.job_oldest_ns, 0);
	offload_free(offload);
}
END_TEST

static atomic_uint entered_count;

static void work_at_gate_counted(struct offload_job *job)
{
	atomic_fetch_add(&entered_count, 1);
	work_at_gate(job);
}

static void wait_until_entered(unsigned count)
{
	while (atomic_load(&entered_count) < count)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

/* A device has no more threads than the limit, unless the caller adds one. */
START_TEST(threads_of_a_device_are_limited)
{
	struct device hung = { .id = 1 };

	entered_count = 0;
	ck_assert_int_eq(offload_new(&offload, 2), 0);
	pthread_mutex_lock(&gate);
	for (unsigned i = 0; i < 10; i++)
		start_on(i, &hung, false, work_at_gate_counted);
	wait_until_entered(2);
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	ck_assert_uint_eq(entered_count, 2);
	offload_add_thread(offload, &hung);
	wait_until_entered(3);
	nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
	ck_assert_uint_eq(entered_count, 3);
	pthread_mutex_unlock(&gate);
	turn_until_done(10);
	offload_free(offload);
}
END_TEST

static void done_and_again(struct offload_job *job)
{
	struct test_job *test = (struct test_job *)job;

	if (++done_count < 20)
		offload_start(offload, &test->job);
}

START_TEST(done_may_start_its_job_again)
{
	ck_assert_int_eq(offload_new(&offload, 2), 0);
	jobs[0].job = (struct offload_job){ .reactor = reactor, .work = work, .done = done_and_again };
	offload_start(offload, &jobs[0].job);
	turn_until_done(20);
	ck_assert_uint_eq(worked_count, 20);
	offload_free(offload);
}
END_TEST

/* At the end of the process no thread is left, and blocking is acceptable. */
START_TEST(started_after_the_stop_runs_on_its_starter)
{
	ck_assert_int_eq(offload_new(&offload, 2), 0);
	offload_stop(offload);
	start(0, work);
	ck_assert_uint_eq(worked_count, 1);
	ck_assert(pthread_equal(jobs[0].worked_on, pthread_self()));
	ck_assert_uint_eq(done_count, 0);
	turn_until_done(1);
	ck_assert_uint_eq(offload_pending(offload), 0);
	offload_stop(offload); /* A second call has no effect. */
	offload_free(offload);
}
END_TEST

static void work_and_free(struct offload_job *job)
{
	free(job);
	atomic_fetch_add(&worked_count, 1);
}

START_TEST(without_done_work_may_free_the_job)
{
	ck_assert_int_eq(offload_new(&offload, 2), 0);
	for (unsigned i = 0; i < 100; i++) {
		struct offload_job *job = calloc(1, sizeof(*job));

		job->work = work_and_free;
		offload_start(offload, job);
	}
	offload_free(offload);
	ck_assert_uint_eq(worked_count, 100);
	ck_assert_int_eq(reactor_iterate(reactor, 0), 0);
}
END_TEST

START_TEST(rejects_invalid_counts)
{
	ck_assert_int_eq(offload_new(&offload, 0), -EINVAL);
	ck_assert_int_eq(offload_new(&offload, 65), -EINVAL);
	offload_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("offload");
	TCase *tcase = tcase_create("offload");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, results_come_on_the_reactors_thread);
	tcase_add_test(tcase, one_thread_is_fifo);
	tcase_add_test(tcase, free_runs_queued_jobs);
	tcase_add_test(tcase, threads_work_beside_each_other);
	tcase_add_test(tcase, idle_threads_use_no_processor_time);
	tcase_add_test(tcase, a_device_that_hangs_delays_no_other);
	tcase_add_test(tcase, threads_of_a_device_are_limited);
	tcase_add_test(tcase, done_may_start_its_job_again);
	tcase_add_test(tcase, started_after_the_stop_runs_on_its_starter);
	tcase_add_test(tcase, without_done_work_may_free_the_job);
	tcase_add_test(tcase, rejects_invalid_counts);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
