/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Bounds the unsent bytes that the kernel buffers for the connections of one server (TCP_NOTSENT_LOWAT). Runs on the
 * reactor's thread.
 */
#ifndef MHD_UNSENT_H
#define MHD_UNSENT_H

#include "mhd/exchange.h"

/* Embedded in struct server; all zero at first. */
struct unsent {
	uint64_t most_bytes;	    /* limit for all connections together */
	uint64_t held_bytes;	    /* unsent bytes of connections that were fast, in the last complete sweep */
	uint64_t next_held_bytes;   /* the same in the current sweep, so far */
	unsigned fast, next_fast;   /* number of fast connections: estimated, and counted in the current sweep so far */
	unsigned share, fast_share; /* limits of one connection in the current sweep */
};

/* Limits a new connection. `count` is the number of all connections. */
void unsent_open(const struct unsent *unsent, struct connection *connection, unsigned count);
/* Begins a sweep: divides the limit between the connections of the list. `count` is their number. */
void unsent_begin_sweep(struct unsent *unsent, const struct connection *connections, unsigned count);
/* Limits a connection in a sweep. */
void unsent_sweep(struct unsent *unsent, struct connection *connection);
/* Ends a sweep that has visited all connections. */
void unsent_end_sweep(struct unsent *unsent);

#endif
