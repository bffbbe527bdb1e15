/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the limits of the control group of the process, see cgroups(7). Supports version 1, version 2, and both
 * together. Called on the main thread and on the thread of a reload.
 */
#ifndef DAEMON_CGROUP_H
#define DAEMON_CGROUP_H

#include <stdint.h>

#define CGROUP_NO_LIMIT UINT64_MAX

struct cgroup_limits {
	uint64_t memory_bytes; /* CGROUP_NO_LIMIT: not limited */
	unsigned cpus;	       /* CPU quota, rounded up; 0: no quota */
};

/*
 * Reads the lowest limits of the group and of the groups above it, as far as they are visible. A limit that cannot be
 * read counts as not limited. `top` is prepended to the paths of /proc and of the mount points. It is "", except in
 * tests.
 */
void cgroup_read(struct cgroup_limits *limits, const char *top);

#endif
