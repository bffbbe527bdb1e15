/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Computes automatic values of the configuration from the memory and the CPUs that the process may use: cache_size as a
 * percentage, the default of cache_size in a control group with a memory limit, and the number of workers. Called on
 * the main thread and on the thread of a reload.
 */
#ifndef DAEMON_SIZING_H
#define DAEMON_SIZING_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

#define SIZING_DEFAULT_PERCENT 60 /* cache_size if it is not set and a control group limits the memory */

struct sizing {
	uint64_t memory_bytes;	/* of the machine, or the limit of the control group if that is lower */
	bool memory_is_limited; /* the control group has a lower limit than the memory of the machine */
	unsigned cpus;		/* CPUs that the process may use, at most the CPU quota of the control group */
	bool cpus_are_limited;	/* the quota is lower than the number of CPUs */
};

/* Reads the resources of the process. `top` is "", except in tests, see cgroup_read(). */
void sizing_read(struct sizing *sizing, const char *top);
/*
 * Sets config->cache_size_bytes if it is a percentage or not set, and config->workers if it is 0. Appends a message to
 * config->resolved for each value that was computed.
 */
void sizing_set(const struct sizing *sizing, struct config *config);
/* Calls sizing_read() and sizing_set() for this process. */
void sizing_apply(struct config *config);
/* Logs the messages of sizing_set(), except that there is one worker for each CPU. */
void sizing_log(const struct config *config);

#endif
