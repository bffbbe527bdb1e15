/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Listening Unix sockets, for served sites and for the admin listener. */
#ifndef NET_UNIX_SOCKET_H
#define NET_UNIX_SOCKET_H

#include <sys/types.h>

/*
 * Opens a non-blocking Unix socket that listens at a path from listen_address_parse(). The socket file has exactly this
 * mode from the beginning. A socket file on which no process listens is replaced. Changes the umask of the process
 * temporarily. Returns the descriptor or -errno. Called only by the main thread and the thread of a reload.
 */
int unix_socket_listen(const char *path, mode_t mode, int backlog);

#endif
