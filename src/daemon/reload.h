/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reloads the configuration after SIGHUP. The new configuration is applied or rejected as a whole. Files that a reload
 * reads and opens may be on storage that does not respond. So a separate thread opens the files, while the main thread
 * handles signals. All functions are called on the main thread.
 */
#ifndef DAEMON_RELOAD_H
#define DAEMON_RELOAD_H

#include "daemon/generation.h"

struct reload;

/*
 * Creates the reload object. Each reload parses the command line in argv again. Returns 0 or -errno. On success the
 * caller owns *reload.
 */
int reload_new(struct reload **reload, struct process *process, int argc, char **argv);
/* Returns a descriptor that becomes readable when the caller must call reload_proceed(). */
int reload_fd(const struct reload *reload);

/* Starts a reload. If a reload is in progress, another reload starts after it. */
void reload_start(struct reload *reload, struct generation *current);
/*
 * Continues a reload. If the thread has opened all files, puts the new generation at the head of the list *all and
 * sends it to the workers. If a step has failed, the error was logged and the running configuration is unchanged. If
 * the process is draining, frees the new generation.
 */
void reload_proceed(struct reload *reload, struct generation **all);
/*
 * Returns true while a reload is in progress. While a reload is in progress, the caller must not free a generation or
 * call process_finish_resize(). Logs once if the reload takes more than a few seconds.
 */
bool reload_is_running(struct reload *reload);
/* Frees the reload object. No reload may be in progress. NULL is allowed. */
void reload_free(struct reload *reload);

#endif
