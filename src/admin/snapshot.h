/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A copy of the statistics of the process, taken at one point in time. The renderers of the statistics read the copy,
 * so numbers that belong together agree. The copy is made without waiting for the workers, so it can also be made while
 * a worker is stuck.
 */
#ifndef ADMIN_SNAPSHOT_H
#define ADMIN_SNAPSHOT_H

#include "base/log.h"
#include "daemon/cache_state.h"
#include "daemon/readiness.h"
#include "daemon/worker.h"
#include "request/counters.h"
#include "store/cache_content.h"
#include "store/names_rank.h"

#define SNAPSHOT_TOP 20
#define SNAPSHOT_HOST_BYTES 256
#define SNAPSHOT_LOGS 64

struct snapshot_device {
	char name[24];		     /* "8:0": major and minor number */
	const struct device *device; /* lives as long as the process; other threads update its counters */
	struct histogram service, wait, lookup;
};

#define SNAPSHOT_ROOT_BYTES 1024

struct snapshot_root {
	char path[SNAPSHOT_ROOT_BYTES]; /* as in the configuration; longer paths are truncated */
	bool ready;
	char reason[READINESS_REASON_BYTES]; /* "" if the root is ready */
};

struct snapshot_file {
	char path[NAMES_RANK_PATH_BYTES]; /* the path with a leading slash */
	char site[SNAPSHOT_HOST_BYTES];	  /* "": the top level */
	uint64_t bytes, requests;
};

/* The known files and connected clients with the most bytes sent, in descending order. */
struct snapshot_top {
	struct snapshot_file files[SNAPSHOT_TOP];
	unsigned file_count;
	struct clients_rank clients[SNAPSHOT_TOP];
	unsigned client_count;
};

struct snapshot {
	/* the process */
	const char *version, *library, *sender;
	int pid;
	enum process_state state;
	uint64_t now_ns, started_ns; /* times of clock_now_ns() */
	int64_t started_wall_ns;     /* start time since the Unix epoch */
	char started[32];	     /* start time as text: "2026-11-22T23:26:41Z" */
	uint64_t reloads, reload_failures;
	unsigned roots, roots_gone; /* number of all roots; number of roots whose directory is gone */
	uint64_t roots_replaced;
	bool ready;
	struct snapshot_root *root_list; /* roots with different paths */
	unsigned root_count;
	char *config_path; /* may be NULL */
	/* clients of the process */
	unsigned connections, max_connections, transfers;
	struct counters counters; /* the sum of all workers */
	struct store_stats store; /* the sum of all workers */
	/* cache and files of the process */
	struct cache_stats cache;
	struct cache_state_stats cache_state;
	struct files_stats files;
	unsigned open_files;
	struct names_stats names;
	struct histogram service, wait; /* the sums of all devices */
	struct snapshot_device *devices;
	unsigned device_count;
	struct worker_report *workers;
	unsigned worker_count; /* 0 while the process starts */
	struct log_stats logs[SNAPSHOT_LOGS];
	unsigned log_count;
	struct snapshot_top *top; /* NULL: not requested */
};

/*
 * Makes a snapshot. with_top also ranks files and clients, which walks tables under their locks in steps. Returns 0 or
 * -ENOMEM. On success the caller owns *snapshot. Thread-safe while the process exists.
 */
int snapshot_take(struct snapshot **snapshot, struct process *process, bool with_top);
void snapshot_free(struct snapshot *snapshot);

/*
 * Return the share, from 0 to 1, of the cache lookups (or of the bytes looked up) that were hits or were coalesced. The
 * result is 0 if there were no lookups.
 */
double snapshot_hit_ratio(const struct snapshot *snapshot);
double snapshot_byte_hit_ratio(const struct snapshot *snapshot);
/*
 * Returns the share, from 0 to 1, of the cache memory that is free but in blocks too small for an extent of a large
 * file.
 */
double snapshot_fragmentation(const struct snapshot *snapshot);

/* Returns the name of the device's current read mode: "nowait", "async" or "offload". */
const char *snapshot_mode_name(const struct device *device);
/* Returns the name of the device's state: "responds", "reads_stalled" or "stalled". */
const char *snapshot_state_name(const struct device *device);

#endif
