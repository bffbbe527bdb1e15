/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tests of engine/reactor.c: watches, timers and the mailbox, alone and in each other's callbacks. */
#include "engine/reactor.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "../suite.h"
#include "base/clock.h"

#define LATE_MS 2000 /* Maximum delay on a busy machine. */

static struct reactor *reactor;

static void setup(void)
{
	ck_assert_int_eq(reactor_new(&reactor), 0);
}

static void teardown(void)
{
	reactor_free(reactor);
}

static uint64_t elapsed_ms(uint64_t since_ns)
{
	return (clock_now_ns() - since_ns) / CLOCK_NS_PER_MS;
}

/* --- timers --- */

#define TIMERS 2000

static struct reactor_timer timers[TIMERS];
static unsigned ran_count;
static uint64_t last_due_ns;

static void check_due(void *context)
{
	struct reactor_timer *timer = context;

	ck_assert_uint_eq(timer->slot, 0);
	ck_assert_uint_le(timer->due_ns, clock_now_ns());
	ck_assert_uint_ge(timer->due_ns, last_due_ns);
	last_due_ns = timer->due_ns;
	ran_count++;
}

static void start_timer(unsigned i, uint64_t delay_ms)
{
	timers[i].fn = check_due;
	timers[i].context = &timers[i];
	ck_assert_int_eq(reactor_timer_start(reactor, &timers[i], delay_ms), 0);
}

static void iterate_until_ran(unsigned count)
{
	while (ran_count < count)
		ck_assert_int_ge(reactor_iterate(reactor, -1), 0);
	ck_assert_uint_eq(ran_count, count);
}

START_TEST(timers_run_in_order_and_not_early)
{
	srand(1);
	for (unsigned i = 0; i < TIMERS; i++)
		start_timer(i, (uint64_t)(rand() % 40));
	iterate_until_ran(TIMERS);
	ck_assert_int_eq(reactor_iterate(reactor, 0), 0);
}
END_TEST

START_TEST(timers_move_and_stop)
{
	unsigned running = 0;

	srand(2);
	for (unsigned i = 0; i < TIMERS; i++)
		start_timer(i, (uint64_t)(rand() % 100));
	for (unsigned i = 0; i < TIMERS; i++) {
		if (rand() % 3 == 0)
			/* The timer runs already, so its expiry changes. */
			start_timer(i, (uint64_t)(rand() % 40));
		else if (rand() % 2 == 0)
			reactor_timer_stop(reactor, &timers[i]);
		/* A second call has no effect. */
		reactor_timer_stop(reactor, &timers[TIMERS - 1]);
	}
	for (unsigned i = 0; i < TIMERS; i++)
		running += timers[i].slot != 0;
	iterate_until_ran(running);
}
END_TEST

/* The loop wakes once, when the timer is due. An earlier wake-up would be a useless iteration. */
START_TEST(one_iteration_per_timer)
{
	static const uint64_t delays_ms[] = { 0, 1, 2, 7, 30 };
	uint64_t before_ns = clock_now_ns();

	start_timer(0, delays_ms[_i]);
	ck_assert_int_eq(reactor_iterate(reactor, -1), 1);
	ck_assert_uint_ge(elapsed_ms(before_ns), delays_ms[_i]);
	ck_assert_uint_lt(elapsed_ms(before_ns), delays_ms[_i] + LATE_MS);
}
END_TEST

START_TEST(wait_is_bounded_by_the_caller_and_by_the_timer)
{
	uint64_t before_ns = clock_now_ns();

	ck_assert_int_eq(reactor_iterate(reactor, 20), 0);
	ck_assert_uint_ge(elapsed_ms(before_ns), 20);
	start_timer(0, 60000);
	ck_assert_int_eq(reactor_iterate(reactor, 10), 0);
	ck_assert_int_eq(reactor_iterate(reactor, 0), 0);
	start_timer(1, UINT64_MAX); /* Never due; the time does not overflow into the past. */
	reactor_timer_stop(reactor, &timers[0]);
	ck_assert_int_eq(reactor_iterate(reactor, 10), 0);
	ck_assert_uint_lt(elapsed_ms(before_ns), 20 + 10 + 10 + LATE_MS);
	start_timer(2, 5);
	ck_assert_int_eq(reactor_iterate(reactor, 60000), 1);
	ck_assert_uint_lt(elapsed_ms(before_ns), 45 + 2 * LATE_MS);
}
END_TEST

static void restart(void *context)
{
	ran_count++;
	ck_assert_int_eq(reactor_timer_start(reactor, context, 0), 0);
}

START_TEST(restart_inside_the_callback)
{
	timers[0].fn = restart;
	timers[0].context = &timers[0];
	ck_assert_int_eq(reactor_timer_start(reactor, &timers[0], 0), 0);
	for (unsigned i = 0; i < 100; i++)
		ck_assert_int_eq(reactor_iterate(reactor, -1), 1);
	ck_assert_uint_eq(ran_count, 100);
}
END_TEST

