/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Limits the number of events that libmicrohttpd (MHD) fetches in one MHD_run(). Without a limit, MHD fetches all
 * pending events. If a load balancer restarts, the ends of all its connections are then handled in one iteration of the
 * event loop, and all other clients wait. Thread-safe: the limit belongs to the calling thread.
 */
#ifndef MHD_EVENT_LIMIT_H
#define MHD_EVENT_LIMIT_H

#include <stdbool.h>

/* Limits the next calls of epoll_wait(2) on this thread to `most` events each, until event_limit_end(). */
void event_limit_begin(int most);
/* Ends the limit. Returns true if a call returned the maximum number of events, so that more events may be pending. */
bool event_limit_end(void);

#endif
