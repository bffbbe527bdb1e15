/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Handles SIGTERM and SIGINT during the start of the process. The main thread then opens roots, keys and logs, and
 * may wait for storage that does not answer. Both signals are blocked in all threads. Main thread.
 */
#ifndef DAEMON_STARTUP_SIGNALS_H
#define DAEMON_STARTUP_SIGNALS_H

/*
 * Starts a thread that ends the process with status 0 when either signal arrives. If the thread cannot be started,
 * the signals stay pending.
 */
void startup_signals_begin(void);
/* Ends the thread. From then on the main thread receives the signals. */
void startup_signals_end(void);

#endif
