/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the process has counted, gathered once, so that what is made of it (metrics, JSON, lines of the log) has the
 * same numbers twice where it says them twice. No worker is asked for any of it: it is there while one is stuck.
 */
#ifndef ADMIN_SNAPSHOT_H
#define ADMIN_SNAPSHOT_H

#include "base/log.h"
#include "daemon/worker.h"
#include "request/counters.h"
#include "store/files_walk.h"

#define SNAPSHOT_TOP 20
#define SNAPSHOT_HOST_BYTES 256
#define SNAPSHOT_LOGS 64

struct snapshot_device {
	char name[24]; /* "8:0": major and minor number */
	const struct device *device;
	struct histogram service, wait;
};

struct snapshot_file {
	char path[FILES_WALK_PATH_BYTES]; /* with a leading slash */
	char site[SNAPSHOT_HOST_BYTES];	  /* "": the top level */
	uint64_t bytes, requests;
};

struct snapshot {
	/* the process */
	const char *version, *library;
	int pid;
	enum process_state state;
	uint64_t now_ns, started_ns;
	int64_t started_wall_ns;
	uint64_t reloads, reload_failures;
	unsigned roots, roots_gone; /* see root.h */
	uint64_t roots_replaced;
	bool ready;
	char *config_path; /* or NULL */
	/* its clients */
	unsigned connections, max_connections, transfers;
	struct counters counters; /* of all workers */
	struct store_stats store; /* likewise */
	/* what it reads and keeps */
	struct cache_stats cache;
	struct files_stats files;
	struct histogram service, wait; /* of all devices */
	struct snapshot_device *devices;
	unsigned device_count;
	struct worker_report *workers;
	unsigned worker_count; /* 0: it is starting */
	struct log_stats logs[SNAPSHOT_LOGS];
	unsigned log_count;
	/* who has most */
	struct snapshot_file top_files[SNAPSHOT_TOP];
	unsigned top_file_count;
	struct clients_rank top_clients[SNAPSHOT_TOP];
	unsigned top_client_count;
};

/* 0 with *snapshot owned by the caller, or -ENOMEM. Any thread, as long as the process is there. */
int snapshot_take(struct snapshot **snapshot, struct process *process);
void snapshot_free(struct snapshot *snapshot);

/* Of all connections that wanted in, those that were turned away. */
uint64_t snapshot_refused(const struct snapshot *snapshot);
/* 0 … 1: the share of wants (or of their bytes) that needed no read of their own; 0 when there were none. */
double snapshot_hit_ratio(const struct snapshot *snapshot);
double snapshot_byte_hit_ratio(const struct snapshot *snapshot);
/* 0 … 1: the share of the cache's memory that lies free in pieces too small for an extent of a large file. */
double snapshot_fragmentation(const struct snapshot *snapshot);

const char *snapshot_mode_name(const struct device *device);

#endif
