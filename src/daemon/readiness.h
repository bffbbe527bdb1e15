/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Readiness: whether load balancers should send requests to this process. /readyz, the metric ranged_ready and the
 * health check on the data listeners report the same result.
 */
#ifndef DAEMON_READINESS_H
#define DAEMON_READINESS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/process.h"

#define READINESS_REASON_BYTES 1024

/*
 * Returns true if the process is ready. The process is not ready while it starts, waits in drain_delay or drains, and
 * while the current generation has a root that is not ready. Writes the reason as one line of text, for example
 * "draining", or "serving" if the process is ready. Thread-safe. Accesses no files and waits only for short locks, so a
 * reactor may call the function.
 */
bool readiness_check(struct process *process, char *reason, size_t reason_bytes);

#endif
