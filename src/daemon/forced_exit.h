/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Exits the process while storage hangs, without waiting for reads in flight or for files to close. */
#ifndef DAEMON_FORCED_EXIT_H
#define DAEMON_FORCED_EXIT_H

#define FORCED_EXIT_LOG_MS 600 /* maximum time for writing the queued lines of the logs */

/*
 * Writes the logs, shuts all sockets down, then exits the process at once with status 0. Reads in flight do not delay
 * the exit. Does not return. Called on the main thread.
 */
void forced_exit_now(void);
/* Starts a thread that calls forced_exit_now() after `ms` milliseconds. */
void forced_exit_after(unsigned ms);
/*
 * Cancels forced_exit_after(). If the forced exit has begun, the function does not return. Called on the main thread
 * before the normal exit.
 */
void forced_exit_cancel(void);

#endif
