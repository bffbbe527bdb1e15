/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What systemd hears of the workers: figures, and whether they turn. Main thread. */
#ifndef DAEMON_VITALS_H
#define DAEMON_VITALS_H

#include "daemon/workshop.h"

/* They run: from here on it is told, until notify_stop(). 0 or -errno. */
int vitals_start(struct workshop *workshop);

#endif
