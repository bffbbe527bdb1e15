/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Accepts connections from the listening sockets for one worker. Belongs to its reactor's thread. */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <sys/socket.h>

#include "engine/reactor.h"
#include "net/sockets.h"

struct listener;

/*
 * A connection was accepted. The callee owns fd. `listener` is the index of the configured listener. If `error` is not
 * 0, the connection used the last descriptor, and the callee must reject the connection at once. `error` is then
 * -EMFILE or another -errno that means a lack of resources.
 */
typedef void (*listener_accept_fn)(void *context, int fd, unsigned listener, const struct sockaddr *peer,
				   socklen_t length, int error);

/*
 * Starts to accept connections. Takes ownership of one use of the sockets (sockets_open()) on success. Returns 0 with
 * *listener owned by the caller, or -errno.
 */
int listener_new(struct listener **listener, struct reactor *reactor, struct sockets *sockets,
		 listener_accept_fn on_accept, void *context);
/*
 * Accepts the connections that the kernel has queued, so that none of them is reset. Then releases the sockets and
 * frees the listener. NULL is allowed.
 */
void listener_free(struct listener *listener);

#endif
