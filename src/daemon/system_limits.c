/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compares the needs of a configuration with the limits of the system: descriptors, AIO slots, memory. The checks run
 * at the start and at each reload. Without the checks, a low limit would be noticed only under load, as responses with
 * 503 or as failed system calls. Each message names the needed amount, the limit, and the setting to change.
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
#include "request/clients.h"

#define DESCRIPTORS_PER_WORKER 8 /* epoll, epoll sets of MHD, mailbox, eventfd of AIO, timer, one spare */
#define DESCRIPTORS_OF_PROCESS (64 + CLIENTS_REJECTED_MAX)
#define CONNECTIONS_MIN 16
#define LISTINGS_BYTES (UINT64_C(64) << 20)
#define CONNECTION_BYTES (UINT64_C(36) << 10) /* memory of one connection, including TLS and a block of the body */
#define MEMORY_OF_PROCESS (UINT64_C(64) << 20)
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

static unsigned count_roots(const struct rules *rules)
{
	unsigned count = 0;

	for (size_t i = 0; i < rules->site_count; i++)
		count += rules->sites[i].root != NULL;
	return count > 0 ? count : 1;
}

/* If listings are enabled, each connection may also have an open directory. */
uint64_t system_limits_descriptors_needed(const struct config *config, unsigned workers)
{
	uint64_t connections = (uint64_t)config->max_connections * (has_listings(&config->rules) ? 2 : 1);

	return connections + (uint64_t)config->open_file_cache * count_roots(&config->rules) +
	       (uint64_t)workers * DESCRIPTORS_PER_WORKER + config->offload_threads * 2 + DESCRIPTORS_OF_PROCESS;
}

void system_limits_raise_descriptors(struct config *config, unsigned workers)
{
	uint64_t needed = system_limits_descriptors_needed(config, workers), missing;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= needed)
		return;
	missing = needed - limit.rlim_cur;
	config->max_connections = config->max_connections > missing + CONNECTIONS_MIN
					  ? config->max_connections - (unsigned)missing
					  : CONNECTIONS_MIN;
	log_warning("the configuration needs %" PRIu64 " file descriptors, but the limit is %" PRIu64
		    "; max_connections is lowered to %u; raise LimitNOFILE= of the service, or \"ulimit -Hn\"",
		    needed, (uint64_t)limit.rlim_cur, config->max_connections);
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

/* Returns the lowest limit of a control group and of the groups above it. Modifies `path`. */
static uint64_t least_limit(const char *hierarchy, char *path, const char *file)
{
	uint64_t least = UINT64_MAX, limit;
	char name[4096];

	for (;;) {
		char *slash = strrchr(path, '/');

		snprintf(name, sizeof(name), "%s%s/%s", hierarchy, path, file);
		if (read_number(name, &limit) && limit < least) /* "max" is not a number */
			least = limit;
		if (slash == NULL)
			return least;
		*slash = '\0';
	}
}

/*
 * Returns the memory limit of the control group of the process. /proc/self/cgroup has the line "0::/path" for version 2
 * and lines such as "4:memory:/path" for version 1. Lines of both versions may be present.
 */
static uint64_t memory_of_group(void)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	uint64_t least = UINT64_MAX;
	char line[2048];

	while (file != NULL && fgets(line, sizeof(line), file) != NULL) {
		char *controllers = strchr(line, ':'),
		     *path = controllers != NULL ? strchr(controllers + 1, ':') : NULL;
		uint64_t limit = UINT64_MAX;

		if (path == NULL)
			continue;
		*path++ = '\0';
		path[strcspn(path, "\n")] = '\0';
		if (controllers[1] == '\0')
			limit = least_limit("/sys/fs/cgroup", path, "memory.max");
		else if (strstr(controllers, "memory") != NULL)
			limit = least_limit("/sys/fs/cgroup/memory", path, "memory.limit_in_bytes");
		least = limit < least ? limit : least;
	}
	if (file != NULL)
		fclose(file);
	return least;
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

uint64_t system_limits_memory_needed(const struct config *config)
{
	return config->cache_size_bytes + config->cache_size_bytes / 100 * 3 +
	       (has_listings(&config->rules) ? LISTINGS_BYTES : 0) +
	       (uint64_t)config->max_connections * CONNECTION_BYTES + MEMORY_OF_PROCESS;
}

bool system_limits_check_memory(const struct config *config)
{
	uint64_t has = memory_of_group(), taken = config->cache_size_bytes + config->cache_size_bytes / 100 * 3;
	uint64_t needed = system_limits_memory_needed(config);

	if (taken >= has)
		log_error("cache_size needs %" PRIu64 " MiB, but the process may use only %" PRIu64
			  " MiB; raise MemoryMax= of the service or the limit of its container, or lower cache_size",
			  taken >> 20, has >> 20);
	else if (needed > has)
		log_warning(
			"the process may need up to %" PRIu64
			" MiB in addition to socket buffers, but may use only %" PRIu64
			" MiB; raise MemoryMax= of the service or the limit of its container, or lower cache_size or "
			"max_connections",
			needed >> 20, has >> 20);
	return taken < has;
}
