/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The listening sockets: opened once by the main thread, shared by all workers, closed by the last worker that stops
 * listening. */
#ifndef NET_SOCKETS_H
#define NET_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "config/listen_address.h"

#define SOCKETS_FAULT_BYTES 512

struct sockets;

/*
 * Binds and listens on every address of the list; a name that stands for several addresses is bound on all of them. A
 * Unix socket that nobody listens on is replaced. What `before` (NULL: nothing) has for the same address is listened on
 * as it is, by descriptors of our own: no connection is refused meanwhile. Of passed sockets (passed.h) duplicates are
 * taken, and those that no address names get a warning. users: how many times sockets_release() will be called. 0, or
 * -errno with the address and the reason in `fault`. Main thread.
 */
int sockets_open(struct sockets **sockets, const struct listen_address_sites *listen, size_t count, unsigned users,
		 const struct sockets *before, char fault[SOCKETS_FAULT_BYTES]);
/* They take the place of `before`, which leaves Unix sockets that both have where they are. Main thread, before either
 * is released. */
void sockets_succeed(struct sockets *sockets, struct sockets *before);
/* One user more, while there is one. Any thread. */
void sockets_hold(struct sockets *sockets);
/* One user has stopped listening; the last one closes them and removes Unix sockets. Any thread. */
void sockets_release(struct sockets *sockets);
/* They were opened, and nobody used them. */
void sockets_abandon(struct sockets *sockets);

size_t sockets_count(const struct sockets *sockets);
int sockets_fd(const struct sockets *sockets, size_t i);
/* Which of the list it was opened for. */
unsigned sockets_listener(const struct sockets *sockets, size_t i);
/* It was opened, not carried over. */
bool sockets_is_new(const struct sockets *sockets, size_t i);
/* The port of the first socket for TLS among these listeners (a bit each); 0: there is none. */
unsigned sockets_tls_port(const struct sockets *sockets, uint64_t listeners);
/* The address really bound: "127.0.0.1:8080", "[::1]:8080", "unix:/path" ("unix:@name": a passed one without a file),
 * each with "tls:" before it if it is that. Into text; returns text. */
char *sockets_address(const struct sockets *sockets, size_t i, char *text, size_t text_bytes);
/* Its port; 0 of a Unix socket. */
uint16_t sockets_port(const struct sockets *sockets, size_t i);

/*
 * A non-blocking Unix socket that listens at a path of listen_address_parse(), of exactly this mode from the beginning;
 * one there that nobody listens on is replaced. The descriptor, or -errno. Main thread.
 */
int sockets_listen_unix(const char *path, mode_t mode, int backlog);

/* One address a line into `path`, by rename, so that whoever waits for the file reads all of it. 0 or -errno. */
int sockets_write_addresses(const struct sockets *sockets, const char *path);

#endif
