/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One reactor thread and all it owns: an epoll loop, a libaio context, a store, an HTTP server, an ear on the listening
 * sockets. The worker wires their descriptors together; they do not know each other.
 */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include <stdatomic.h>

#include "daemon/config.h"
#include "daemon/report.h"
#include "daemon/sockets.h"
#include "engine/devices.h"
#include "engine/offload.h"
#include "http/clients.h"
#include "http/certificates.h"
#include "http/login.h"
#include "http/mime.h"
#include "http/signing.h"
#include "store/cache.h"
#include "store/folder.h"

struct worker;

/* What all workers of the process share. */
struct workshop {
	const struct config *config;
	struct devices *devices;
	struct cache *cache;
	struct offload *offload;
	struct folder_table *folders;
	struct mime *mime;
	struct signing *signing;
	struct clients *clients;
	struct login *login;
	struct sockets *sockets;
	struct certificates *certificates; /* NULL: no TLS */
	atomic_uint transfers;
	struct bucket total; /* of rate_total */
	atomic_bool draining;
	struct report_worker *reports; /* of each worker, filled when a report is under way */
	atomic_uint reports_due;       /* workers that have not filled theirs, and 1; 0: no report is under way */
	int ended_fd; /* an eventfd, written once by each worker that ends */
	struct worker **workers;
	unsigned count;
};

/*
 * Makes the worker; its thread does not run yet. 0 with *worker owned by the caller, or -errno (-EAGAIN: fs.aio-max-nr is used
 * up). Main thread.
 */
int worker_new(struct worker **worker, struct workshop *workshop, unsigned index);
/* Starts its thread. 0 or -errno. All workers are made before the first one starts. */
int worker_start(struct worker *worker);

/* Stop accepting; end when the last connection has ended. Main thread. */
void worker_drain(struct worker *worker);
/* Cut what is left of them. Main thread. */
void worker_cut(struct worker *worker);

/* Meet new TLS connections with these certificates, and requests with these keys; NULL: as before. 0 or -ENOMEM. Main thread. */
int worker_renew(struct worker *worker, struct certificates *certificates, struct signing *signing);

/* Has all workers put down what they have counted; the last one logs it. Nothing while another report is under way. Main thread. */
void worker_report_all(struct workshop *workshop);

/* Waits for its thread to end. Main thread. */
void worker_join(struct worker *worker);
/* After worker_join() (or without worker_start()) and after the offload threads have ended. NULL is fine. */
void worker_free(struct worker *worker);

#endif
