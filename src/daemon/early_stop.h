/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SIGTERM and SIGINT while the process starts: the main thread opens roots, keys and logs then, and may wait for
 * storage that does not answer. Both signals are blocked in all threads. Main thread.
 */
#ifndef DAEMON_EARLY_STOP_H
#define DAEMON_EARLY_STOP_H

/* From here on a thread ends the process at either signal, with status 0. Without memory for it nothing is done. */
void early_stop_begin(void);
/* From here on the signals are the main thread's. */
void early_stop_end(void);

#endif
