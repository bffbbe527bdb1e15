/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The functions with which main.c starts and stops the admin listener. The listener answers before the workers are
 * started and until after they have ended, so that /readyz can report both phases.
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "daemon/worker.h"

struct admin_listener;

/*
 * Listens on these addresses and starts to answer. Without addresses, *listener stays NULL. Returns 0, or logs the
 * error and returns -errno. On success the caller owns *listener. Called on the main thread.
 */
int admin_start(struct admin_listener **listener, struct process *process, const struct text_list *addresses);
/*
 * Gives the Unix sockets to the user that the process switches to. Failures are logged. NULL is allowed. Called on the
 * main thread.
 */
void admin_give(struct admin_listener *listener, uid_t uid, gid_t gid);
/*
 * Stops and frees the listener. Called on the main thread, before any resource of the process is freed. Returns false
 * if a call waits for a disk that does not respond. The caller must then not free the resources of the process. NULL is
 * allowed.
 */
bool admin_stop(struct admin_listener *listener);

#endif
