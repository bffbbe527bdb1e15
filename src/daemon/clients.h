/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is connected: connections counted in all and per client, across all reactors, behind one lock. A client is an IPv4
 * address or an IPv6 /64 (what one customer gets); an IPv4 address that came in on an IPv6 socket is the same client. Peers on
 * Unix sockets count in all only.
 */
#ifndef DAEMON_CLIENTS_H
#define DAEMON_CLIENTS_H

#include <sys/socket.h>

struct clients;
struct client;

/* per_client 0: no limit. 0 or -ENOMEM. */
int clients_new(struct clients **clients, unsigned max_connections, unsigned per_client);
/* All have left. NULL is fine. */
void clients_free(struct clients *clients);

/*
 * Counts one more connection: 0 with *client for clients_leave(), -EUSERS (full), -EDQUOT (this client has its share) or
 * -ENOMEM. Any thread.
 */
int clients_enter(struct clients *clients, const struct sockaddr *peer, struct client **client);
void clients_leave(struct clients *clients, struct client *client);

unsigned clients_count(struct clients *clients);

#endif
