/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The HTTP side of one reactor: libmicrohttpd daemons, one for the clear and one for TLS, in external-epoll mode
 * without a listening socket. Connections come in through server_add(), replies go out through server_run(). Belongs to
 * its reactor's thread. Only server.c and three files under it know libmicrohttpd: exchange.c, sender.c and handler.c.
 */
#ifndef MHD_SERVER_H
#define MHD_SERVER_H

#include <sys/socket.h>

#include "request/connection.h"
#include "request/request.h"

struct server;

struct server_options {
	struct reactor *reactor;
	void (*closed)(void *context, void *client,
		       bool refused); /* a connection has ended; its descriptor is closed next */
	void *context;
};

/* What holds for connections that come in from here on. */
struct server_terms {
	struct request_site *site;	 /* its ready() is set by the server, which holds it, as each connection does */
	struct connection_limits limits; /* for all connections */
	uint64_t unsent_bytes;		 /* that the kernel may hold for all connections of this server together */
};

/* 0 with *server owned by the caller, or -errno. */
int server_new(struct server **server, const struct server_options *options, const struct server_terms *terms);
/* Cuts what is left. After it, reads may still be in flight in the store; no MHD callback runs any more. NULL is fine.
 */
void server_free(struct server *server);

/*
 * The epoll descriptors of MHD's daemons, [1] that of TLS or -1 as long as no site had certificates: readable when
 * server_run() has something to do. Once that is seen, server_fired() is to be called before it.
 */
#define SERVER_FDS 2
int server_fd(const struct server *server, unsigned i);
void server_fired(struct server *server, unsigned i);

/*
 * Connections that are there keep the site that they came in under, for one more request, and their certificates. 0 or
 * -errno: TLS can't be had, and all is as it was.
 */
int server_renew(struct server *server, const struct server_terms *terms);

/* Takes its socket over (closes it in any case). Its client comes back through closed(), also on failure. 0 or -errno.
 */
int server_add(struct server *server, const struct arrival *arrival);

/*
 * What can be done now, in a bounded time. Once a turn, always: MHD does not announce resumed
 * connections.
 */
void server_run(struct server *server);
/* How long the loop may sleep: 0 (there is more to do), so many ms, or -1. */
int server_wait_ms(const struct server *server);

/* From here on replies say "Connection: close", and connections without a request are closed. */
void server_drain(struct server *server);
/* Shuts all connections down; server_run() then ends those that do not wait for the disk. */
void server_cut(struct server *server);

unsigned server_connections(const struct server *server);

/* "0.9.75": of the library in use. */
const char *server_library_version(void);

#endif
