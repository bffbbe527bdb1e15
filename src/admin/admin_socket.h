/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The listening sockets of the admin listener: loopback addresses, and Unix sockets for one group. All functions are
 * called on the main thread.
 */
#ifndef ADMIN_ADMIN_SOCKET_H
#define ADMIN_ADMIN_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

#define ADMIN_SOCKET_MAX 2 /* maximum number of sockets of an address; "localhost" has an IPv4 and an IPv6 socket */

/*
 * Binds an address, listens, and stores the non-blocking sockets in fds. text is an address that
 * listen_address_admin_fault() accepts. A Unix socket has mode 0660 and replaces a stale socket on which no process
 * listens. Returns the number of sockets, or -errno.
 */
int admin_socket_open(const char *text, int fds[ADMIN_SOCKET_MAX]);
/* Writes the bound address to text. Returns text. */
char *admin_socket_address(int fd, char *text, size_t text_bytes);
/*
 * Changes the owner and group of a Unix socket. The owner and the group may then connect to the socket, and may remove
 * it if the directory permits. Returns 0 or -errno. Returns 0 for other sockets.
 */
int admin_socket_give(int fd, uid_t uid, gid_t gid);
/* Closes the socket, and removes it from the filesystem if it is a Unix socket. */
void admin_socket_close(int fd);

#endif
