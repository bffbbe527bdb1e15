/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Connections from proxies that have not sent their complete PROXY header yet. Versions 1 and 2 of the protocol are
 * supported, as specified in proxy-protocol.txt of HAProxy. Each worker has one struct proxy_protocol, which belongs to
 * the thread of its reactor.
 */
#ifndef NET_PROXY_PROTOCOL_H
#define NET_PROXY_PROTOCOL_H

#include <stdint.h>

#include "engine/reactor.h"
#include "request/peer.h"

struct proxy_protocol;

/*
 * Called when the PROXY header of a connection is complete. Bytes after the header were not read. The address of the
 * arrival is the client address from the header, or the address of the proxy if the header has no address. The callee
 * owns the socket.
 *
 * Also called with the descriptor -1 when the connection was closed instead. In that case, `rejected` is true if the
 * header was malformed or did not arrive in time.
 */
typedef void (*proxy_protocol_header_fn)(void *context, const struct arrival *arrival, bool rejected);

/* Returns 0 with *proxies owned by the caller, or -ENOMEM. */
int proxy_protocol_new(struct proxy_protocol **proxies, struct reactor *reactor, uint64_t timeout_ms,
		       proxy_protocol_header_fn on_header, void *context);
/* Sets the time within which the header of a new connection must be complete. */
void proxy_protocol_set_timeout(struct proxy_protocol *proxies, uint64_t timeout_ms);
/* Frees the object, which must not have any connections. NULL is allowed. */
void proxy_protocol_free(struct proxy_protocol *proxies);

/*
 * Takes ownership of the socket of the arrival and reads the PROXY header. on_header() is called once, possibly before
 * this function returns. The caller keeps the site of the arrival alive until on_header() is called.
 */
void proxy_protocol_add(struct proxy_protocol *proxies, const struct arrival *arrival);

/* From now on, the PROXY header of each connection must be complete within grace_ms, if that is sooner. */
void proxy_protocol_drain(struct proxy_protocol *proxies, uint64_t grace_ms);
/* Closes all connections. */
void proxy_protocol_abort(struct proxy_protocol *proxies);

#endif
