/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One configuration while it holds, and what was opened for it: roots and their tables of open files, listening
 * sockets, certificates, keys, logs. At SIGHUP the next one takes its place; it lives on until the last connection that
 * came in under it has ended.
 */
#ifndef DAEMON_GENERATION_H
#define DAEMON_GENERATION_H

#include <semaphore.h>
#include <stdatomic.h>

#include "auth/certificates.h"
#include "config/options.h"
#include "daemon/process.h"
#include "net/sockets.h"
#include "request/request.h"
#include "site/mime.h"
#include "steps/signing.h"

struct generation {
	struct options
		options; /* filled by the main thread before generation_open(), immutable after generation_listen() */
	unsigned number; /* 1: of the start */
	struct mime *mime;
	struct signing *signing;
	struct certificates *certificates; /* NULL: no listener is for TLS */
	struct sockets *sockets;	   /* each worker releases them once */
	sem_t applied;			   /* posted by each worker that has taken it up */
	/* private */
	struct process *process;
	struct generation *next; /* of those that are not gone, the newest first; the main thread's */
	atomic_uint references;
	bool settled; /* the sockets are the workers', */
	bool listens; /* and the main thread's, until another generation is the current one; under process->lock */
	struct request_site *sites; /* of each worker, which fills in what is its own */
};

/* With one reference; nothing is open, and the options are to be parsed. The process may be opened later. NULL: no
 * memory. */
struct generation *generation_new(struct process *process);

/*
 * Reads certificates, keys and passwords: what only root may be able to. 0, or -errno, which was logged.
 */
int generation_read_secrets(struct generation *generation);
/*
 * Opens everything else but logs and sockets, using what `before` (NULL: there is none) has of the same. 0, or -errno,
 * which was logged.
 */
int generation_open(struct generation *generation, const struct generation *before);
/* Listens, and knows the ports then. 0, or -errno, which was logged. */
int generation_listen(struct generation *generation, const struct generation *before);
/* From here on the workers have it: sockets that it shares with `before` (NULL: there is none) are its own. Then it is
 * the current one. */
void generation_succeed(struct generation *generation, struct generation *before);
/* It is the current one no more, or all is to end: the main thread lets go of its sockets. Not twice is fine. */
void generation_stop_listening(struct generation *generation);
/* The daemon's configuration. */
static inline const struct config *generation_config(const struct generation *generation)
{
	return &generation->options.config;
}

/*
 * Keeps the sockets of a generation open while another thread takes over some of them. Returns false if the main thread
 * has released them. Any thread.
 */
bool generation_hold_sockets(struct generation *generation);
void generation_drop_sockets(struct generation *generation);

struct generation *generation_ref(struct generation *generation);
/* One reference less; with the last one the main thread is told, by process->retired_fd. Any thread. NULL is fine. */
void generation_unref(struct generation *generation);
/* The current one, with a reference. Any thread. */
struct generation *generation_current(struct process *process);
/* All roots of the current one are gone, see root.h. Any thread, once the process is serving. */
bool generation_has_no_root(struct process *process);
/* The generation of a site of one of the workers. */
static inline struct generation *generation_of(const struct request_site *site)
{
	return site->config.owner;
}

/* Main thread: those of `all` that nobody has a reference to are closed and taken out. */
void generation_sweep(struct generation **all);
/* At the end, after the workers: gives back its tables of open files, before the offload threads are freed; then the
 * rest. */
void generation_close_files(struct generation *generation);
void generation_free(struct generation *generation);

#endif
