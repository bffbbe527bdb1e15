/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Checks that the limits of the system meet the needs of a configuration: descriptors, AIO slots and memory. All
 * functions are called on the main thread or on the thread of a reload.
 */
#ifndef DAEMON_SYSTEM_LIMITS_H
#define DAEMON_SYSTEM_LIMITS_H

#include <stdint.h>

#include "config/config.h"

/* Returns the maximum number of descriptors that this configuration can need. */
uint64_t system_limits_descriptors_needed(const struct config *config, unsigned workers);

/*
 * Raises RLIMIT_NOFILE to its hard limit. If the hard limit is less than the configuration needs, lowers
 * open_file_cache, to 32 if necessary. If that does not suffice, lowers max_connections, too, to 16 if necessary. Logs
 * a warning for each lowered key.
 */
void system_limits_raise_descriptors(struct config *config, unsigned workers);

/* Returns the maximum number of reads in flight of one worker, on all devices together. */
unsigned system_limits_reads_per_worker(const struct config *config);

/*
 * Returns true if fs.aio-max-nr is high enough for the workers, or cannot be read. Otherwise logs an error and returns
 * false.
 */
bool system_limits_check_aio(const struct config *config, unsigned workers);

/* Returns the maximum number of bytes that this configuration can need, without the socket buffers of the kernel. */
uint64_t system_limits_memory_needed(const struct config *config);
/*
 * Compares the needed memory with the limit of the control group. If the limit is lower, lowers name_cache, to 16384 if
 * necessary. If the process would exceed the limit nevertheless, lowers max_connections, to 16 if necessary. Logs a
 * warning for each lowered key, and if the limit may not suffice. Returns false if cache_size alone exceeds the limit,
 * because the kernel would then kill the process during the start.
 */
bool system_limits_fit_memory(struct config *config);

/*
 * Returns the maximum number of unsent bytes that the kernel may hold for all connections. The number is an eighth of
 * the memory at which the kernel starts to limit TCP on this machine (net.ipv4.tcp_mem), and at most an eighth of the
 * memory limit of the process.
 */
uint64_t system_limits_unsent_bytes(void);

#endif