static void stop_the_other(void *context)
{
	struct reactor_timer *timer = context;

	ran_count++;
	reactor_timer_stop(reactor, timer == &timers[0] ? &timers[1] : &timers[0]);
}

START_TEST(stop_another_due_timer_inside_the_callback)
{
	for (unsigned i = 0; i < 2; i++) {
		timers[i].fn = stop_the_other;
		timers[i].context = &timers[i];
		ck_assert_int_eq(reactor_timer_start(reactor, &timers[i], 1), 0);
	}
	/* Both are due in the same iteration. */
	nanosleep(&(struct timespec){ .tv_nsec = 3000000 }, NULL);
	ck_assert_int_eq(reactor_iterate(reactor, -1), 1);
	ck_assert_int_eq(reactor_iterate(reactor, 0), 0);
}
END_TEST

/* --- watches --- */

static struct pair {
	struct reactor_watch *watch;
	int fd;
	uint32_t events;
} pairs[2];

static void make_ready_pair(reactor_event_fn fn)
{
	for (unsigned i = 0; i < 2; i++) {
		pairs[i].fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
		pairs[i].watch = malloc(sizeof(*pairs[i].watch));
		*pairs[i].watch = (struct reactor_watch){ .fd = pairs[i].fd, .fn = fn, .context = &pairs[i] };
		ck_assert_int_eq(reactor_add(reactor, pairs[i].watch, EPOLLIN), 0);
	}
}

static void drop_pair(void)
{
	for (unsigned i = 0; i < 2; i++) {
		if (pairs[i].watch != NULL)
			reactor_remove(reactor, pairs[i].watch);
		free(pairs[i].watch);
		close(pairs[i].fd);
	}
}

static void note_events(void *context, uint32_t events)
{
	struct pair *pair = context;

	pair->events = events;
	ran_count++;
}

static void remove_and_free_both(void *context, uint32_t events)
{
	note_events(context, events);
	for (unsigned i = 0; i < 2; i++) {
		reactor_remove(reactor, pairs[i].watch);
		free(pairs[i].watch);
		pairs[i].watch = NULL;
	}
}

START_TEST(watch_reports_events)
{
	make_ready_pair(note_events);
	ck_assert_int_eq(reactor_iterate(reactor, -1), 2);
	ck_assert_uint_eq(pairs[0].events, EPOLLIN);
	ck_assert_int_eq(reactor_modify(reactor, pairs[0].watch, EPOLLIN | EPOLLOUT), 0);
	ck_assert_int_eq(reactor_iterate(reactor, -1), 2);
	ck_assert_uint_eq(pairs[0].events, EPOLLIN | EPOLLOUT);
	ck_assert_uint_eq(pairs[1].events, EPOLLIN);
	drop_pair();
}
END_TEST

START_TEST(remove_inside_a_batch_clears_the_rest)
{
	make_ready_pair(remove_and_free_both);
	ck_assert_int_eq(reactor_iterate(reactor, -1), 1);
	ck_assert_int_eq(reactor_iterate(reactor, 0), 0);
	drop_pair();
}
END_TEST

START_TEST(add_reports_errors)
{
	struct reactor_watch watch = { .fd = -1 };

	ck_assert_int_eq(reactor_add(reactor, &watch, EPOLLIN), -EBADF);
	watch.fd = eventfd(0, EFD_CLOEXEC);
	ck_assert_int_eq(reactor_modify(reactor, &watch, EPOLLIN), -ENOENT);
	ck_assert_int_eq(reactor_add(reactor, &watch, EPOLLIN), 0);
	ck_assert_int_eq(reactor_add(reactor, &watch, EPOLLIN), -EEXIST);
	reactor_remove(reactor, &watch);
	close(watch.fd);
}
END_TEST

static void on_signal(int number)
{
	(void)number;
}

START_TEST(signal_only_ends_the_wait)
{
	const struct itimerval soon = { .it_value.tv_usec = 20000 };
	struct sigaction action = { .sa_handler = on_signal }, before;

	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &soon, NULL);
	ck_assert_int_eq(reactor_iterate(reactor, 60000), 0);
	sigaction(SIGALRM, &before, NULL);
}
END_TEST

/* --- mailbox --- */

#define POSTERS 4
#define POSTS 5000

struct numbered {
	struct reactor_message message;
	unsigned number;
	unsigned *expected;
};

static struct numbered numbered[POSTERS][POSTS];
static unsigned expected[POSTERS];

static void check_order(struct reactor_message *message)
{
	struct numbered *one = (struct numbered *)message;

	ck_assert_uint_eq(one->number, *one->expected);
	++*one->expected;
	ran_count++;
}

static void *post_all(void *context)
{
	struct numbered *mine = context;

	for (unsigned i = 0; i < POSTS; i++)
		reactor_post(reactor, &mine[i].message);
	return NULL;
}

