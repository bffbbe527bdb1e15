/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listening sockets that systemd (or who speaks its protocol: LISTEN_FDS) opened and passed under a name each; several
 * may have one name. They belong to the process and stay open until it drains; who listens on them has duplicates. Main
 * thread only.
 */
#ifndef NET_PASSED_H
#define NET_PASSED_H

#include <stdbool.h>
#include <stddef.h>

#define PASSED_FAULT_BYTES 400

/*
 * Once, before any other thread and any descriptor is there: takes what was passed. 0, or -errno with what is wrong
 * with one of them in `fault` (no listening stream socket …).
 */
int passed_take(char fault[PASSED_FAULT_BYTES]);

/* How many there are, the name of each, and its descriptor. */
size_t passed_count(void);
const char *passed_name(size_t i);
int passed_fd(size_t i);
/* Returns true if a socket has that name. */
bool passed_has(const char *name);
/* Returns each name once, and NULL at the end. Valid until passed_close(). */
const char *const *passed_names(void);

/* None is left. Whoever still has duplicates, or systemd, goes on listening. */
void passed_close(void);

#endif
