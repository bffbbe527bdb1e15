/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Resources that all workers share for the life of the process: memory, devices, offload threads, and the table of
 * clients. Resources that depend on the configuration belong to a generation (generation.h).
 *
 * The main thread creates and frees the resources, and owns struct process. The header of each resource says which
 * threads may use the resource.
 */
#ifndef DAEMON_PROCESS_H
#define DAEMON_PROCESS_H

#include <pthread.h>
#include <stdatomic.h>

#include "auth/login.h"
#include "config/config.h"
#include "daemon/calibrator.h"
#include "engine/devices.h"
#include "engine/offload.h"
#include "request/clients.h"
#include "store/cache.h"
#include "store/directory.h"
#include "store/files.h"

struct generation;
struct acceptor;
struct cache_state;
struct stalls;
struct worker;

/* The state of the process, as /readyz and /status report it. */
enum process_state {
	PROCESS_STARTING, /* some fields of struct process are not set yet */
	PROCESS_SERVING,
	PROCESS_LEAVING,  /* drain_delay: /readyz reports 503, but connections are still accepted */
	PROCESS_DRAINING, /* no connections are accepted; requests in progress are finished */
};

struct process {
	struct devices *devices;
	struct cache *cache;
	struct offload *offload;
	struct stalls *stalls;
	struct names *names;		 /* known names of files, of all roots */
	struct descriptors *descriptors; /* open files, of all roots */
	struct parents *parents;	 /* known directories, of all roots */
	struct directory_table *directories;
	struct clients *clients;
	struct login *login;
	struct calibrator calibrator;
	atomic_uint transfers;	   /* number in progress, of all workers; sequentially consistent; publishes nothing */
	atomic_uint health_status; /* status of the last health check; see struct request_site_process */
	uint64_t unsent_bytes;	   /* result of system_limits_unsent_bytes() */
	struct bucket total;	   /* token bucket of rate_total */
	_Atomic enum process_state state;     /* see process_set_state() */
	atomic_uint reloads, reload_failures; /* counters of the main thread, for statistics */
	atomic_uint roots_replaced;	      /* number of replaced roots, for statistics */
	atomic_bool reloading;		      /* a reload is in progress; for statistics and the status line */
	uint64_t started_ns;		      /* start of the process, monotonic clock */
	int64_t started_wall_ns;	      /* start of the process, wall clock */
	int ended_fd;			      /* eventfd, written once by each worker that ends */
	int retired_fd;			      /* eventfd, written when the last reference to a generation is dropped */
	struct cache_state *cache_state;      /* owned by main.c; set before PROCESS_SERVING */
	struct worker **workers;
	struct acceptor **acceptors; /* one for each worker */
	unsigned count;		     /* number of workers */
	pthread_mutex_t lock;	     /* protects `current`, and `listens` of all generations */
	struct generation *current;
};

/*
 * Sets the state. Called on the main thread. The store is sequentially consistent and publishes all objects that the
 * main thread has created. So a thread that reads PROCESS_SERVING may use all fields of the struct.
 */
static inline void process_set_state(struct process *process, enum process_state state)
{
	atomic_store(&process->state, state);
}

/* Returns the state. Thread-safe. */
static inline enum process_state process_state(const struct process *process)
{
	return atomic_load(&process->state);
}

/* Returns the name of a state, as /readyz and /status report it. */
static inline const char *process_state_name(enum process_state state)
{
	static const char *const names[] = { "starting", "serving", "leaving", "draining" };

	return names[state];
}

/* Initializes an empty struct. process_close() may be called from now on. */
void process_init(struct process *process);
/*
 * Creates all resources except workers and generations, after process_init(). Returns 0, or logs the error and returns
 * -errno. The caller calls process_close() in both cases. Called on the main thread.
 */
int process_open(struct process *process, const struct config *config, unsigned workers);
/* Returns the size of the cache for this configuration, in bytes. */
size_t process_cache_bytes(const struct config *config);
/*
 * Resizes the cache to the size in the configuration. Shrinking continues in process_finish_resize(), which must be
 * called every few seconds. Returns 0, or logs the error and returns -errno. On failure the size is unchanged. Called
 * on the main thread or on the thread of a reload.
 */
int process_resize(struct process *process, const struct config *config);
/* Continues a shrink of the cache. Does nothing if no shrink is in progress. Called on the main thread. */
void process_finish_resize(struct process *process);
/* Calibrates the device of the root at root_fd, unless disk_depth is set (calibrator.h). Called on the main thread. */
void process_calibrate(struct process *process, const struct config *config, int root_fd);

/* Applies name_cache and open_file_cache of the configuration. Thread-safe. */
void process_set_file_limits(struct process *process, const struct config *config);
/* Returns the options for the files of a root of this configuration, except root_fd. */
struct files_options process_files_options(struct process *process, const struct config *config);

/* Ends the offload threads. Called after the workers were joined. No job or read is in progress afterwards. */
void process_stop(struct process *process);
/* Frees all resources. Called after process_stop(), and after the workers and the files of all roots were freed. */
void process_close(struct process *process);

#endif
