/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A worker is one reactor thread with its own disk, queue, store, HTTP server and acceptor. */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include "daemon/generation.h"

/* The sections of an iteration of the event loop. The duration of each section is measured. */
enum worker_section { WORKER_EVENTS, WORKER_HTTP, WORKER_QUEUE, WORKER_SUBMIT, WORKER_SEND, WORKER_SECTIONS };

#define WORKER_STALL_NS UINT64_C(10000000) /* a section that takes at least this long counts as a stall */

/* The counters of one worker. */
struct worker_report {
	struct store_stats store;
	unsigned connections, queued, in_flight; /* current values */
	uint64_t iterations;
	uint64_t last_iteration_ns; /* see worker_last_iteration_ns() */
	uint64_t stalls[WORKER_SECTIONS], longest_ns[WORKER_SECTIONS];
};

/*
 * Creates worker `index` with its listening sockets. The thread of the worker does not run yet. Returns 0 or -errno.
 * -EAGAIN means that fs.aio-max-nr is exhausted. On success the caller owns *worker. Called on the main thread.
 */
int worker_new(struct worker **worker, struct generation *generation, unsigned index);
/* Starts the thread. All workers must have been created before. Returns 0 or -errno. Called on the main thread. */
int worker_start(struct worker *worker);

/* From now on, replies have "Connection: close". Connections are still accepted. Called on the main thread. */
void worker_announce_drain(struct worker *worker);
/*
 * Stops accepting connections. Closes connections that have been idle for grace_ms since the announcement. The thread
 * ends when the last connection has ended. Called on the main thread.
 */
void worker_drain(struct worker *worker, uint64_t grace_ms);
/* Shuts down the remaining connections. Called on the main thread. */
void worker_abort(struct worker *worker);

/*
 * Applies a new generation: sockets, certificates, keys and rules. On an existing connection, one more request is
 * served under the generation of the connection. Then the connection is closed.
 *
 * - worker_update_new() creates the update of a worker. Called for all workers first, on the thread of a reload.
 *   Returns 0 or -ENOMEM.
 * - worker_update_post() sends the update to its worker, which then owns the update. Cannot fail. The worker posts
 *   generation->applied once. Called on the main thread.
 * - worker_update_free() frees an update that was not posted. NULL is allowed. Called on the main thread.
 */
struct worker_update;
int worker_update_new(struct worker_update **update, struct worker *worker, struct generation *generation);
void worker_update_free(struct worker_update *update);
void worker_update_post(struct worker_update *update);

/* Reads the counters of the worker without waiting for its thread. Thread-safe. */
void worker_report(const struct worker *worker, struct worker_report *report);
/* Returns the counters of the server. The counters live as long as the worker. Any thread may read the counters. */
const struct counters *worker_counters(const struct worker *worker);
/* Returns the name of a section, as it appears in metrics. */
const char *worker_section_name(enum worker_section section);

/*
 * Returns when the last iteration of the event loop ended (clock_now_ns()). Returns 0 before worker_start(), and
 * UINT64_MAX once the thread has ended. Thread-safe.
 */
uint64_t worker_last_iteration_ns(const struct worker *worker);

/*
 * Return the reactor and the store, for additional work on the thread of the worker, such as store/warm.h. A worker
 * ends only when its store has no reads left, so additional work must end soon after the process begins to drain.
 * Thread-safe.
 */
struct reactor *worker_reactor(const struct worker *worker);
struct store *worker_store(const struct worker *worker);

/* Waits for the thread to end. Called on the main thread. */
void worker_join(struct worker *worker);
/*
 * Frees the worker. Called on the main thread, after worker_join() and after the offload threads have ended. NULL is
 * allowed.
 */
void worker_free(struct worker *worker);

#endif
