/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A cursor points to the next connection of the round. Connections are added at the head of the list, behind the
 * cursor, and a removed connection moves the cursor. So a round visits each connection exactly once, if the connection
 * was there when the round began and has not been removed.
 *
 * The steps of a round are spread over its time. The time of the next step is computed from the number of visited
 * connections, so a late step is made up for.
 */
#include "mhd/rounds.h"

#include "base/clock.h"

#define CLOCK_INTERVAL 16 /* connections between two readings of the clock */

void rounds_add(struct rounds *rounds, struct connection *connection)
{
	connection->prev = NULL;
	connection->next = rounds->connections;
	if (connection->next != NULL)
		connection->next->prev = connection;
	rounds->connections = connection;
	rounds->count++;
}

void rounds_remove(struct rounds *rounds, struct connection *connection)
{
	if (rounds->cursor == connection)
		rounds->cursor = connection->next;
	if (connection->prev != NULL)
		connection->prev->next = connection->next;
	else
		rounds->connections = connection->next;
	if (connection->next != NULL)
		connection->next->prev = connection->prev;
	rounds->count--;
}

void rounds_restart(struct rounds *rounds)
{
	rounds->running = false;
}

static void begin(struct rounds *rounds, const struct rounds_calls *calls, uint64_t now_ns)
{
	rounds->running = true;
	rounds->cursor = rounds->connections;
	rounds->visited = 0;
	rounds->since_ns = now_ns;
	calls->begin(calls->context);
}

/* Visits connections until the limits of a step are reached, or the round has no more connections. */
static void visit(struct rounds *rounds, const struct rounds_calls *calls, uint64_t now_ns)
{
	const uint64_t until_ns = now_ns + ROUNDS_STEP_NS;

	for (unsigned i = 0; i < ROUNDS_STEP_CONNECTIONS && rounds->cursor != NULL; i++) {
		struct connection *connection = rounds->cursor;

		if (i % CLOCK_INTERVAL == CLOCK_INTERVAL - 1) {
			now_ns = clock_now_ns();
			if (now_ns >= until_ns)
				return;
		}
		rounds->cursor = connection->next;
		rounds->visited++;
		calls->visit(calls->context, connection, now_ns);
	}
}

/* Returns the milliseconds until `due_ns`, rounded up and at least 1. */
static unsigned wait_ms(uint64_t due_ns, uint64_t now_ns)
{
	return due_ns <= now_ns ? 1 : (unsigned)((due_ns - now_ns + CLOCK_NS_PER_MS - 1) / CLOCK_NS_PER_MS);
}

unsigned rounds_step(struct rounds *rounds, unsigned round_ms, const struct rounds_calls *calls)
{
	const uint64_t now_ns = clock_now_ns(), round_ns = round_ms * CLOCK_NS_PER_MS;

	if (!rounds->running)
		begin(rounds, calls, now_ns);
	visit(rounds, calls, now_ns);
	if (rounds->cursor != NULL)
		return wait_ms(rounds->since_ns + round_ns * rounds->visited / (rounds->count + 1), clock_now_ns());
	rounds->running = false;
	calls->end(calls->context);
	return wait_ms(rounds->since_ns + round_ns, clock_now_ns());
}
