/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The logs as they are configured: which site writes to which, in what form. Main thread. */
#ifndef DAEMON_LOGS_H
#define DAEMON_LOGS_H

#include "daemon/config.h"

/*
 * Opens the error log and each log of requests once, whoever names it, and tells each site its own. 0, or -errno with the file or target
 * that is to blame in *failed (NULL: none is). The configuration outlives the logs.
 */
int logs_start(struct config *config, const char **failed);
/* No request is under way any more. */
void logs_stop(struct config *config);

#endif
