/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The admin listener as main.c sees it: start, change of user, stop. The listener answers from before the workers serve
 * until after they have ended, so that /readyz can report both phases.
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "daemon/worker.h"

struct admin_listener;

/*
 * Listens on these addresses and starts to answer. Without addresses, *listener stays NULL. Returns 0 with *listener
 * owned by the caller, or -errno, which has been logged. Main thread.
 */
int admin_start(struct admin_listener **listener, struct process *process, const struct text_list *addresses);
/*
 * Gives the Unix sockets to the user that the process switches to. Failures are logged. NULL is allowed. Main thread.
 */
void admin_give(struct admin_listener *listener, uid_t uid, gid_t gid);
/*
 * Stops and frees the listener, before any part of the process is freed. Returns false if a call waits for a disk that
 * does not respond; the parts of the process must then stay allocated. NULL is allowed. Main thread.
 */
bool admin_stop(struct admin_listener *listener);

#endif
