/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The end of the process if storage hangs: an exit that does not wait for reads in flight or for files to close. */
#ifndef DAEMON_FORCED_EXIT_H
#define DAEMON_FORCED_EXIT_H

/* Exits the process with status 0 at once, after the log was written. Does not return. Main thread. */
void forced_exit_now(void);
/* Starts a thread that exits the process in the same way after this number of milliseconds. */
void forced_exit_after(unsigned ms);
/* Cancels the forced exit. If it has begun, the function does not return. Main thread, before it exits normally. */
void forced_exit_cancel(void);

#endif
