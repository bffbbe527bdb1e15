/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Opens and closes the logs that a configuration names: one error log, and access logs of sites. The logs of two
 * configurations may be open at the same time. All functions are called on the main thread or on the thread of a
 * reload.
 */
#ifndef DAEMON_LOGS_H
#define DAEMON_LOGS_H

#include "config/config.h"

#define LOGS_FAULT_BYTES 512

/*
 * Opens the logs that are not open yet, and assigns the access logs to the sites. Writes no lines and does not change
 * the error log in use. Returns 0, or -errno with a message in `fault`. On failure the function leaves no new log open.
 */
int logs_open(struct config *config, char fault[LOGS_FAULT_BYTES]);
/*
 * Checks that the log files, or their directories, can be written to. Does not open or create files. Returns 0, or
 * -errno with a message in `fault`.
 */
int logs_check(const struct config *config, char fault[LOGS_FAULT_BYTES]);
/* Uses the error log and the log level of this configuration from now on. Called once for each logs_open(). */
void logs_use(struct config *config);
/*
 * Closes the logs of a configuration that has no requests in progress. A log that no other configuration uses is closed
 * once its queued lines are written. The function does not wait until then, and does not use the configuration
 * afterwards. Has no effect if no log is open.
 */
void logs_close(struct config *config);

#endif
