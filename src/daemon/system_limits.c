/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compares the needs of a configuration with the limits of the system: descriptors, AIO slots, memory. The checks run
 * at the start and at each reload. Without the checks, a low limit would be noticed only under load, as responses with
 * 503 or as failed system calls. Each message names the needed amount, the limit, and the setting to change.
 *
 * Keys that only save work are lowered before keys that bound the service: open_file_cache and name_cache before
 * max_connections. With fewer open files or names, a request takes longer. With fewer connections, it is rejected.
 */
#include "daemon/system_limits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/cgroup.h"
#include "request/clients.h"

#define DESCRIPTORS_PER_WORKER 8  /* epoll, epoll sets of MHD, mailbox, eventfd of AIO, timer, one spare */
#define DESCRIPTORS_OF_MONITOR 32 /* its connections */
#define DESCRIPTORS_OF_PROCESS (64 + CLIENTS_REJECTED_MAX)
#define CONNECTIONS_MIN 16
#define OPEN_FILES_MIN 32 /* enough for reads of different files to keep one device busy */
#define NAMES_MIN 16384
#define NAME_BYTES 256 /* memory of one name, with a path of about 40 bytes */
#define LISTINGS_BYTES (UINT64_C(64) << 20)
#define CONNECTION_BYTES (UINT64_C(36) << 10)  /* memory of one connection, including TLS and a block of the body */
#define MEMORY_OF_PROCESS (UINT64_C(64) << 20) /* enough for all uses of the heap */
#define MEMORY_OF_PROCESS_MIN (UINT64_C(8) << 20)
#define MEMORY_OF_WORKER_MIN (UINT64_C(3) << 20)
#define UNSENT_PAGES 65536 /* if tcp_mem cannot be read; the value of a machine with 4 GiB of memory */
#define RING_DEFAULT 128   /* maximum number of reads that a calibration tries */

static bool has_listings(const struct rules *rules)
{
	for (size_t i = 0; i < rules->site_count; i++) {
		if (rules->sites[i].settings.listing)
			return true;
		for (size_t j = 0; j < rules->sites[i].count; j++)
			if (rules->sites[i].list[j].settings.listing)
				return true;
	}
	return false;
}

/* If listings are enabled, each connection may also have an open directory. */
static unsigned descriptors_per_connection(const struct config *config)
{
	return has_listings(&config->rules) ? 2 : 1;
}

/* Returns the number of descriptors that are needed in addition to those of the connections and the open files. */
static uint64_t fixed_descriptors(const struct config *config, unsigned workers)
{
	/* Each site has a log. During a reload, the former generation is open as well. */
	uint64_t generation = config->rules.site_count + config->rules.root_count + config->listen_count;
	uint64_t monitor = config->monitor.count > 0 ? config->monitor.count + DESCRIPTORS_OF_MONITOR : 0;

	return 2 * generation + monitor + (uint64_t)workers * DESCRIPTORS_PER_WORKER + config->offload_threads * 2 +
	       DESCRIPTORS_OF_PROCESS;
}

uint64_t system_limits_descriptors_needed(const struct config *config, unsigned workers)
{
	return (uint64_t)config->max_connections * descriptors_per_connection(config) + config->open_file_cache +
	       fixed_descriptors(config, workers);
}

/* Lowers `value` to `left`, but not to less than `least`. A value that is less than `least` stays the same. */
static unsigned lower(unsigned value, uint64_t left, unsigned least)
{
	if (left >= value || value <= least)
		return value;
	return left > least ? (unsigned)left : least;
}

/* Lowers open_file_cache, and then max_connections, until the limit suffices. */
static void fit_descriptors(struct config *config, unsigned workers, uint64_t limit)
{
	uint64_t fixed = fixed_descriptors(config, workers), left = limit > fixed ? limit - fixed : 0;
	uint64_t connections = (uint64_t)config->max_connections * descriptors_per_connection(config);

	config->open_file_cache =
		lower(config->open_file_cache, left > connections ? left - connections : 0, OPEN_FILES_MIN);
	left = left > config->open_file_cache ? left - config->open_file_cache : 0;
	config->max_connections =
		lower(config->max_connections, left / descriptors_per_connection(config), CONNECTIONS_MIN);
}

static void report_lowered(const char *key, unsigned before, unsigned now, uint64_t needed, uint64_t limit)
{
	if (now < before)
		log_warning("%s is lowered from %u to %u, because the configuration needs %" PRIu64
			    " file descriptors, but the limit is %" PRIu64
			    "; raise LimitNOFILE= of the service, or \"ulimit -Hn\"",
			    key, before, now, needed, limit);
}

void system_limits_raise_descriptors(struct config *config, unsigned workers)
{
	uint64_t needed = system_limits_descriptors_needed(config, workers);
	unsigned files = config->open_file_cache, connections = config->max_connections;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= needed)
		return;
	fit_descriptors(config, workers, limit.rlim_cur);
	report_lowered("open_file_cache", files, config->open_file_cache, needed, limit.rlim_cur);
	report_lowered("max_connections", connections, config->max_connections, needed, limit.rlim_cur);
}

