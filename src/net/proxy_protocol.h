/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connections from proxies whose PROXY header is incomplete: versions 1 and 2 of the protocol, as specified in
 * proxy-protocol.txt of HAProxy. Each worker has one object, which belongs to the thread of its reactor.
 */
#ifndef NET_PROXY_PROTOCOL_H
#define NET_PROXY_PROTOCOL_H

#include <stdint.h>

#include "engine/reactor.h"
#include "request/peer.h"

struct proxy_protocol;

/*
 * The header of a connection is complete, and no byte after it was read. The address of the arrival is the client
 * address from the header. If the header names no address, it is the address of the proxy. The callee owns the socket.
 *
 * fd -1: the connection was closed. `rejected` is then true if the header was malformed or did not arrive in time.
 */
typedef void (*proxy_protocol_header_fn)(void *context, const struct arrival *arrival, bool rejected);

/* Returns 0 with *proxies owned by the caller, or -ENOMEM. */
int proxy_protocol_new(struct proxy_protocol **proxies, struct reactor *reactor, uint64_t timeout_ms,
		       proxy_protocol_header_fn on_header, void *context);
/* Sets the time within which the header of a new connection must be complete. */
void proxy_protocol_set_timeout(struct proxy_protocol *proxies, uint64_t timeout_ms);
/* Frees the object, which must have no connections left. NULL is allowed. */
void proxy_protocol_free(struct proxy_protocol *proxies);

/*
 * Takes ownership of the socket of the arrival and reads the header. on_header() is called once, possibly before this
 * function returns. The caller keeps the site of the arrival alive until then.
 */
void proxy_protocol_add(struct proxy_protocol *proxies, const struct arrival *arrival);

/* Closes the connections from which no byte has arrived. */
void proxy_protocol_drain(struct proxy_protocol *proxies);
/* Closes all connections. */
void proxy_protocol_abort(struct proxy_protocol *proxies);

#endif
