/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Admits the connections of one worker: accepts each connection, applies the limits on connections, and picks the
 * worker that serves the connection. All functions are called on the thread of the worker, except where noted.
 */
#ifndef DAEMON_ACCEPTOR_H
#define DAEMON_ACCEPTOR_H

#include "daemon/generation.h"
#include "engine/reactor.h"
#include "mhd/server.h"
#include "request/counters.h"

struct acceptor;

/*
 * Creates the acceptor of worker `index`. The acceptor does not listen yet. Returns 0 or -ENOMEM. On success the caller
 * owns *acceptor. Called on the main thread.
 */
int acceptor_new(struct acceptor **acceptor, struct process *process, unsigned index, struct reactor *reactor,
		 struct counters *counters);
/* Frees the acceptor. Called after acceptor_close() and after the reactor was freed. NULL is allowed. */
void acceptor_free(struct acceptor *acceptor);

/*
 * Sets the server that receives the connections. If `server` is NULL, connections that other workers hand over to this
 * acceptor are closed.
 */
void acceptor_set_server(struct acceptor *acceptor, struct server *server);
/* Called when a connection of this worker has ended (server_options.closed). `context` is the acceptor. */
void acceptor_connection_closed(void *context, void *client, bool rejected);

/*
 * Starts to listen on the sockets of a generation, and releases the sockets of the former generation. New connections
 * belong to the new generation. Returns 0 or -errno. On failure the acceptor keeps its sockets and its generation.
 */
int acceptor_listen(struct acceptor *acceptor, struct generation *generation);
/* Returns the generation of new connections, or NULL if the acceptor does not listen. */
struct generation *acceptor_generation(const struct acceptor *acceptor);

/*
 * Stops listening. Accepts the connections that the kernel has queued. Connections whose PROXY header has not begun are
 * closed after grace_ms.
 */
void acceptor_drain(struct acceptor *acceptor, uint64_t grace_ms);
/* Closes all connections whose PROXY header is incomplete. */
void acceptor_abort(struct acceptor *acceptor);
/* Stops listening and closes all connections that were not yet passed to the server. NULL is allowed. */
void acceptor_close(struct acceptor *acceptor);

/* Returns the number of connections that this worker serves or that were assigned to this worker. Thread-safe. */
unsigned acceptor_connections(const struct acceptor *acceptor);

#endif