START_TEST(posts_of_each_thread_come_in_order)
{
	pthread_t threads[POSTERS];

	for (unsigned t = 0; t < POSTERS; t++)
		for (unsigned i = 0; i < POSTS; i++)
			numbered[t][i] =
				(struct numbered){ .message.fn = check_order, .number = i, .expected = &expected[t] };
	for (unsigned t = 0; t < POSTERS; t++)
		ck_assert_int_eq(pthread_create(&threads[t], NULL, post_all, numbered[t]), 0);
	iterate_until_ran(POSTERS * POSTS); /* Hangs if a wake-up is lost. */
	for (unsigned t = 0; t < POSTERS; t++)
		pthread_join(threads[t], NULL);
}
END_TEST

static void count_message(struct reactor_message *message)
{
	(void)message;
	ran_count++;
}

static void *post_later(void *context)
{
	nanosleep(&(struct timespec){ .tv_nsec = 30000000 }, NULL);
	reactor_post(reactor, context);
	return NULL;
}

START_TEST(post_wakes_a_sleeping_iteration)
{
	struct reactor_message message = { .fn = count_message };
	uint64_t before_ns = clock_now_ns();
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, post_later, &message), 0);
	ck_assert_int_eq(reactor_iterate(reactor, -1), 1);
	ck_assert_uint_ge(elapsed_ms(before_ns), 30);
	ck_assert_uint_lt(elapsed_ms(before_ns), 30 + LATE_MS);
	pthread_join(thread, NULL);
}
END_TEST

static struct reactor_message inner = { .fn = count_message };

static void post_inner(struct reactor_message *message)
{
	(void)message;
	ran_count++;
	reactor_post(reactor, &inner);
}

static void post_inner_from_timer(void *context)
{
	(void)context;
	reactor_post(reactor, &inner);
}

static void post_inner_from_watch(void *context, uint32_t events)
{
	remove_and_free_both(context, events);
	reactor_post(reactor, &inner);
}

START_TEST(post_inside_an_iteration_wakes_the_next)
{
	struct reactor_message outer = { .fn = post_inner };

	reactor_post(reactor, &outer);
	ck_assert_int_eq(reactor_iterate(reactor, -1), 1);
	ck_assert_int_eq(reactor_iterate(reactor, -1), 1); /* Sleeps for ever if it was lost. */
	timers[0].fn = post_inner_from_timer;
	ck_assert_int_eq(reactor_timer_start(reactor, &timers[0], 0), 0);
	ck_assert_int_eq(reactor_iterate(reactor, -1), 1);
	ck_assert_int_eq(reactor_iterate(reactor, -1), 1);
	ck_assert_uint_eq(ran_count, 3);
}
END_TEST

/*
 * An iteration handles descriptors, mailbox and timers in this order: a message that a watch posts is delivered in the
 * same iteration.
 */
START_TEST(mailbox_follows_the_descriptors)
{
	make_ready_pair(post_inner_from_watch);
	ck_assert_int_eq(reactor_iterate(reactor, -1), 2);
	drop_pair();
}
END_TEST

START_TEST(free_delivers)
{
	struct reactor_message outer = { .fn = post_inner }, plain = { .fn = count_message };

	reactor_post(reactor, &plain);
	reactor_post(reactor, &outer);
	reactor_free(reactor);
	ck_assert_uint_eq(ran_count, 3); /* Including the one that was posted while freeing. */
	reactor = NULL;			 /* teardown() accepts NULL. */
}
END_TEST

static void reset(void)
{
	for (unsigned i = 0; i < TIMERS; i++)
		timers[i] = (struct reactor_timer){ 0 };
	for (unsigned i = 0; i < POSTERS; i++)
		expected[i] = 0;
	ran_count = 0;
	last_due_ns = 0;
}

int main(void)
{
	Suite *suite = suite_create("reactor");
	TCase *tcase = tcase_create("reactor");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, reset, NULL);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, timers_run_in_order_and_not_early);
	tcase_add_test(tcase, timers_move_and_stop);
	tcase_add_loop_test(tcase, one_iteration_per_timer, 0, 5);
	tcase_add_test(tcase, wait_is_bounded_by_the_caller_and_by_the_timer);
	tcase_add_test(tcase, restart_inside_the_callback);
	tcase_add_test(tcase, stop_another_due_timer_inside_the_callback);
	tcase_add_test(tcase, watch_reports_events);
	tcase_add_test(tcase, remove_inside_a_batch_clears_the_rest);
	tcase_add_test(tcase, add_reports_errors);
	tcase_add_test(tcase, signal_only_ends_the_wait);
	tcase_add_test(tcase, posts_of_each_thread_come_in_order);
	tcase_add_test(tcase, post_wakes_a_sleeping_iteration);
	tcase_add_test(tcase, post_inside_an_iteration_wakes_the_next);
	tcase_add_test(tcase, mailbox_follows_the_descriptors);
	tcase_add_test(tcase, free_delivers);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
