/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One reactor thread and all it owns: an epoll loop, a libaio context, a store, an HTTP server, an ear on the listening
 * sockets. The worker wires their descriptors together; they do not know each other.
 */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include "daemon/generation.h"

/*
 * Makes the worker; its thread does not run yet. 0 with *worker owned by the caller, or -errno (-EAGAIN: fs.aio-max-nr is used
 * up). Main thread.
 */
int worker_new(struct worker **worker, struct generation *generation, unsigned index);
/* Starts its thread. 0 or -errno. All workers are made before the first one starts. */
int worker_start(struct worker *worker);

/* Stop accepting; end when the last connection has ended. Main thread. */
void worker_drain(struct worker *worker);
/* Cut what is left of them. Main thread. */
void worker_cut(struct worker *worker);

/*
 * Takes up another generation: sockets, certificates, keys, rules. Connections that are there are answered once more under the one that
 * they came in under. Main thread: first worker_prepare_renewal(), of all workers; it can fail (-ENOMEM), and is undone by
 * worker_forget_renewal(). Then worker_renew(), which can't, on one after another.
 */
struct worker_renewal;
int worker_prepare_renewal(struct worker *worker, struct generation *generation, struct worker_renewal **renewal);
void worker_forget_renewal(struct worker_renewal *renewal);
void worker_renew(struct worker_renewal *renewal);

/* Has all workers put down what they have counted; the last one logs it. Nothing while another report is under way. Main thread. */
void worker_report_all(struct workshop *workshop);

/* When its last turn of the loop ended, of clock_now_ns(); UINT64_MAX once it has ended; 0: it has not begun. Any thread. */
uint64_t worker_turned_ns(const struct worker *worker);

/* Waits for its thread to end. Main thread. */
void worker_join(struct worker *worker);
/* After worker_join() (or without worker_start()) and after the offload threads have ended. NULL is fine. */
void worker_free(struct worker *worker);

#endif
