/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reload after SIGHUP: the configuration is read again, and is applied or rejected as a whole. The files that a reload
 * reads and opens may be on storage that does not respond. So a thread of its own opens them, while the main thread
 * handles signals. All functions are for the main thread.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "daemon/generation.h"

struct reload;

/*
 * Creates the object. A reload parses this command line again. Returns 0 with *reload owned by the caller, or -errno.
 */
int reload_new(struct reload **reload, struct process *process, int argc, char **argv);
/* Returns a descriptor that is readable when reload_proceed() is to be called. */
int reload_fd(const struct reload *reload);

/* Starts a reload. If one is in progress, another one follows it. */
void reload_start(struct reload *reload, struct generation *current);
/*
 * Continues a reload. When everything is open, the new generation is put in front of the list *all and sent to the
 * workers. If a step failed, the log has the error and nothing has changed. If the process is draining, the new
 * generation is freed.
 */
void reload_proceed(struct reload *reload, struct generation **all);
/*
 * Returns true while a reload is in progress. No generation may be freed then, and the resize of the cache must not be
 * continued. Logs once if the reload takes more than a few seconds.
 */
bool reload_is_running(struct reload *reload);
/* Frees the object. No reload may be in progress. NULL is allowed. */
void reload_free(struct reload *reload);

#endif
