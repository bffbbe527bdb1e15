/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One worker's ear on the listening sockets: accepts what comes and hands it on. Belongs to its reactor's thread. */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <sys/socket.h>

#include "engine/reactor.h"
#include "net/sockets.h"

struct listener;

/*
 * Owns fd from here on. listener: which of the configuration's it came in on. error: 0, or why the connection is to be
 * refused at once
 * (-EMFILE and the like): its descriptor was the last one.
 */
typedef void (*listener_accepted_fn)(void *context, int fd, unsigned listener, const struct sockaddr *peer,
				     socklen_t length, int error);

/* Watches the sockets. 0 with *listener owned by the caller, or -errno. */
int listener_new(struct listener **listener, struct reactor *reactor, struct sockets *sockets,
		 listener_accepted_fn accepted, void *context);
/* Accepts what has queued up, so that nobody who got through is reset, then stops and releases the sockets. NULL is
 * fine. */
void listener_free(struct listener *listener);

#endif
