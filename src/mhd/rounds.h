/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The list of the connections of a server, and rounds over this list. A round visits each connection once. It consists
 * of short steps, so that an iteration of the event loop never visits all of many thousands of connections. Runs on the
 * reactor's thread.
 */
#ifndef MHD_ROUNDS_H
#define MHD_ROUNDS_H

#include "request/connection.h"

/* Embedded in struct server; all zero at first. */
struct rounds {
	struct connection *connections; /* linked by next and prev */
	unsigned count;			/* number of connections */
	/* private */
	struct connection *cursor; /* the next connection to visit */
	unsigned visited;	   /* number of connections that the current round has visited */
	uint64_t since_ns;	   /* start of the current round */
	bool running;		   /* a round has begun and not ended */
};

#define ROUNDS_STEP_CONNECTIONS 256	 /* maximum number of connections that a step visits */
#define ROUNDS_STEP_NS UINT64_C(1000000) /* a step visits no further connections after this time */

/* Adds a connection. The current round does not visit it. */
void rounds_add(struct rounds *rounds, struct connection *connection);
/* Removes a connection. Must not be called while the connection is being visited. */
void rounds_remove(struct rounds *rounds, struct connection *connection);

/* Starts a new round at the next step, even if the current round has not ended. */
void rounds_restart(struct rounds *rounds);

/* The callbacks of a step. A callback must not add or remove connections. */
struct rounds_calls {
	void (*begin)(void *context);						      /* a round begins */
	void (*visit)(void *context, struct connection *connection, uint64_t now_ns); /* visits one connection */
	void (*end)(void *context);						      /* the round has ended */
	void *context;
};

/*
 * Runs one step of rounds that take round_ms each. Returns the number of milliseconds until the next step, at least 1.
 * A round takes longer than round_ms if there are more connections than steps of 1 ms can visit in that time.
 */
unsigned rounds_step(struct rounds *rounds, unsigned round_ms, const struct rounds_calls *calls);

#endif
