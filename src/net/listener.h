/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accepts connections from the listening sockets for one worker. A listener belongs to the thread of its reactor. */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <sys/socket.h>

#include "engine/reactor.h"
#include "net/sockets.h"

struct listener;

/*
 * Called for each accepted connection. The callee owns fd. `listener` is the index of the configured listener. If
 * `error` is not 0, the connection used the last free descriptor, and the callee must reject the connection at once. In
 * that case, `error` is -EMFILE or another -errno that means a lack of resources.
 */
typedef void (*listener_accept_fn)(void *context, int fd, unsigned listener, const struct sockaddr *peer,
				   socklen_t length, int error);

/*
 * Starts to accept connections. Returns 0 with *listener owned by the caller, or -errno. On success, the listener owns
 * one use of the sockets (see sockets_open()).
 */
int listener_new(struct listener **listener, struct reactor *reactor, struct sockets *sockets,
		 listener_accept_fn on_accept, void *context);
/*
 * Accepts the connections that the kernel has queued, because closing the sockets would reset them. Then releases the
 * sockets and frees the listener. NULL is allowed.
 */
void listener_free(struct listener *listener);

#endif
