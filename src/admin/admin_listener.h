/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The sockets and threads of a listener for operators: one accepting thread ("ranged-admin" or "ranged-monitor"), and
 * one thread for each connection (admin_server.h). The listener uses neither the sockets nor the reactors of the
 * workers, so it answers while a worker is stuck, and its clients do not delay the clients of the workers.
 */
#ifndef ADMIN_ADMIN_LISTENER_H
#define ADMIN_ADMIN_LISTENER_H

#include "admin/admin_server.h"
#include "base/address.h"
#include "base/text_list.h"

#define ADMIN_LISTENER_CONNECTIONS 32 /* further connections are answered with 503 and closed */

struct admin_listener;

struct admin_listener_options {
	const char *name; /* the key that has the addresses, for messages and the name of the thread */
	/*
	 * At least one address. For a remote server (see struct admin_server_options), the addresses are those that
	 * listen_address_parse() accepts, else those that listen_address_admin_fault() accepts.
	 */
	const struct text_list *addresses;
	/* Returns true if a client of this address may connect. Called on the accepting thread. NULL: all clients. */
	bool (*admits)(void *context, const struct address *address);
	void *context;
	struct admin_server_options server;
};

/*
 * Binds all addresses, listens, and starts the threads. Returns 0, or logs the error and returns -errno. On success the
 * caller owns *listener. The options are copied, but not the addresses, which are not used afterwards. Called on the
 * main thread.
 */
int admin_listener_start(struct admin_listener **listener, const struct admin_listener_options *options);
/* Changes the owner and group of the Unix sockets. Returns 0 or -errno. Called on the main thread. */
int admin_listener_give(struct admin_listener *listener, uid_t uid, gid_t gid);
/*
 * Cancels the calls in progress, joins the threads, closes the sockets, removes Unix sockets and frees the listener.
 * Returns false if a thread waits for a disk that does not respond. In that case the sockets stay open and no memory is
 * freed. NULL is allowed. Called on the main thread.
 */
bool admin_listener_close(struct admin_listener *listener);

/* Returns true if a socket is bound to an address that other hosts may reach. */
bool admin_listener_is_reachable(const struct admin_listener *listener);

#endif
