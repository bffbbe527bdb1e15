/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The HTTP server of one reactor: its connections, and the daemons of libmicrohttpd that serve them. The worker adds
 * accepted connections with server_add() and calls server_run() in each iteration of the event loop. Only the reactor's
 * thread may call these functions.
 */
#ifndef MHD_SERVER_H
#define MHD_SERVER_H

#include <sys/socket.h>

#include "request/connection.h"
#include "request/request.h"

struct server;

struct server_options {
	struct reactor *reactor;
	/*
	 * Called when a connection has ended, with the client and `rejected` of its struct arrival. The descriptor of
	 * the connection is closed directly afterwards.
	 */
	void (*closed)(void *context, void *client, bool rejected);
	void *context;
};

/* The part of the configuration that changes with a reload. */
struct server_terms {
	struct request_site *site;	 /* site of new connections; the server and each connection have a reference */
	struct connection_limits limits; /* limits of all connections */
	uint64_t unsent_bytes; /* maximum number of unsent bytes that the kernel buffers for all connections */
};

/* Returns 0 with *server owned by the caller, or -errno. Sets find_prebuilt() of terms->site. */
int server_new(struct server **server, const struct server_options *options, const struct server_terms *terms);
/*
 * Aborts the remaining connections and frees the server. Reads of the store may still be in flight afterwards, but MHD
 * calls no callbacks. NULL is allowed.
 */
void server_free(struct server *server);

/*
 * Returns the epoll descriptor of MHD for plain connections (i = 0) or for TLS (i = 1), or -1 if no site has used TLS
 * so far. The descriptor is readable if server_run() has work to do. In that case, the caller calls
 * server_set_readable() before server_run().
 */
#define SERVER_FDS 2
int server_fd(const struct server *server, unsigned i);
void server_set_readable(struct server *server, unsigned i);

/*
 * Applies the next generation of the configuration. Existing connections keep the site and the certificates with which
 * they were accepted, for one more request. Returns 0, or -errno if TLS cannot be started. After an error, the server
 * is unchanged.
 */
int server_reload(struct server *server, const struct server_terms *terms);

/*
 * Adds an accepted connection, and takes ownership of its descriptor and its client. Returns 0 or -errno. After an
 * error, the descriptor was closed, and closed() was called with the client.
 */
int server_add(struct server *server, const struct arrival *arrival);

/*
 * Processes the connections that are ready, for a bounded time. Must be called in every iteration of the event loop,
 * because MHD does not announce resumed connections.
 */
void server_run(struct server *server);
/*
 * Sends parts of the direct bodies that are ready, for a bounded time. Called after server_run() in every iteration,
 * and after the reads of other requests have been submitted.
 */
void server_send(struct server *server);
/*
 * Returns the maximum time that the event loop may sleep, in milliseconds. The result is 0 if the server has more work,
 * and -1 if there is no limit.
 */
int server_wait_ms(const struct server *server);

/*
 * Announces the end to the clients. From now on, replies have "Connection: close", and the grace period of
 * server_drain() begins. Connections stay open.
 */
void server_announce_drain(struct server *server);
/*
 * Starts to drain. Calls server_announce_drain() if it was not called before. Idle connections are closed after
 * grace_ms milliseconds, or at once if this time has passed since the announcement.
 */
void server_drain(struct server *server, uint64_t grace_ms);
/* Shuts down all connections, in steps. server_run() then ends the connections that do not wait for the disk. */
void server_abort(struct server *server);

/* Returns the number of connections, including those that are closed as soon as their clients close them. */
unsigned server_connections(const struct server *server);

/* Returns the version of the library in use, for example "0.9.75". */
const char *server_library_version(void);
/* Returns the way in which long bodies without TLS are sent: "direct" or "callback". */
const char *server_sender(void);

#endif
