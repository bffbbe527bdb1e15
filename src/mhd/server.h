/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The HTTP server of one reactor: its connections, and the daemons of libmicrohttpd that serve them. The worker adds
 * accepted connections with server_add() and calls server_run() in each iteration of the event loop. All functions are
 * for the reactor's thread. Only the files of this folder use libmicrohttpd.
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
	 * Called when a connection has ended, with the client and `rejected` of its struct arrival. Its descriptor is
	 * closed directly afterwards.
	 */
	void (*closed)(void *context, void *client, bool rejected);
	void *context;
};

/* The part of the configuration that changes with a reload. */
struct server_terms {
	struct request_site *site;	 /* for new connections; the server and each connection hold a reference */
	struct connection_limits limits; /* for all connections */
	uint64_t unsent_bytes;		 /* maximum memory of the kernel for unsent data of all connections */
};

/* Returns 0 with *server owned by the caller, or -errno. Sets find_prebuilt() of terms->site. */
int server_new(struct server **server, const struct server_options *options, const struct server_terms *terms);
/*
 * Aborts the remaining connections and frees the server. Reads may still be in flight in the store afterwards, but no
 * callback of MHD runs any more. NULL is allowed.
 */
void server_free(struct server *server);

/*
 * Returns an epoll descriptor of MHD: i = 0 for plain connections, i = 1 for TLS, or -1 if no site has used TLS so far.
 * It is readable if server_run() has work to do. Call server_set_readable() before server_run() in that case.
 */
#define SERVER_FDS 2
int server_fd(const struct server *server, unsigned i);
void server_set_readable(struct server *server, unsigned i);

/*
 * Applies the next generation of the configuration. Existing connections keep the site, and the certificates, under
 * which they were accepted, for one more request. Returns 0, or -errno if TLS cannot be started; then nothing changes.
 */
int server_reload(struct server *server, const struct server_terms *terms);

/*
 * Adds an accepted connection. Takes ownership of its descriptor, and closes it also on failure. closed() returns the
 * client, also on failure. Returns 0 or -errno.
 */
int server_add(struct server *server, const struct arrival *arrival);

/*
 * Processes the connections that are ready, for a bounded time. Call it in every iteration of the event loop, because
 * MHD does not announce resumed connections.
 */
void server_run(struct server *server);
/* Returns how long the event loop may sleep, in milliseconds: 0 if there is more work, or -1 without a limit. */
int server_wait_ms(const struct server *server);

/* Starts to drain: replies have "Connection: close", and idle connections are closed. */
void server_drain(struct server *server);
/* Shuts all connections down. server_run() then ends those that do not wait for the disk. */
void server_abort(struct server *server);

/* Returns the number of connections. */
unsigned server_connections(const struct server *server);

/* Returns the version of the library in use, for example "0.9.75". */
const char *server_library_version(void);

#endif
