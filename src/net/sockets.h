/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The listening sockets of one configuration. The main thread, or the thread of a reload, opens them. All workers share
 * them. The last user that releases them closes them.
 */
#ifndef NET_SOCKETS_H
#define NET_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/listen_address.h"

#define SOCKETS_FAULT_BYTES 512

struct sockets;

/*
 * Binds and listens on every address of the list. A host name with several addresses is bound on all of them. A Unix
 * socket on which no process listens is replaced.
 *
 * A socket of `before` (may be NULL) with the same address is inherited: the new object duplicates its descriptor, so
 * no connection is refused during a reload. Passed sockets (passed.h) are duplicated, too; passed sockets that no
 * address names are logged.
 *
 * `users` is the number of calls of sockets_release() that will follow. Returns 0 with *sockets, or -errno with the
 * address and the reason in `fault`. May resolve host names, so it can block. Main thread, or the thread of a reload.
 */
int sockets_open(struct sockets **sockets, const struct listen_address_sites *listen, size_t count, unsigned users,
		 const struct sockets *before, char fault[SOCKETS_FAULT_BYTES]);
/*
 * Makes `sockets` the owner of the files of inherited Unix sockets, so that the end of `before` does not remove them.
 * Main thread, before either object is released.
 */
void sockets_inherit_files(struct sockets *sockets, struct sockets *before);
/* Adds a user. The caller must know that at least one user still holds the sockets. Any thread. */
void sockets_ref(struct sockets *sockets);
/* Drops a user. The last call closes the sockets and removes the files of Unix sockets. Any thread. */
void sockets_release(struct sockets *sockets);
/* Closes sockets that were opened but never used, whatever `users` was. NULL is allowed. */
void sockets_discard(struct sockets *sockets);

/* Returns the number of sockets, and the descriptor of socket i, which stays owned by `sockets`. */
size_t sockets_count(const struct sockets *sockets);
int sockets_fd(const struct sockets *sockets, size_t i);
/* Returns the index of the address in the list of sockets_open() that socket i was opened for. */
unsigned sockets_listener(const struct sockets *sockets, size_t i);
/* Returns true if socket i was opened, false if it was inherited. */
bool sockets_is_new(const struct sockets *sockets, size_t i);
/* Returns the port of the first TLS socket of these listeners (one bit each), or 0 if there is none. */
unsigned sockets_tls_port(const struct sockets *sockets, uint64_t listeners);
/*
 * Writes the address to which socket i is bound to `text`: "127.0.0.1:8080", "[::1]:8080", "unix:/path", or
 * "unix:@name" for a passed socket without a file. TLS sockets have the prefix "tls:". Returns `text`.
 */
char *sockets_address(const struct sockets *sockets, size_t i, char *text, size_t text_bytes);
/* Returns the port of socket i, or 0 for a Unix socket. */
uint16_t sockets_port(const struct sockets *sockets, size_t i);

/*
 * Writes the addresses to the file at `path`, one a line. The file is replaced with rename(2), so a reader never sees a
 * part of it. Returns 0 or -errno.
 */
int sockets_write_addresses(const struct sockets *sockets, const char *path);

#endif
