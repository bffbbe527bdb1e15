/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A generation is one configuration and everything that was opened for it: roots and the files below them, listening
 * sockets, certificates, keys and logs. A reload replaces the current generation. The former generation lives until the
 * last connection that was accepted under it has ended.
 *
 * The main thread owns the list of generations. Other threads hold references. A published generation is constant,
 * except for its `references` and `listens`.
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
	struct options options; /* parsed before generation_open(), constant after generation_listen() */
	unsigned number;	/* 1 at the start; incremented by each reload */
	struct mime *mime;
	struct signing *signing;
	struct certificates *certificates; /* NULL: no listener has TLS */
	struct sockets *sockets;	   /* used by the main thread and by each worker */
	sem_t applied;			   /* posted by each worker that has applied the generation */
	/* private */
	struct process *process;
	struct generation *next;    /* the next older generation in the list of the main thread */
	atomic_uint references;	    /* sequentially consistent; see generation_unref() */
	bool published;		    /* the workers use the sockets, or will use them */
	bool listens;		    /* the main thread uses the sockets as well; protected by process->lock */
	struct request_site *sites; /* one element for each worker; the worker sets its own fields */
};

/*
 * Creates a generation with one reference. Opens no files and does not parse the options. May be called before
 * process_open(). Returns NULL if memory allocation fails. Called on the main thread.
 */
struct generation *generation_new(struct process *process);

/*
 * Reads certificates, keys and passwords, which may be readable by root only. Returns 0, or logs the error and returns
 * -errno. Called on the main thread or on the thread of a reload.
 */
int generation_read_secrets(struct generation *generation);
/*
 * Opens the roots, and reads the MIME types. Shares the roots of `before` that are for the same directories. `before`
 * may be NULL. Returns 0, or logs the error and returns -errno. Called on the main thread or on the thread of a reload.
 */
int generation_open(struct generation *generation, const struct generation *before);
/*
 * Opens the listening sockets, or inherits them from `before`, which may be NULL. Stores the bound ports in the rules.
 * Returns 0, or logs the error and returns -errno. Called on the main thread or on the thread of a reload.
 */
int generation_listen(struct generation *generation, const struct generation *before);
/*
 * Makes the generation the current generation. From now on the generation owns the files of inherited Unix sockets.
 * `before` may be NULL. Called on the main thread.
 */
void generation_make_current(struct generation *generation, struct generation *before);
/* Drops the reference of the main thread to the sockets. A second call has no effect. Called on the main thread. */
void generation_stop_listening(struct generation *generation);
/* Returns the configuration. */
static inline const struct config *generation_config(const struct generation *generation)
{
	return &generation->options.config;
}

/*
 * Keeps the sockets of a generation open until generation_unref_sockets() is called, so that another thread can
 * duplicate them. Returns false if the main thread has already released the sockets. Both functions are thread-safe.
 */
bool generation_ref_sockets(struct generation *generation);
void generation_unref_sockets(struct generation *generation);

/* Adds a reference. Returns the generation. Thread-safe. */
struct generation *generation_ref(struct generation *generation);
/*
 * Drops a reference. If it was the last reference, writes to process->retired_fd, which wakes the main thread.
 * Thread-safe. NULL is allowed.
 */
void generation_unref(struct generation *generation);
/* Returns the current generation with a new reference. Thread-safe. */
struct generation *generation_current(struct process *process);
/* Returns the generation that a site of a worker belongs to. */
static inline struct generation *generation_of(const struct request_site *site)
{
	return site->config.owner;
}

/* Frees the generations in the list `all` that have no reference. Called on the main thread. */
void generation_sweep(struct generation **all);
/*
 * Free a generation at the end of the process. generation_close_files() frees the struct files of all roots.
 * generation_close_files() is called after the workers were freed and before process_close(). generation_free() frees
 * all other members. Both functions are called on the main thread.
 */
void generation_close_files(struct generation *generation);
void generation_free(struct generation *generation);

#endif
