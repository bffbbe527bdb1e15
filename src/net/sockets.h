/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The listening sockets of one configuration. The main thread, or the thread of a reload, opens the sockets. All
 * workers share them. When the last user releases the sockets, they are closed.
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
 * A socket of `before` (may be NULL) with the same address is inherited. The new object then duplicates the descriptor
 * of the socket, so that the kernel refuses no connection during a reload. Passed sockets (passed.h) are duplicated,
 * too.
 *
 * `users` is the number of calls of sockets_release() that will follow. Returns 0 and sets *sockets, or returns -errno
 * with the address and the reason in `fault`. May block to resolve host names. Called only by the main thread and the
 * thread of a reload.
 */
int sockets_open(struct sockets **sockets, const struct listen_address_sites *listen, size_t count, unsigned users,
		 const struct sockets *before, char fault[SOCKETS_FAULT_BYTES]);
/*
 * Makes `sockets` the owner of the files of inherited Unix sockets, so that releasing `before` does not remove the
 * files. Must be called by the main thread, before either object is released.
 */
void sockets_inherit_files(struct sockets *sockets, struct sockets *before);
/* Adds a user. The sockets must have at least one user during this call. Thread-safe. */
void sockets_ref(struct sockets *sockets);
/* Drops a user. Dropping the last user closes the sockets and removes the files of Unix sockets. Thread-safe. */
void sockets_release(struct sockets *sockets);
/* Closes sockets that were opened but never used. The number of users is ignored. NULL is allowed. */
void sockets_discard(struct sockets *sockets);

/* Return the number of sockets, and the descriptor of socket i. The caller must not close the descriptor. */
size_t sockets_count(const struct sockets *sockets);
int sockets_fd(const struct sockets *sockets, size_t i);
/* Returns the index of the address for which socket i was opened, in the list of sockets_open(). */
unsigned sockets_listener(const struct sockets *sockets, size_t i);
/* Returns true if the address of socket i has the prefix "tls:". */
bool sockets_is_tls(const struct sockets *sockets, size_t i);
/* Returns true if socket i was newly opened, or false if it was inherited. */
bool sockets_is_new(const struct sockets *sockets, size_t i);
/* Returns the port of the first TLS socket of the listeners whose bits are set, or 0 if they have no TLS socket. */
unsigned sockets_tls_port(const struct sockets *sockets, uint64_t listeners);
/*
 * Writes the address to which socket i is bound to `text`: "127.0.0.1:8080", "[::1]:8080", "unix:/path", or
 * "unix:@name" for a passed socket without a file. TLS sockets have the prefix "tls:". Returns `text`.
 */
char *sockets_address(const struct sockets *sockets, size_t i, char *text, size_t text_bytes);
/* Returns the port of socket i, or 0 for a Unix socket. */
uint16_t sockets_port(const struct sockets *sockets, size_t i);

/*
 * Writes the addresses to the file at `path`, one per line. The file is replaced with rename(2), so a reader never sees
 * an incomplete file. Returns 0 or -errno.
 */
int sockets_write_addresses(const struct sockets *sockets, const char *path);

#endif
