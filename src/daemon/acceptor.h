/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Admission of connections for one worker: accepts them, applies the limits on connections, and picks the worker that
 * serves them. Belongs to the reactor's thread of the worker, except where noted.
 */
#ifndef DAEMON_ACCEPTOR_H
#define DAEMON_ACCEPTOR_H

#include "daemon/generation.h"
#include "engine/reactor.h"
#include "mhd/server.h"
#include "request/counters.h"

struct acceptor;

/*
 * Creates the acceptor of worker `index`; it does not listen yet. Returns 0 with *acceptor owned by the caller, or
 * -ENOMEM. Main thread.
 */
int acceptor_new(struct acceptor **acceptor, struct process *process, unsigned index, struct reactor *reactor,
		 struct counters *counters);
/* Frees the acceptor after acceptor_close() and after the reactor was freed. NULL is allowed. */
void acceptor_free(struct acceptor *acceptor);

/* Sets the server that receives the connections. NULL: connections from other workers are closed from now on. */
void acceptor_set_server(struct acceptor *acceptor, struct server *server);
/* For server_options.closed: a connection of this worker has ended. `context` is the acceptor. */
void acceptor_connection_closed(void *context, void *client, bool rejected);

/*
 * Listens on the sockets of a generation; new connections belong to that generation. The sockets of the former
 * generation are released. Returns 0, or -errno and nothing has changed.
 */
int acceptor_listen(struct acceptor *acceptor, struct generation *generation);
/* Returns the generation of new connections; NULL if the acceptor does not listen. */
struct generation *acceptor_generation(const struct acceptor *acceptor);

/* Stops listening, and closes connections whose PROXY header has not begun. */
void acceptor_drain(struct acceptor *acceptor);
/* Closes all connections whose PROXY header is incomplete. */
void acceptor_abort(struct acceptor *acceptor);
/* Stops listening and closes all connections that were not passed to the server yet. NULL is allowed. */
void acceptor_close(struct acceptor *acceptor);

/* Returns the number of connections that this worker serves, or that were assigned to it. Any thread. */
unsigned acceptor_connections(const struct acceptor *acceptor);

#endif
