/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Handles SIGTERM and SIGINT during the start of the process, while the main thread opens roots, keys and logs and may
 * wait for storage that does not respond. Both signals are blocked in all threads. Both functions are called on the
 * main thread.
 */
#ifndef DAEMON_STARTUP_SIGNALS_H
#define DAEMON_STARTUP_SIGNALS_H

/*
 * Starts a thread that ends the process with status 0 when either signal arrives. If the thread cannot be started,
 * the signals stay pending.
 */
void startup_signals_begin(void);
/* Ends the thread. Afterwards the main thread receives both signals. */
void startup_signals_end(void);

#endif
