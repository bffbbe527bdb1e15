/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bounds, as shares of the cache:
 *
 *	what is pinned in all	a client may have pinned
 *	up to a half		3/8
 *	up to three quarters	1/64, so that clients that pin little do not notice those that pin much
 *	more			nothing
 *
 * The rest stays available for reads. The sum is what is really pinned, reads in flight included. A client is charged for each request,
 * also where several of its requests pin the same extent. Several reactors may pass a bound at the same time, by one extent each.
 */
#include "http/pins.h"

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
	/* A difference below zero wraps around, as it should. Relaxed: a sum that publishes nothing else. */
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
	used = store_cache_pinned_bytes(pins->store);
	if (used > all / 4 * 3)
		return false;
	if (pins->client == NULL)
		return used <= all / 2;
	/* Relaxed: an estimate is enough. */
	has += atomic_load_explicit(&pins->client->pinned_bytes, memory_order_relaxed);
	return has <= (used > all / 2 ? all / 64 : all / 8 * 3);
}

bool pins_allow_ahead(const struct pins *pins)
{
	return pins->store == NULL || pins_allow(pins, store_cache_bytes(pins->store) / 8);
}
