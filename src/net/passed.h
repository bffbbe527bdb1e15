/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listening sockets that systemd, or another program with the same protocol (LISTEN_FDS), opened and passed to the
 * process. Each socket has a name, and several sockets may have the same name. Passed sockets stay open until the
 * process drains. Listeners use duplicates of them. Only the main thread and the thread of a reload use these
 * functions.
 */
#ifndef NET_PASSED_H
#define NET_PASSED_H

#include <stdbool.h>
#include <stddef.h>

#define PASSED_FAULT_BYTES 400

/*
 * Reads the list of passed sockets from the environment and checks each socket. Must be called once, before the process
 * opens a descriptor or starts a thread. Returns 0, or -errno with a message in `fault`, for example if a descriptor is
 * not a listening stream socket.
 */
int passed_init(char fault[PASSED_FAULT_BYTES]);

/* Return the number of sockets, the name of socket i, and its descriptor. The caller must not close the descriptor. */
size_t passed_count(void);
const char *passed_name(size_t i);
int passed_fd(size_t i);
/* Returns true if a passed socket has this name. */
bool passed_has(const char *name);
/* Returns an array that has each name once and ends with NULL. The array is valid until passed_close(). */
const char *const *passed_names(void);

/* Closes all passed sockets. Their duplicates, and the descriptors in systemd, keep listening. */
void passed_close(void);

#endif
