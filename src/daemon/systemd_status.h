/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What systemd hears of the workers: figures, and whether they turn. Main thread. */
#ifndef DAEMON_SYSTEMD_STATUS_H
#define DAEMON_SYSTEMD_STATUS_H

#include "daemon/process.h"

/* They run: from here on it is told, until notify_stop(). 0 or -errno. */
int systemd_status_start(struct process *process);

#endif
