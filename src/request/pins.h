/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Counts the memory of the cache that one request keeps pinned while its client receives the response, and charges it
 * to that client. Memory that a slow client pins is not available to other clients, so pinned memory is limited per
 * client and in total. Beyond the limits, bodies are copied out of the cache in small pieces. A peer on a Unix socket
 * may act for many clients, so only the limit on the total applies to it. The request owns its struct pins.
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
	size_t bytes;	       /* bytes charged to the client */
};

/*
 * Begins to charge `client`, which must stay valid until pins_close(). NULL: no client is charged. A struct pins that
 * is all zero is valid, and stands for a request that pins no memory.
 */
void pins_open(struct pins *pins, const struct store *store, struct client *client);
/* Sets the number of bytes that the request currently pins. */
void pins_set(struct pins *pins, size_t bytes);
/* Ends the charge when the request ends. The last extents may be unpinned a little later. */
void pins_close(struct pins *pins);

/* Returns true if the request may pin `bytes` more while its client receives the response. */
bool pins_allow(const struct pins *pins, size_t bytes);
/*
 * Returns true if the request may also pin readahead. The limit for readahead is lower than that of pins_allow(), so
 * the readahead of long bodies shrinks before the bodies are copied.
 */
bool pins_allow_ahead(const struct pins *pins);

#endif
