/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The listening sockets of the admin listener: loopback addresses, and Unix sockets that its group may use. Main
 * thread. */
#ifndef ADMIN_ADMIN_SOCKET_H
#define ADMIN_ADMIN_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

#define ADMIN_SOCKET_MAX 2 /* of one address: "localhost" is two */

/*
 * Binds and listens, non-blocking: into fds. A Unix socket has mode 0660, and takes the place of one that nobody
 * listens on. How many, or -errno. text is one of listen_address_admin_fault().
 */
int admin_socket_open(const char *text, int fds[ADMIN_SOCKET_MAX]);
/* The address really bound, into text; returns text. */
char *admin_socket_address(int fd, char *text, size_t text_bytes);
/* Gives a Unix socket to this user and group, who may then use it and remove it where the folder lets them. 0 or
 * -errno; 0 of others. */
int admin_socket_give(int fd, uid_t uid, gid_t gid);
/* Closes it; removes it if it is a Unix socket. */
void admin_socket_close(int fd);

#endif
