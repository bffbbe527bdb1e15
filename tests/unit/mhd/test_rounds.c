/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rounds over the connections of a server: each connection once, in short steps, although others come and go. */
#include "mhd/rounds.h"

#include <string.h>

#include "base/clock.h"

#define SUITE_FORKS
#include "../suite.h"

#define CONNECTIONS 2000
#define ROUND_MS 500

static struct connection connections[2 * CONNECTIONS];
static unsigned visits[2 * CONNECTIONS];
static unsigned begun, ended, step_visits;
static uint64_t visit_ns; /* duration of a visit */

static void on_begin(void *context)
{
	(void)context;
	begun++;
}

static void on_end(void *context)
{
	(void)context;
	ended++;
}

static void on_visit(void *context, struct connection *connection, uint64_t now_ns)
{
	const uint64_t until_ns = clock_now_ns() + visit_ns;

	ck_assert_ptr_eq(context, connections);
	ck_assert_uint_le(now_ns, clock_now_ns());
	visits[connection - connections]++;
	step_visits++;
	while (visit_ns > 0 && clock_now_ns() < until_ns)
		;
}

static const struct rounds_calls calls = { on_begin, on_visit, on_end, connections };

static void reset(struct rounds *rounds, unsigned count)
{
	*rounds = (struct rounds){ 0 };
	memset(visits, 0, sizeof(visits));
	begun = ended = 0;
	visit_ns = 0;
	for (unsigned i = 0; i < count; i++)
		rounds_add(rounds, &connections[i]);
}

/* Runs the steps until the end of a round. Returns the number of steps. */
static unsigned run_round(struct rounds *rounds)
{
	const unsigned before = ended;
	unsigned steps = 0;

	while (ended == before) {
		step_visits = 0;
		ck_assert_uint_ge(rounds_step(rounds, ROUND_MS, &calls), 1);
		ck_assert_uint_le(step_visits, ROUNDS_STEP_CONNECTIONS);
		steps++;
	}
	return steps;
}

START_TEST(each_connection_once)
{
	struct rounds rounds;

	reset(&rounds, CONNECTIONS);
	ck_assert_uint_ge(run_round(&rounds), CONNECTIONS / ROUNDS_STEP_CONNECTIONS);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		ck_assert_uint_eq(visits[i], 1);
	run_round(&rounds);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		ck_assert_uint_eq(visits[i], 2);
	ck_assert_uint_eq(begun, 2);
}
END_TEST

START_TEST(few_connections_need_one_step)
{
	struct rounds rounds;
	unsigned wait_ms;

	for (unsigned count = 0; count < 3; count++) {
		reset(&rounds, count);
		wait_ms = rounds_step(&rounds, ROUND_MS, &calls);
		ck_assert_uint_eq(ended, 1);
		ck_assert_uint_gt(wait_ms, ROUND_MS / 2);
		ck_assert_uint_le(wait_ms, ROUND_MS);
	}
}
END_TEST

/* The steps are spread over the time of a round, so a round of any length visits each connection within a second. */
START_TEST(steps_are_spread)
{
	struct rounds rounds;
	unsigned wait_ms, least_ms = ROUND_MS * ROUNDS_STEP_CONNECTIONS / (CONNECTIONS + 1) - 10;

	clock_hold();
	reset(&rounds, CONNECTIONS);
	wait_ms = rounds_step(&rounds, ROUND_MS, &calls);
	ck_assert_uint_ge(wait_ms, least_ms / 2);
	ck_assert_uint_le(wait_ms, least_ms + 20);
	ck_assert_uint_eq(ended, 0);
}
END_TEST

START_TEST(a_step_is_bounded_in_time)
{
	struct rounds rounds;

	reset(&rounds, CONNECTIONS);
	visit_ns = ROUNDS_STEP_NS / 10;
	step_visits = 0;
	rounds_step(&rounds, ROUND_MS, &calls);
	ck_assert_uint_ge(step_visits, 1);
	ck_assert_uint_lt(step_visits, 40);
}
END_TEST

/* Removes connections on both sides of the cursor, and the one at the cursor, and adds others. */
START_TEST(connections_come_and_go)
{
	struct rounds rounds;
	bool removed[CONNECTIONS] = { false };

	reset(&rounds, CONNECTIONS);
	rounds_step(&rounds, ROUND_MS, &calls);
	for (unsigned i = 0; i < CONNECTIONS; i += 3) {
		rounds_remove(&rounds, &connections[i]);
		removed[i] = true;
	}
	while (rounds.cursor != NULL && rounds.cursor - connections > CONNECTIONS / 2) {
		removed[rounds.cursor - connections] = true;
		rounds_remove(&rounds, rounds.cursor);
	}
	for (unsigned i = CONNECTIONS; i < 2 * CONNECTIONS; i++)
		rounds_add(&rounds, &connections[i]);
	run_round(&rounds);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		ck_assert_msg(removed[i] ? visits[i] <= 1 : visits[i] == 1, "connection %u: %u visits", i, visits[i]);
	for (unsigned i = CONNECTIONS; i < 2 * CONNECTIONS; i++)
		ck_assert_uint_eq(visits[i], 0);
	run_round(&rounds);
	for (unsigned i = 0; i < 2 * CONNECTIONS; i++)
		if (i >= CONNECTIONS || !removed[i])
			ck_assert_uint_ge(visits[i], 1);
}
END_TEST

START_TEST(all_connections_go)
{
	struct rounds rounds;

	reset(&rounds, CONNECTIONS);
	rounds_step(&rounds, ROUND_MS, &calls);
	while (rounds.connections != NULL)
		rounds_remove(&rounds, rounds.connections);
	ck_assert_uint_eq(rounds.count, 0);
	ck_assert_uint_eq(run_round(&rounds), 1);
}
END_TEST

START_TEST(restart)
{
	struct rounds rounds;

	reset(&rounds, CONNECTIONS);
	rounds_step(&rounds, ROUND_MS, &calls);
	rounds_restart(&rounds);
	run_round(&rounds);
	ck_assert_uint_eq(begun, 2);
	for (unsigned i = 0; i < CONNECTIONS; i++)
		ck_assert_uint_ge(visits[i], 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rounds");
	TCase *tcase = tcase_create("rounds");

	tcase_add_test(tcase, each_connection_once);
	tcase_add_test(tcase, few_connections_need_one_step);
	tcase_add_test(tcase, steps_are_spread);
	tcase_add_test(tcase, a_step_is_bounded_in_time);
	tcase_add_test(tcase, connections_come_and_go);
	tcase_add_test(tcase, all_connections_go);
	tcase_add_test(tcase, restart);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
