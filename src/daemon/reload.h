/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SIGHUP: the configuration is read again, and applied or rejected as a whole. Everything that a reload reads and
 * opens may lie on storage that does not answer, so it is done by a thread of its own; the main thread goes on reading
 * signals. Main thread only.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "daemon/generation.h"

struct reload;

/* Reads the same command line as the start did. 0 or -errno. */
int reload_new(struct reload **reload, struct process *process, int argc, char **argv);
/* Readable when reload_proceed() has something to do. */
int reload_fd(const struct reload *reload);

/* Starts a reload. While one is under way the request is remembered, and a second reload follows the first. */
void reload_start(struct reload *reload, struct generation *current);
/*
 * Continues a reload: once everything is open, *all begins with a new generation, which the workers take up from here
 * on; or the log has what was wrong, and nothing has changed. While the process is draining the new generation is
 * discarded.
 */
void reload_proceed(struct reload *reload, struct generation **all);
/*
 * Returns true while a reload is under way; after some seconds that is logged, once. No generation may be freed then,
 * nor the cache resized.
 */
bool reload_is_running(struct reload *reload);
/* Only if none is under way. NULL is fine. */
void reload_free(struct reload *reload);

#endif
