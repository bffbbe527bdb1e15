/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A worker: one reactor thread, and the parts that it runs: disk, queue, store, HTTP server and acceptor. */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include "daemon/generation.h"

/* The sections of an iteration of the event loop, whose times are measured. */
enum worker_section { WORKER_EVENTS, WORKER_HTTP, WORKER_QUEUE, WORKER_SUBMIT, WORKER_SECTIONS };

#define WORKER_STALL_NS UINT64_C(10000000) /* a section that takes at least this long counts as a stall */

/* The counters of one worker. */
struct worker_report {
	struct store_stats store;
	unsigned connections, queued, in_flight; /* now */
	uint64_t iterations;
	uint64_t last_iteration_ns; /* worker_last_iteration_ns() */
	uint64_t stalls[WORKER_SECTIONS], longest_ns[WORKER_SECTIONS];
};

/*
 * Creates worker `index` with its listening sockets; its thread does not run yet. Returns 0 with *worker owned by the
 * caller, or -errno. -EAGAIN means that fs.aio-max-nr is exhausted. Main thread.
 */
int worker_new(struct worker **worker, struct generation *generation, unsigned index);
/* Starts the thread. All workers must have been created before. Returns 0 or -errno. Main thread. */
int worker_start(struct worker *worker);

/* Stops accepting. The thread ends when the last connection has ended. Main thread. */
void worker_drain(struct worker *worker);
/* Shuts down the remaining connections. Main thread. */
void worker_abort(struct worker *worker);

/*
 * Applies a new generation: sockets, certificates, keys and rules. An existing connection is served once more under its
 * own generation and then closed.
 *
 * First worker_update_new() is called for all workers; it returns 0 or -ENOMEM. Then worker_update_post(), which cannot
 * fail, sends each update to its worker and passes on its ownership. An update that is not posted is freed with
 * worker_update_free(). Each worker posts generation->applied once. The thread of a reload creates updates, the main
 * thread posts or frees them. NULL is allowed in worker_update_free().
 */
struct worker_update;
int worker_update_new(struct worker_update **update, struct worker *worker, struct generation *generation);
void worker_update_free(struct worker_update *update);
void worker_update_post(struct worker_update *update);

/* Reads the counters of the worker, without waiting for its thread. Any thread. */
void worker_report(const struct worker *worker, struct worker_report *report);
/* Returns the counters of the server, which live as long as the worker. Any thread may read them. */
const struct counters *worker_counters(const struct worker *worker);
/* Returns the name of a section, as it appears in metrics. */
const char *worker_section_name(enum worker_section section);

/*
 * Returns when the last iteration of the event loop ended (clock_now_ns()). Returns 0 before worker_start(), and
 * UINT64_MAX once the thread has ended. Any thread.
 */
uint64_t worker_last_iteration_ns(const struct worker *worker);

/*
 * Return the reactor and the store, for other work on the worker's thread, such as store/warm.h. A worker ends only
 * when its store has no reads left, so such work must end soon after the process begins to drain. Any thread.
 */
struct reactor *worker_reactor(const struct worker *worker);
struct store *worker_store(const struct worker *worker);

/* Waits for the thread to end. Main thread. */
void worker_join(struct worker *worker);
/* Frees the worker, after worker_join() and after the offload threads have ended. NULL is allowed. Main thread. */
void worker_free(struct worker *worker);

#endif
