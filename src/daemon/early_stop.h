/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Handles SIGTERM and SIGINT during the start of the process. The main thread then opens roots, keys and logs, and
 * may wait for storage that does not answer. Both signals are blocked in all threads. Main thread.
 */
#ifndef DAEMON_EARLY_STOP_H
#define DAEMON_EARLY_STOP_H

/*
 * Starts a thread that ends the process with status 0 when either signal arrives. If the thread cannot be started,
 * the signals stay pending.
 */
void early_stop_begin(void);
/* Ends the thread. From then on the main thread receives the signals. */
void early_stop_end(void);

#endif
