/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The periodic checks of the connections of a server. A sweep ends connections that have exceeded a timeout, releases
 * memory that is pinned for stalled clients, and adapts the kernel's buffers to the number and the speed of the
 * connections. During a drain, it closes connections that are idle. Each connection is visited at least once a second.
 * Runs on the reactor's thread.
 */
#ifndef MHD_SWEEP_H
#define MHD_SWEEP_H

#include "engine/reactor.h"
#include "mhd/exchange.h"
#include "mhd/rounds.h"
#include "mhd/unsent.h"

enum sweep_stage {
	SWEEP_SERVING,
	SWEEP_DRAINING, /* idle connections are closed after the grace period */
	SWEEP_ABORTING, /* all connections are ended */
};

/* Embedded in struct server; all zero before sweep_start(). */
struct sweep {
	struct rounds rounds; /* owns the list of connections */
	struct unsent unsent;
	struct connection_limits limits; /* written by server.c */
	/* private */
	enum sweep_stage stage;
	uint64_t announced_ns; /* since then, replies have "Connection: close"; 0: they do not */
	uint64_t grace_ns;
	struct reactor *reactor;
	struct exchange_shared *shared;
	struct reactor_timer timer;
};

/* Starts the sweeps. Returns 0 or -ENOMEM. */
int sweep_start(struct sweep *sweep, struct reactor *reactor, struct exchange_shared *shared);
/* Stops the sweeps. Has no effect if they were not started. */
void sweep_stop(struct sweep *sweep);

/*
 * Notes that replies have "Connection: close" from now on, so that the grace period of the connections begins. A second
 * call has no effect.
 */
void sweep_announce(struct sweep *sweep);
/*
 * From now on, closes each connection that has been idle for the grace period since sweep_announce(). In this period
 * its client may send one more request, whose response has "Connection: close".
 */
void sweep_drain(struct sweep *sweep, uint64_t grace_ms);
/* Ends all connections within some milliseconds, in steps. */
void sweep_abort(struct sweep *sweep);

#endif
