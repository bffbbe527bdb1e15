/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One reactor thread and all it owns: an epoll loop, a libaio context, a store, an HTTP server, an ear on the listening
 * sockets. The worker wires their descriptors together; they do not know each other.
 */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include "daemon/generation.h"

/* The parts of a turn of the loop that could stall it. */
enum worker_section { WORKER_EVENTS, WORKER_HTTP, WORKER_QUEUE, WORKER_SUBMIT, WORKER_SECTIONS };

#define WORKER_STALL_NS UINT64_C(10000000) /* a part that took longer is a stall */

/* What one worker has counted. */
struct worker_report {
	struct store_stats store;
	unsigned connections, queued, in_flight; /* now */
	uint64_t iterations;
	uint64_t last_iteration_ns; /* worker_last_iteration_ns() */
	uint64_t stalls[WORKER_SECTIONS], longest_ns[WORKER_SECTIONS];
};

/*
 * Makes the worker; its thread does not run yet. 0 with *worker owned by the caller, or -errno (-EAGAIN: fs.aio-max-nr
 * is used up). Main thread.
 */
int worker_new(struct worker **worker, struct generation *generation, unsigned index);
/* Starts its thread. 0 or -errno. All workers are made before the first one starts. */
int worker_start(struct worker *worker);

/* Stop accepting; end when the last connection has ended. Main thread. */
void worker_drain(struct worker *worker);
/* Cut what is left of them. Main thread. */
void worker_abort(struct worker *worker);

/*
 * Takes up another generation: sockets, certificates, keys, rules. Connections that are there are answered once more
 * under the one that they came in under. Main thread: first worker_prepare_renewal(), of all workers; it can fail
 * (-ENOMEM), and is undone by worker_forget_renewal(). Then worker_renew(), which can't, on one after another.
 */
struct worker_renewal;
int worker_prepare_renewal(struct worker *worker, struct generation *generation, struct worker_renewal **renewal);
void worker_forget_renewal(struct worker_renewal *renewal);
void worker_renew(struct worker_renewal *renewal);

/* What it has counted so far, without asking it. Any thread. */
void worker_report(const struct worker *worker, struct worker_report *report);
/* What its server counts; lives as long as the worker. Any thread reads. */
const struct counters *worker_counters(const struct worker *worker);
const char *worker_section_name(enum worker_section section);

/* When its last turn of the loop ended, of clock_now_ns(); UINT64_MAX once it has ended; 0: it has not begun. Any
 * thread. */
uint64_t worker_last_iteration_ns(const struct worker *worker);

/*
 * For what is done on its thread besides serving: see store/warm.h. Any thread, which ends that before the worker is
 * freed, and soon once the process is draining: a worker ends when its store has nothing to do.
 */
struct reactor *worker_reactor(const struct worker *worker);
struct store *worker_store(const struct worker *worker);

/* Waits for its thread to end. Main thread. */
void worker_join(struct worker *worker);
/* After worker_join() (or without worker_start()) and after the offload threads have ended. NULL is fine. */
void worker_free(struct worker *worker);

#endif
