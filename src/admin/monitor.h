/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The monitor listener (key "monitor"): /metrics, /healthz and /readyz for Prometheus and load balancers, also on other
 * hosts. It cannot change any state, and shows neither names of served files nor addresses of clients. Like the admin
 * listener, it answers before the workers are started and until after they have ended.
 */
#ifndef ADMIN_MONITOR_H
#define ADMIN_MONITOR_H

#include <stdbool.h>

#include "config/config_values.h"

struct monitor;
struct process;

/*
 * Listens on the addresses of the configuration and starts to answer. Without addresses, *monitor stays NULL. Returns
 * 0, or logs the error and returns -errno. On success the caller owns *monitor. Called on the main thread.
 */
int monitor_start(struct monitor **monitor, struct process *process, const struct config *config);
/*
 * Stops and frees the listener. Called on the main thread, before any resource of the process is freed. Returns false
 * if a thread does not end. The caller must then not free the resources of the process. NULL is allowed.
 */
bool monitor_stop(struct monitor *monitor);

#endif
