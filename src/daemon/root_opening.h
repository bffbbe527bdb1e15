/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The first lookup of a root, with a deadline. The lookup runs on a thread of its own, because a thread that waits for
 * storage that does not respond cannot be cancelled. After the deadline the thread is abandoned. It ends when the
 * storage responds.
 */
#ifndef DAEMON_ROOT_OPENING_H
#define DAEMON_ROOT_OPENING_H

#include "daemon/root_lookup.h"

struct root_opening;

/*
 * Starts a lookup. The path and the list are copied. Returns 0 or -errno. On success the caller must call
 * root_opening_finish(). Thread-safe.
 */
int root_opening_start(struct root_opening **opening, const struct root_place *place);
/*
 * Waits for the lookup until the time until_ns of clock_now_ns(). Returns the result of root_lookup(), or -ETIMEDOUT.
 * On success the caller owns found->fd. Frees the opening.
 */
int root_opening_finish(struct root_opening *opening, uint64_t until_ns, struct root_found *found);

#endif