static bool read_number(const char *path, uint64_t *number)
{
	FILE *file = fopen(path, "re");
	bool read = file != NULL && fscanf(file, "%" SCNu64, number) == 1;

	if (file != NULL)
		fclose(file);
	return read;
}

unsigned system_limits_reads_per_worker(const struct config *config)
{
	return config->disk_depth > 0 ? config->disk_depth : RING_DEFAULT;
}

bool system_limits_check_aio(const struct config *config, unsigned workers)
{
	uint64_t max, used, needed = (uint64_t)workers * system_limits_reads_per_worker(config);

	if (!read_number("/proc/sys/fs/aio-max-nr", &max) || !read_number("/proc/sys/fs/aio-nr", &used) ||
	    used + needed <= max)
		return true;
	log_error("the workers need %" PRIu64
		  " asynchronous reads (workers x disk_depth, or workers x 128 if disk_depth is 0), but fs.aio-max-nr "
		  "leaves only %" PRIu64 "; lower disk_depth or workers, or run \"sysctl -w fs.aio-max-nr=%" PRIu64
		  "\"",
		  needed, used < max ? max - used : 0, used + needed);
	return false;
}

/* Returns the memory limit of the control group of the process. */
static uint64_t memory_of_group(void)
{
	struct cgroup_limits limits;

	cgroup_read(&limits, "");
	return limits.memory_bytes;
}

uint64_t system_limits_unsent_bytes(void)
{
	FILE *file = fopen("/proc/sys/net/ipv4/tcp_mem", "re");
	uint64_t low, pressure = 0, group = memory_of_group(), most;

	if (file == NULL || fscanf(file, "%" SCNu64 " %" SCNu64, &low, &pressure) != 2)
		pressure = UNSENT_PAGES;
	if (file != NULL)
		fclose(file);
	most = pressure * (uint64_t)sysconf(_SC_PAGESIZE);
	return (most < group ? most : group) / 8;
}

static uint64_t memory_of_cache(const struct config *config)
{
	return config->cache_size_bytes + config->cache_size_bytes / 100 * 3;
}

uint64_t system_limits_memory_needed(const struct config *config)
{
	return memory_of_cache(config) + (has_listings(&config->rules) ? LISTINGS_BYTES : 0) +
	       (uint64_t)config->max_connections * CONNECTION_BYTES + (uint64_t)config->name_cache * NAME_BYTES +
	       MEMORY_OF_PROCESS;
}

/*
 * Lowers name_cache to the memory that everything else leaves free. Otherwise, the kernel might kill the process days
 * after the start, when the names of a very large tree fill the memory.
 */
static void fit_names(struct config *config, uint64_t limit)
{
	uint64_t names = (uint64_t)config->name_cache * NAME_BYTES;
	uint64_t others = system_limits_memory_needed(config) - names;

	config->name_cache = lower(config->name_cache, limit > others ? (limit - others) / NAME_BYTES : 0, NAMES_MIN);
}

/*
 * Lowers max_connections if the process would exceed the limit even with the least memory for everything else. The
 * kernel would then end the process, and all connections with it.
 */
static void fit_connections(struct config *config, uint64_t limit)
{
	const unsigned before = config->max_connections;
	const uint64_t connections = (uint64_t)before * CONNECTION_BYTES;
	const uint64_t others = system_limits_memory_needed(config) - connections - MEMORY_OF_PROCESS +
				MEMORY_OF_PROCESS_MIN + config_workers(config) * MEMORY_OF_WORKER_MIN;

	config->max_connections =
		lower(before, limit > others ? (limit - others) / CONNECTION_BYTES : 0, CONNECTIONS_MIN);
	if (config->max_connections < before)
		log_warning("max_connections is lowered from %u to %u, because the process may use only %" PRIu64
			    " MiB; raise MemoryMax= of the service or the limit of its container, or lower cache_size",
			    before, config->max_connections, limit >> 20);
	else if (system_limits_memory_needed(config) > limit)
		log_warning(
			"the process may need up to %" PRIu64
			" MiB in addition to socket buffers, but may use only %" PRIu64
			" MiB; raise MemoryMax= of the service or the limit of its container, or lower cache_size or "
			"max_connections",
			system_limits_memory_needed(config) >> 20, limit >> 20);
}

bool system_limits_fit_memory(struct config *config)
{
	uint64_t limit = memory_of_group(), needed = system_limits_memory_needed(config);
	unsigned names = config->name_cache;

	if (memory_of_cache(config) >= limit) {
		log_error("cache_size needs %" PRIu64 " MiB, but the process may use only %" PRIu64
			  " MiB; raise MemoryMax= of the service or the limit of its container, or lower cache_size",
			  memory_of_cache(config) >> 20, limit >> 20);
		return false;
	}
	if (needed <= limit)
		return true;
	fit_names(config, limit);
	if (config->name_cache < names)
		log_warning("name_cache is lowered from %u to %u, because the process may need up to %" PRIu64
			    " MiB in addition to socket buffers, but may use only %" PRIu64
			    " MiB; raise MemoryMax= of the service or the limit of its container, or lower cache_size "
			    "or max_connections",
			    names, config->name_cache, needed >> 20, limit >> 20);
	fit_connections(config, limit);
	return true;
}
