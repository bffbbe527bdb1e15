/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What all workers of the process share for as long as it runs, whatever the configuration says meanwhile: memory, disks, the offload
 * threads, who is connected. What depends on the configuration is a generation's.
 */
#ifndef DAEMON_WORKSHOP_H
#define DAEMON_WORKSHOP_H

#include <pthread.h>
#include <stdatomic.h>

#include "daemon/config.h"
#include "daemon/depths.h"
#include "engine/devices.h"
#include "engine/offload.h"
#include "http/clients.h"
#include "http/login.h"
#include "store/cache.h"
#include "store/files.h"
#include "store/folder.h"

struct generation;
struct worker;

/* What is said to whoever asks from outside. */
enum workshop_state {
	WORKSHOP_STARTING, /* some of what is below is not there yet */
	WORKSHOP_SERVING,
	WORKSHOP_LEAVING,  /* it serves as before, while those who ask learn that it will not for long */
	WORKSHOP_DRAINING, /* what was asked for is answered, and no more */
};

struct workshop {
	struct devices *devices;
	struct cache *cache;
	struct offload *offload;
	struct folder_table *folders;
	struct clients *clients;
	struct login *login;
	struct depths depths;
	atomic_uint transfers;
	uint64_t unsent_bytes; /* limits_unsent() */
	struct bucket total; /* of rate_total */
	_Atomic enum workshop_state state;
	atomic_uint reloads, reload_failures;
	atomic_uint roots_replaced; /* by the folder that their path leads to now */
	atomic_bool reloading; /* a reload is under way */
	uint64_t started_ns;	 /* of the monotonic clock, */
	int64_t started_wall_ns; /* and of the other */
	int ended_fd;	/* an eventfd, written once by each worker that ends, */
	int retired_fd; /* and this one when nobody has a hold of a generation any more */
	struct worker **workers;
	unsigned count;
	pthread_mutex_t lock; /* over what follows */
	struct generation *current;
};

/* The main thread says what is the case now. Any thread may ask; what was made before it was said is there for whoever has seen it. */
static inline void workshop_enter(struct workshop *workshop, enum workshop_state state)
{
	atomic_store(&workshop->state, state);
}

static inline enum workshop_state workshop_state(const struct workshop *workshop)
{
	return atomic_load(&workshop->state);
}

static inline const char *workshop_state_name(enum workshop_state state)
{
	static const char *const names[] = { "starting", "serving", "leaving", "draining" };

	return names[state];
}

/* Nothing is made yet, and workshop_close() is fine. */
void workshop_init(struct workshop *workshop);
/*
 * Makes all but workers and generations, as the configuration says. 0, or -errno, which was logged; in any case workshop_close() takes
 * apart what was made. After workshop_init(). Main thread, as all of this.
 */
int workshop_open(struct workshop *workshop, const struct config *config, unsigned workers);
/* Of the cache that this configuration asks for. */
size_t workshop_cache_bytes(const struct config *config);
/*
 * Another configuration: the cache gets its size, and is what it was if that is not to be had. 0, or -errno, which was logged. Then
 * workshop_tidy() is to be called every few seconds.
 */
int workshop_resize(struct workshop *workshop, const struct config *config);
void workshop_tidy(struct workshop *workshop);
/* Finds out how much may be in flight on the disk of this folder, unless that was set by hand. */
void workshop_calibrate(struct workshop *workshop, const struct config *config, int root_fd);

/* What a table of open files of this configuration is made with; but for its root. */
struct files_options workshop_files_options(struct workshop *workshop, const struct config *config);

/* Workers were joined: the offload threads end, after which nothing is under way. */
void workshop_stop(struct workshop *workshop);
/* After workshop_stop(), when workers and the tables of open files are gone. */
void workshop_close(struct workshop *workshop);

#endif
