/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listening sockets that systemd, or another program with the same protocol (LISTEN_FDS), opened and passed to the
 * process. Each socket has a name; several sockets may have the same name. They stay open until the process drains.
 * Listeners use duplicates of them. Main thread, and the thread of a reload.
 */
#ifndef NET_PASSED_H
#define NET_PASSED_H

#include <stdbool.h>
#include <stddef.h>

#define PASSED_FAULT_BYTES 400

/*
 * Reads the list of passed sockets from the environment and checks each socket. Call it once, before the process opens
 * a descriptor or starts a thread. Returns 0, or -errno with a message in `fault`, for example if a descriptor is not a
 * listening stream socket.
 */
int passed_init(char fault[PASSED_FAULT_BYTES]);

/* Returns the number of sockets, the name of socket i, and its descriptor. The caller must not close the descriptor. */
size_t passed_count(void);
const char *passed_name(size_t i);
int passed_fd(size_t i);
/* Returns true if a socket has that name. */
bool passed_has(const char *name);
/* Returns each name once, and NULL at the end. Valid until passed_close(). */
const char *const *passed_names(void);

/* Closes all passed sockets. Duplicates, and the descriptors of systemd, keep listening. */
void passed_close(void);

#endif
