/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What all workers of the process share for as long as it runs, whatever the configuration says meanwhile: memory,
 * disks, the offload threads, who is connected. What depends on the configuration is a generation's.
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
struct worker;

/* What is said to whoever asks from outside. */
enum process_state {
	PROCESS_STARTING, /* some of what is below is not there yet */
	PROCESS_SERVING,
	PROCESS_LEAVING,  /* it serves as before, while those who ask learn that it will not for long */
	PROCESS_DRAINING, /* what was asked for is answered, and no more */
};

struct process {
	struct devices *devices;
	struct cache *cache;
	struct offload *offload;
	struct directory_table *folders;
	struct clients *clients;
	struct login *login;
	struct calibrator calibrator;
	atomic_uint transfers;
	uint64_t unsent_bytes; /* system_limits_unsent_bytes() */
	struct bucket total;   /* of rate_total */
	_Atomic enum process_state state;
	atomic_uint reloads, reload_failures;
	atomic_uint roots_replaced; /* by the folder that their path leads to now */
	atomic_bool reloading;	    /* a reload is under way */
	uint64_t started_ns;	    /* of the monotonic clock, */
	int64_t started_wall_ns;    /* and of the other */
	int ended_fd;		    /* an eventfd, written once by each worker that ends, */
	int retired_fd;		    /* and this one when nobody has a hold of a generation any more */
	struct worker **workers;
	struct acceptor **acceptors; /* of each worker */
	unsigned count;
	pthread_mutex_t lock; /* over what follows */
	struct generation *current;
};

/* The main thread says what is the case now. Any thread may ask; what was made before it was said is there for whoever
 * has seen it. */
static inline void process_set_state(struct process *process, enum process_state state)
{
	atomic_store(&process->state, state);
}

static inline enum process_state process_state(const struct process *process)
{
	return atomic_load(&process->state);
}

static inline const char *process_state_name(enum process_state state)
{
	static const char *const names[] = { "starting", "serving", "leaving", "draining" };

	return names[state];
}

/* Nothing is made yet, and process_close() is fine. */
void process_init(struct process *process);
/*
 * Makes all but workers and generations, as the configuration says. 0, or -errno, which was logged; in any case
 * process_close() takes apart what was made. After process_init(). Main thread, as all of this.
 */
int process_open(struct process *process, const struct config *config, unsigned workers);
/* Of the cache that this configuration asks for. */
size_t process_cache_bytes(const struct config *config);
/*
 * Another configuration: the cache gets its size, and is what it was if that is not to be had. 0, or -errno, which was
 * logged. Then process_finish_resize() is to be called every few seconds.
 */
int process_resize(struct process *process, const struct config *config);
void process_finish_resize(struct process *process);
/* Finds out how much may be in flight on the disk of this folder, unless that was set by hand. */
void process_calibrate(struct process *process, const struct config *config, int root_fd);

/* What a table of open files of this configuration is made with; but for its root. */
struct files_options process_files_options(struct process *process, const struct config *config);

/* Workers were joined: the offload threads end, after which nothing is under way. */
void process_stop(struct process *process);
/* After process_stop(), when workers and the tables of open files are gone. */
void process_close(struct process *process);

#endif
