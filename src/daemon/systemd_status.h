/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connects the notifications for systemd with the workers: figures for the status line, and the watchdog. */
#ifndef DAEMON_SYSTEMD_STATUS_H
#define DAEMON_SYSTEMD_STATUS_H

#include "daemon/process.h"

/*
 * Starts the notifications. Called on the main thread after the workers were started. notify_stop() ends the
 * notifications. Returns 0 or -errno.
 */
int systemd_status_start(struct process *process);

#endif
