/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Watches the sockets of suspended connections. libmicrohttpd does not watch a suspended connection, so only the watch
 * detects that its client has disconnected, or that its socket has room again. Runs on the reactor's thread.
 */
#ifndef MHD_WATCH_H
#define MHD_WATCH_H

#include "mhd/exchange.h"

/*
 * Watches the connection of the exchange until the connection ends. Called before a connection is suspended. The watch
 * has no effect while the connection is not suspended. Returns 0, or -errno if it cannot be watched.
 */
int watch_begin(struct exchange *exchange);
/* Ends the watch. Must be called before the descriptor is closed. */
void watch_end(struct exchange_shared *shared, struct connection *connection);

#endif
