/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Closes connections without losing the last response. If a socket is closed while input is unread, or if input arrives
 * afterwards, the kernel sends a reset, and the client may lose the response that it has not read yet. That happens to
 * clients that pipeline requests, or that still send a body. Such a connection lingers: its output is ended, and its
 * input is discarded until the client closes its side. Runs on the reactor's thread.
 */
#ifndef MHD_LINGERING_H
#define MHD_LINGERING_H

#include <stdbool.h>

#include "engine/reactor.h"

struct lingering_connection;

/* Embedded in struct server; all zero before lingering_init(). */
struct lingering {
	struct reactor *reactor;
	struct lingering_connection *list;
	unsigned count; /* number of lingering connections */
};

#define LINGERING_MS 1000      /* maximum time that a connection lingers */
#define LINGERING_MAX 1024     /* maximum number of lingering connections */
#define LINGERING_SERVING 64   /* the same while the server does not drain, because each needs a descriptor */
#define LINGERING_BYTES 262144 /* maximum number of bytes that are discarded */

void lingering_init(struct lingering *linger, struct reactor *reactor);
/* Closes all lingering connections. Has no effect before lingering_init(). */
void lingering_fini(struct lingering *linger);

/*
 * Duplicates the descriptor `fd` of a connection, which the caller closes afterwards, and lets the connection linger.
 * Does nothing if `most` connections linger, or if no descriptor is free.
 */
void lingering_add(struct lingering *linger, int fd, unsigned most);

#endif
