/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The HTTP server of the admin listener and of the monitor listener: libmicrohttpd with one thread for each connection,
 * so that a resource may block without delaying the next request. The server does not accept connections;
 * admin_listener.c accepts and adds them.
 *
 * A server is local or remote. A local server is the admin listener. Its requests over TCP must name a loopback host in
 * the Host field, and must not change any state. This rule blocks requests of a web page whose host name resolves to
 * 127.0.0.1 (DNS rebinding). Requests that change state must use a Unix socket. The mode of the socket (0660) decides
 * which users may connect.
 *
 * A remote server may have clients on other hosts. It accepts any Host field, so its resources must not change any
 * state. Its clients may be slow or broken, so each request has a time limit. It may use TLS.
 */
#ifndef ADMIN_ADMIN_SERVER_H
#define ADMIN_ADMIN_SERVER_H

#include <sys/socket.h>

#include "admin/admin_call.h"

enum admin_methods { ADMIN_GET = 1, ADMIN_POST = 2 }; /* bit flags; ADMIN_GET includes HEAD */

struct admin_resource {
	const char *path; /* compared with the whole path of the request */
	unsigned methods;
	void (*fn)(struct admin_call *call); /* sets the answer; runs on the thread of the connection */
};

struct admin_server;
struct certificates;

struct admin_server_options {
	const struct admin_resource *resources; /* terminated by an element whose path is NULL */
	struct process *process;		/* passed to the resources */
	bool remote;				/* clients may be on other hosts; see above */
	/*
	 * With TLS only. Returns a reference to the certificates for a new connection, or NULL if there are none.
	 * Thread-safe.
	 */
	struct certificates *(*certificates)(struct process *process);
};

/*
 * Starts the server, with or without TLS. Returns 0, -ENOMEM, or -EPROTONOSUPPORT if libmicrohttpd has no TLS. On
 * success the caller owns *server. Called on the main thread.
 */
int admin_server_start(struct admin_server **server, const struct admin_server_options *options, bool tls);
/* Returns the number of open connections. NULL is allowed. Thread-safe. */
unsigned admin_server_connections(const struct admin_server *server);
/*
 * Serves a connection and takes ownership of its descriptor. If memory or threads run out, the connection is closed.
 * peer is copied. Must be called by one thread at a time.
 */
void admin_server_add(struct admin_server *server, int fd, const struct sockaddr *peer, socklen_t length);
/*
 * Shuts down the connections of a remote server that have exceeded their time limit. Must be called every second. NULL
 * and a local server are allowed. Thread-safe.
 */
void admin_server_sweep(struct admin_server *server);
/*
 * Cancels the calls in progress, joins the threads of the connections and frees the server. Returns false if a call
 * waits for a disk and does not return in time. In that case no memory is freed. NULL is allowed. Called on the main
 * thread, after the last admin_server_add().
 */
bool admin_server_stop(struct admin_server *server);

#endif
