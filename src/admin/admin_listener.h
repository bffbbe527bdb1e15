/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sockets and threads of the admin listener: one accepting thread ("ranged-admin"), and one thread for each
 * connection (admin_server.h). The admin listener uses neither the sockets nor the reactors of the workers, so it
 * answers while a worker is stuck, and its clients do not delay the clients of the workers.
 */
#ifndef ADMIN_ADMIN_LISTENER_H
#define ADMIN_ADMIN_LISTENER_H

#include "admin/admin_server.h"
#include "site/settings.h"

#define ADMIN_LISTENER_CONNECTIONS 32 /* further connections are answered with 503 and closed */

struct admin_listener;

struct admin_listener_options {
	const struct text_list *addresses; /* addresses that listen_address_admin_fault() accepts; at least one */
	struct admin_server_options server;
};

#define ADMIN_LISTENER_FAULT_BYTES 512

/*
 * Binds all addresses and listens. Returns 0, or -errno with a message in `fault`. On success the caller owns
 * *listener. Called on the main thread, before other threads exist.
 */
int admin_listener_open(struct admin_listener **listener, const struct admin_listener_options *options,
			char fault[ADMIN_LISTENER_FAULT_BYTES]);
/* Starts the threads. Returns 0 or -errno. Called on the main thread. */
int admin_listener_start(struct admin_listener *listener);
/* Changes the owner and group of the Unix sockets. Returns 0 or -errno. Called on the main thread. */
int admin_listener_give(struct admin_listener *listener, uid_t uid, gid_t gid);
/*
 * Cancels the calls in progress, joins the threads, closes the sockets, removes Unix sockets and frees the listener.
 * Returns false if a thread waits for a disk that does not respond. In that case the sockets stay open and no memory is
 * freed. NULL is allowed. Called on the main thread.
 */
bool admin_listener_close(struct admin_listener *listener);

/*
 * Writes the i-th bound address to text: "127.0.0.1:9180" or "unix:/path". Returns text, or NULL if i is not less than
 * the number of addresses.
 */
char *admin_listener_address(const struct admin_listener *listener, size_t i, char *text, size_t text_bytes);

#endif
