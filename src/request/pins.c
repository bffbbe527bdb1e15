/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Enforces limits for pinned cache memory. All sizes are shares of the cache:
 *
 *	pinned in total		limit of one client
 *	up to 1/2		3/8
 *	up to 3/4		1/64, so that clients that pin little are not affected by those that pin much
 *	more			0
 *
 * The remaining quarter stays available for reads. The total is the memory that is actually pinned, including reads in
 * flight. A client is charged for each request, even if several of its requests pin the same extent. Reactors check the
 * limits independently, so each reactor may exceed a limit by one extent at the same time.
 */
#include "request/pins.h"

#include <stdatomic.h>

void pins_open(struct pins *pins, const struct store *store, struct client *client)
{
	pins_close(pins);
	*pins = (struct pins){ .store = store, .client = client != NULL && !client->local ? client : NULL };
}

void pins_set(struct pins *pins, size_t bytes)
{
	if (pins->client == NULL || bytes == pins->bytes)
		return;
	/*
	 * A negative difference wraps around, so that the sum decreases. The memory order is relaxed, because the sum
	 * publishes no other data.
	 */
	atomic_fetch_add_explicit(&pins->client->pinned_bytes, bytes - pins->bytes, memory_order_relaxed);
	pins->bytes = bytes;
}

void pins_close(struct pins *pins)
{
	pins_set(pins, 0);
	pins->client = NULL;
}

bool pins_allow(const struct pins *pins, size_t bytes)
{
	size_t all, used, has = bytes;

	if (pins->store == NULL)
		return true;
	all = store_cache_bytes(pins->store);
	used = store_cache_in_use_bytes(pins->store);
	if (used > all / 4 * 3)
		return false;
	if (pins->client == NULL)
		return used <= all / 2;
	/* The memory order is relaxed, because an estimate is sufficient. */
	has += atomic_load_explicit(&pins->client->pinned_bytes, memory_order_relaxed);
	return has <= (used > all / 2 ? all / 64 : all / 8 * 3);
}

bool pins_allow_ahead(const struct pins *pins)
{
	return pins->store == NULL || pins_allow(pins, store_cache_bytes(pins->store) / 8);
}
