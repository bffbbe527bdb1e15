/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Who is connected, and what is counted of each: connections in all and per client, what a client has been given,
 * across all connections and reactors. A client is an IPv4 address or an IPv6 /64 (what one customer gets); an IPv4
 * address that came in on an IPv6 socket is the same client. Peers on Unix sockets count in all only: they are one
 * client that no limit is about.
 */
#ifndef REQUEST_CLIENTS_H
#define REQUEST_CLIENTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/address.h"
#include "engine/bucket.h"

struct clients;

/* What others may use; it comes first in what clients.c keeps. */
struct client {
	struct bucket bytes, requests;
	atomic_uint transfers;	     /* requests being answered */
	_Atomic uint64_t sent_bytes; /* since it came */
	_Atomic size_t pinned_bytes; /* of the cache, by replies to it: see pins.h */
	bool local;		     /* on a Unix socket */
};

/* The most that the buckets of a client save up. */
#define CLIENTS_BURST_NS UINT64_C(1000000000)

/* per_client 0: no limit. 0 or -ENOMEM. */
int clients_new(struct clients **clients, unsigned max_connections, unsigned per_client);
/* From here on these bounds hold; who is connected stays. Any thread. */
void clients_renew(struct clients *clients, unsigned max_connections, unsigned per_client);
/* All have left. NULL is fine. */
void clients_free(struct clients *clients);

/*
 * Counts one more connection: 0 with *client for clients_leave(), -EUSERS (full), -EDQUOT (this client has its share)
 * or -ENOMEM. Any thread.
 */
int clients_enter(struct clients *clients, const struct sockaddr *peer, struct client **client);
void clients_leave(struct clients *clients, struct client *client);

/*
 * Counts a connection that was refused by clients_enter(), beside those and within bounds of its own, for as long as it
 * takes to tell the client: 0 with *client for clients_leave_refused(), -EUSERS or -ENOMEM: there are too many, and no
 * time for this one. Any thread.
 */
int clients_enter_refused(struct clients *clients, const struct sockaddr *peer, struct client **client);
void clients_leave_refused(struct clients *clients, struct client *client);

#define CLIENTS_REFUSED_MAX 64 /* at the same time, in all */
#define CLIENTS_REFUSED_PER_CLIENT 16

/* The same for one request that a proxy passes on for this address: it is no connection. 0 or -ENOMEM. Any thread. */
int clients_attend(struct clients *clients, const struct address *address, struct client **client);
void clients_dismiss(struct clients *clients, struct client *client);

/* So many bytes were sent to it. Any thread. */
static inline void clients_note(struct client *client, uint64_t bytes)
{
	atomic_fetch_add_explicit(&client->sent_bytes, bytes, memory_order_relaxed);
}

#define CLIENTS_ADDRESS_BYTES (ADDRESS_TEXT_BYTES + 4)

struct clients_rank {
	char address[CLIENTS_ADDRESS_BYTES]; /* "192.0.2.1", "2001:db8:1:2::/64", "unix:" */
	uint64_t bytes;
	unsigned connections;
};

#define CLIENTS_TOP_MAX 64

/*
 * Those who are here now that were sent most, the most first, at most `count`: how many. With very many clients, some
 * are not looked at. Any thread.
 */
unsigned clients_top(struct clients *clients, struct clients_rank *ranks, unsigned count);

unsigned clients_count(struct clients *clients);

/* How many clients the fullest bucket of the table has. For tests. */
unsigned clients_longest_chain(struct clients *clients);

#endif
