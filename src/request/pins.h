/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Counts the memory of the cache that one request keeps pinned while its client receives the response, and charges
 * it to that client. Memory that a slow client pins is not available to others, so it is limited per client and in
 * total. Beyond the limits, bodies are copied out of the cache in small pieces. A peer on a Unix socket may act for
 * many clients, so only the limit on the total applies to it. Owned by the request.
 */
#ifndef REQUEST_PINS_H
#define REQUEST_PINS_H

#include <stdbool.h>
#include <stddef.h>

#include "request/clients.h"
#include "store/store.h"

struct pins {
	const struct store *store;
	struct client *client; /* NULL: no client is charged */
	size_t bytes;	       /* charged to it */
};

/*
 * Begins to charge `client`, which is NULL or stays valid until pins_close(). A struct that is all zero is valid,
 * and stands for a request that pins nothing.
 */
void pins_open(struct pins *pins, const struct store *store, struct client *client);
/* Sets the number of bytes that the request has pinned now. */
void pins_set(struct pins *pins, size_t bytes);
/* Ends the charge when the request ends. The last extents may be unpinned a little later. */
void pins_close(struct pins *pins);

/* Returns true if the request may pin `bytes` more while its client receives the response. */
bool pins_allow(const struct pins *pins, size_t bytes);
/*
 * Returns true if the request may also pin readahead. This limit is lower, so long bodies shrink their readahead
 * before they are copied.
 */
bool pins_allow_ahead(const struct pins *pins);

#endif
