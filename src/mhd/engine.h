/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One daemon of libmicrohttpd, in external-epoll mode without a listening socket. A server has one engine for plain
 * connections and one engine for TLS. Runs on the reactor's thread.
 */
#ifndef MHD_ENGINE_H
#define MHD_ENGINE_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

#include "mhd/records.h"

struct exchange_shared;

/* Embedded in struct server; all zero before engine_start(). */
struct engine {
	struct MHD_Daemon *daemon; /* NULL: not started */
	bool tls;
	bool readable;		     /* MHD's epoll descriptor is readable */
	bool more;		     /* the last pass left work to do */
	unsigned fruitless;	     /* number of consecutive passes without progress */
	struct records_pool records; /* TLS only */
	uint64_t rests_until_ns;     /* no pass runs before this time unless an event occurs; 0: not resting */
};

/*
 * Starts the daemon unless it is running. notify() is called with `context` for each connection that begins or ends.
 * Returns 0, -EPROTONOSUPPORT if the library does not support TLS, or another -errno. Logs the lack of TLS support.
 */
int engine_start(struct engine *engine, bool tls, struct exchange_shared *shared, MHD_NotifyConnectionCallback notify,
		 void *context);
/*
 * Stops the daemon and closes its connections, none of which may be suspended. Does nothing if the daemon was not
 * started.
 */
void engine_stop(struct engine *engine);

/* Runs one pass over all connections that are ready. Does nothing if the engine rests and no event has occurred. */
void engine_run(struct engine *engine, struct exchange_shared *shared, uint64_t now_ns);

/* Returns true if the version of the library at run time is 1.0 or later. */
bool engine_library_is_1_or_later(void);
/*
 * Returns true if long bodies without TLS are sent by direct.c. This needs version 1.0, because older versions send a
 * second Content-Length. RANGED_SEND=callback in the environment prevents it, so that tests can compare both ways.
 */
bool engine_sends_directly(void);

#endif
