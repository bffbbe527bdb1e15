/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The logs as a configuration names them: which site writes to which, in what form. Two may be open at once. Main
 * thread. */
#ifndef DAEMON_LOGS_H
#define DAEMON_LOGS_H

#include "config/config.h"

#define LOGS_FAULT_BYTES 512

/*
 * Opens the logs that are not open yet, and tells each site its own. 0; or -errno with what is wrong in `fault`, and
 * all is as it was. Nothing is written to any of them by that, and the error log stays what it is.
 */
int logs_open(struct config *config, char fault[LOGS_FAULT_BYTES]);
/* Opens and makes nothing: whether files and their folders could be written to. 0, or -errno with what is wrong in
 * `fault`. */
int logs_check(const struct config *config, char fault[LOGS_FAULT_BYTES]);
/* Its error log and its level hold from now on, until it is the turn of another. Once for each logs_open(). */
void logs_use(struct config *config);
/*
 * No request is under way that belongs to it: logs of requests that no other configuration has open end when they have
 * written what is queued. Waits for nothing; the configuration is not needed after it. Nothing to do if it isn't open.
 */
void logs_close(struct config *config);

#endif
