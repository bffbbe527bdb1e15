/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The clients of the process, with the number of their connections and requests, their token buckets, and the bytes
 * sent to them. All reactors share this table. A client is an IPv4 address, or the /64 network of an IPv6 address,
 * which is what one customer usually gets. An IPv4 address that connects to an IPv6 socket is the same client. All
 * peers on Unix sockets are one client that has no limits of its own; they count for the total only.
 */
#ifndef REQUEST_CLIENTS_H
#define REQUEST_CLIENTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/address.h"
#include "engine/bucket.h"

struct clients;

/*
 * The public part of a client. All threads change its atomics without the lock. They are counters that publish no other
 * data, so their memory order does not matter.
 */
struct client {
	struct bucket bytes, requests; /* token buckets of rate_client and requests_per_client */
	atomic_uint transfers;	       /* number of requests that count for transfers_per_client */
	_Atomic uint64_t sent_bytes;   /* since the entry was created */
	_Atomic size_t pinned_bytes;   /* memory of the cache that is pinned for responses to this client: see pins.h */
	bool local;		       /* all peers on Unix sockets */
};

/* The maximum burst of the buckets of a client. */
#define CLIENTS_BURST_NS UINT64_C(1000000000)

/* Returns 0 with *clients owned by the caller, or -ENOMEM. per_client: maximum number of connections; 0: no limit. */
int clients_new(struct clients **clients, unsigned max_connections, unsigned per_client);
/* Changes the limits for new connections. Existing connections stay. Any thread. */
void clients_set_limits(struct clients *clients, unsigned max_connections, unsigned per_client);
/* Frees the table. All connections and requests must have left. NULL is allowed. */
void clients_free(struct clients *clients);

/*
 * Counts a new connection. Returns 0 with *client for clients_leave(), -EUSERS if max_connections is reached, -EDQUOT
 * if the limit of this client is reached, or -ENOMEM. Any thread.
 */
int clients_enter(struct clients *clients, const struct sockaddr *peer, struct client **client);
void clients_leave(struct clients *clients, struct client *client);

/*
 * Counts a connection that clients_enter() has rejected, while the server sends it a 503. These connections have their
 * own limits. Returns 0 with *client for clients_leave_rejected(), or -EUSERS or -ENOMEM if it must be closed at once.
 * Any thread.
 */
int clients_enter_rejected(struct clients *clients, const struct sockaddr *peer, struct client **client);
void clients_leave_rejected(struct clients *clients, struct client *client);

#define CLIENTS_REJECTED_MAX 64 /* maximum number of rejected connections at the same time */
#define CLIENTS_REJECTED_PER_CLIENT 16

/*
 * Finds the client of one request that a trusted proxy forwards for this address. It does not count as a connection.
 * Returns 0 with *client for clients_leave_request(), or -ENOMEM. Any thread.
 */
int clients_enter_request(struct clients *clients, const struct address *address, struct client **client);
void clients_leave_request(struct clients *clients, struct client *client);

/* Adds to the bytes that were sent to the client. Any thread. Memory order relaxed: a statistic. */
static inline void clients_add_sent(struct client *client, uint64_t bytes)
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
 * Writes the connected clients that were sent most bytes into ranks[count], in descending order. Returns their number.
 * If the table is very large, only a part of it is examined. Any thread.
 */
unsigned clients_top(struct clients *clients, struct clients_rank *ranks, unsigned count);

/* Returns the number of connections. Any thread. */
unsigned clients_count(struct clients *clients);

/* Returns the number of clients in the fullest hash bucket. For tests. */
unsigned clients_longest_chain(struct clients *clients);

#endif
