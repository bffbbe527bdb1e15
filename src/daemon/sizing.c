/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A container often limits the memory and the CPUs of its processes with a control group. A cache that is larger than
 * the memory limit would end the process. More workers than the CPU quota would be stopped by the kernel until the next
 * period, together with the connections that they serve.
 *
 * The percentage leaves the rest of the memory to connections, names, the index of the cache and socket buffers.
 */
#include "daemon/sizing.h"

#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/align.h"
#include "base/log.h"
#include "daemon/cgroup.h"

#define MIB (UINT64_C(1) << 20)
#define CACHE_MIN (4 * MIB) /* minimum of cache_size */
#define CACHE_MAX (MIB << 24)
#define MESSAGE_BYTES 200
#define CACHE_SIZE "cache_size = "
#define BY_QUOTA "the CPU quota of the control group"

static uint64_t memory_of_machine(void)
{
	const long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);

	return pages > 0 && page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes : CGROUP_NO_LIMIT;
}

static unsigned cpus_of_process(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) > 0 ? (unsigned)CPU_COUNT(&cpus) : 1;
}

void sizing_read(struct sizing *sizing, const char *top)
{
	struct cgroup_limits limits;

	*sizing = (struct sizing){ .memory_bytes = memory_of_machine(), .cpus = cpus_of_process() };
	cgroup_read(&limits, top);
	if (limits.memory_bytes < sizing->memory_bytes) {
		sizing->memory_bytes = limits.memory_bytes;
		sizing->memory_is_limited = true;
	}
	if (limits.cpus > 0 && limits.cpus < sizing->cpus) {
		sizing->cpus = limits.cpus;
		sizing->cpus_are_limited = true;
	}
}

/* Appends a message for --check. If there is no memory for it, --check only shows less. */
static void note(struct config *config, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(struct config *config, const char *format, ...)
{
	char message[MESSAGE_BYTES];
	va_list list;

	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	text_list_add(&config->resolved, message, NULL);
}

static void set_cache_size(const struct sizing *sizing, struct config *config)
{
	const unsigned percent = config->cache_size_percent > 0 ? config->cache_size_percent : SIZING_DEFAULT_PERCENT;
	const uint64_t memory = sizing->memory_bytes;
	uint64_t bytes = align_down(memory / 100 * percent + memory % 100 * percent / 100, MIB);

	bytes = bytes < CACHE_MIN ? CACHE_MIN : bytes > CACHE_MAX ? CACHE_MAX : bytes;
	config->cache_size_bytes = bytes;
	note(config, CACHE_SIZE "%" PRIu64 "M (%s%u%% of %" PRIu64 "M, the memory %s)", bytes / MIB,
	     config->cache_size_is_set ? "" : "default: ", percent, sizing->memory_bytes / MIB,
	     sizing->memory_is_limited ? "limit of the control group" : "of the machine");
}

void sizing_set(const struct sizing *sizing, struct config *config)
{
	if (config->cache_size_percent > 0 || (!config->cache_size_is_set && sizing->memory_is_limited))
		set_cache_size(sizing, config);
	if (config->workers > 0)
		return;
	config->workers = sizing->cpus;
	note(config, "workers = %u (%s)", config->workers, sizing->cpus_are_limited ? BY_QUOTA : "one for each CPU");
}

void sizing_apply(struct config *config)
{
	struct sizing sizing;

	sizing_read(&sizing, "");
	sizing_set(&sizing, config);
}

void sizing_log(const struct config *config)
{
	for (size_t i = 0; i < config->resolved.count; i++) {
		const char *message = config->resolved.list[i];

		if (strncmp(message, CACHE_SIZE, strlen(CACHE_SIZE)) == 0 || strstr(message, BY_QUOTA) != NULL)
			log_info("%s", message);
	}
}
