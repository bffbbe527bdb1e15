/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the admin listener answers: the table of its resources, each of them another file's. It is there before the
 * workers serve and after they have ended, so that /readyz can say so.
 */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "daemon/worker.h"

struct admin_listener;

/*
 * Opens and starts it on these addresses; nothing if there are none. 0 with *listener owned by the caller (or NULL), or
 * -errno, which was logged. Main thread.
 */
int admin_start(struct admin_listener **listener, struct process *process, const struct text_list *addresses);
/* Who root is to become: the Unix sockets are his. What fails is logged. NULL is fine. Main thread. */
void admin_give(struct admin_listener *listener, uid_t uid, gid_t gid);
/* Before anything of the process is freed, which must not be when it is false: as admin_listener_close(). NULL is fine.
 * Main thread. */
bool admin_stop(struct admin_listener *listener);

#endif
