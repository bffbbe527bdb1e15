/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Divides the memory for unsent bytes between connections. A fast connection gets a large buffer, because each event
 * of its socket costs an iteration of the event loop. The other connections get small buffers. The bytes that a
 * connection has buffered while it was fast count until they are sent, so that the sum stays bounded. The server owns
 * the struct. All functions run on the reactor's thread.
 */
#include "mhd/unsent.h"

#define FAST_BYTES (UINT64_C(1) << 20) /* a connection that sends this between two sweeps is fast */
#define COUNTED_MAX 1024
#define NEW_SHARE 4 /* a new connection gets this fraction of a share, because many may be accepted at once */

/*
 * Returns the number of unsent bytes that the kernel may buffer for each of `count` connections, at most `most`. The
 * number shrinks as the number of connections grows. Otherwise thousands of slow clients would fill the machine's
 * memory for TCP, which slows down all connections. Idle connections count, because the kernel may still buffer data
 * for them. The result is a power of two, so it seldom changes.
 */
static unsigned share_of(const struct unsent *unsent, unsigned count, unsigned most)
{
	const uint64_t bytes = unsent->most_bytes > unsent->held_bytes ? unsent->most_bytes - unsent->held_bytes : 0;

	while (most > CONNECTION_UNSENT_MIN && (uint64_t)most * count > bytes)
		most /= 2;
	return most;
}

void unsent_open(const struct unsent *unsent, struct connection *connection, unsigned count)
{
	connection_limit_unsent(connection, share_of(unsent, NEW_SHARE * count, CONNECTION_UNSENT_MAX));
}

static bool is_fast(const struct connection *connection)
{
	return exchange_connection_bytes(connection) - connection->swept_bytes >= FAST_BYTES;
}

/* Returns the number of fast connections among the first ones of the list. */
static unsigned count_first_fast(const struct connection *connections)
{
	unsigned fast = 0, left = COUNTED_MAX;

	for (const struct connection *c = connections; c != NULL && left > 0; c = c->next, left--)
		fast += is_fast(c);
	return fast;
}

/* The connections after the first COUNTED_MAX are estimated from the last sweep, because counting must be short. */
void unsent_begin_sweep(struct unsent *unsent, const struct connection *connections, unsigned count)
{
	const unsigned first_fast = count_first_fast(connections);

	if (count <= COUNTED_MAX || first_fast > unsent->fast)
		unsent->fast = first_fast;
	unsent->share = share_of(unsent, count, CONNECTION_UNSENT_SLOW);
	unsent->fast_share = share_of(unsent, unsent->fast, CONNECTION_UNSENT_MAX);
	unsent->next_fast = 0;
	unsent->next_held_bytes = 0;
}

/* Counts a fast connection. If there are more than estimated, the next ones get a smaller share at once. */
static void count_fast(struct unsent *unsent)
{
	unsent->next_fast++;
	if (unsent->next_fast > unsent->fast)
		unsent->fast_share = share_of(unsent, unsent->next_fast, CONNECTION_UNSENT_MAX);
}

void unsent_sweep(struct unsent *unsent, struct connection *connection)
{
	const bool fast = is_fast(connection);

	if (fast)
		count_fast(unsent);
	else if (connection->unsent_bytes > CONNECTION_UNSENT_SLOW)
		connection->held = true;
	connection_limit_unsent(connection, fast ? unsent->fast_share : unsent->share);
	if (!connection->held || fast)
		return;
	unsent->next_held_bytes += connection_unsent_bytes(connection);
	connection->held = connection_unsent_bytes(connection) > CONNECTION_UNSENT_SLOW;
}

void unsent_end_sweep(struct unsent *unsent)
{
	unsent->fast = unsent->next_fast;
	unsent->held_bytes = unsent->next_held_bytes;
}
