/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether the system gives what the configuration asks for: descriptors, AIO slots, a readable root. Each complaint has
 * the figure needed and how to set it.
 */
#ifndef DAEMON_SYSTEM_LIMITS_H
#define DAEMON_SYSTEM_LIMITS_H

#include <stdint.h>

#include "config/config.h"

/* Descriptors that this configuration can come to need. */
uint64_t system_limits_descriptors_needed(const struct config *config, unsigned workers);

/* Raises RLIMIT_NOFILE to its hard limit and says so if that is less than needed. Then max_connections is lowered to
 * what fits. */
void system_limits_raise_descriptors(struct config *config, unsigned workers);

/* Reads in flight at most, of one worker on all devices together. */
unsigned system_limits_reads_per_worker(const struct config *config);

/* Says so if fs.aio-max-nr leaves less than `workers` contexts take. True if it is enough, or can't be known. */
bool system_limits_check_aio(const struct config *config, unsigned workers);

/* Bytes of memory that this configuration can come to need, without those in the kernel's queues of sockets. */
uint64_t system_limits_memory_needed(const struct config *config);
/*
 * Says so if the process, its service or container, may not have as much. True: it can start all the same, or no limit
 * is known; false: cache_size alone is more, and the kernel would end it in the middle of the start.
 */
bool system_limits_check_memory(const struct config *config);

/*
 * Returns how many unsent bytes the kernel may hold for all connections: an eighth of the memory that TCP may use on
 * this machine before it is under pressure (net.ipv4.tcp_mem), and at most an eighth of the memory that the process may
 * use.
 */
uint64_t system_limits_unsent_bytes(void);

#endif
