/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The memory of the cache that one request keeps pinned while its client takes the reply, charged to that client. What a slow client
 * pins is lost to all others, so it is bounded per client and in sum; beyond the bounds bodies are copied out of the cache in small
 * pieces. A peer on a Unix socket speaks for many clients: only the bound on the sum applies to it. Belongs to the request.
 */
#ifndef HTTP_PINS_H
#define HTTP_PINS_H

#include <stdbool.h>
#include <stddef.h>

#include "http/clients.h"
#include "store/store.h"

struct pins {
	const struct store *store;
	struct client *client; /* NULL: no client is charged */
	size_t bytes;	       /* charged to it */
};

/* All zero is a valid one, of a request that pins nothing. client: NULL or one that lives until pins_close(). */
void pins_open(struct pins *pins, const struct store *store, struct client *client);
/* So many bytes are pinned now. */
void pins_set(struct pins *pins, size_t bytes);
/* The request is over: nothing is charged from here on, although the last extents may be unpinned a little later. */
void pins_close(struct pins *pins);

/* Whether `bytes` more may be pinned for as long as the client takes. */
bool pins_allow(const struct pins *pins, size_t bytes);
/* Whether there is room for readahead as well: this ends earlier, so that long bodies shrink their readahead before they are copied. */
bool pins_allow_ahead(const struct pins *pins);

#endif
