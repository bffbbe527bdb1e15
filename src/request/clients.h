/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The clients of the process, with the number of their connections and requests, their token buckets, and the bytes
 * sent to them. All reactors share this table. A client is an IPv4 address, or the /64 network of an IPv6 address,
 * because one customer usually gets a /64 network. An IPv4 address is one client, whether it connects to an IPv4 or an
 * IPv6 socket. All peers on Unix sockets are one client, whose connections count only for max_connections.
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
 * The public part of a client. All threads change the atomic members without the lock. The atomic members are counters
 * that publish no other data, so their memory order does not matter.
 */
struct client {
	struct bucket bytes, requests; /* token buckets of rate_client and requests_per_client */
	atomic_uint transfers;	       /* number of requests that count for transfers_per_client */
	_Atomic uint64_t sent_bytes;   /* bytes sent since the entry was created */
	_Atomic size_t pinned_bytes;   /* cache memory that is pinned for responses to this client; see pins.h */
	bool local;		       /* the client of all peers on Unix sockets */
};

/* The maximum burst of the token buckets of a client, in nanoseconds. */
#define CLIENTS_BURST_NS UINT64_C(1000000000)

/*
 * Returns 0 with *clients owned by the caller, or -ENOMEM. `per_client` is the maximum number of connections of one
 * client (0: no limit).
 */
int clients_new(struct clients **clients, unsigned max_connections, unsigned per_client);
/* Changes the limits for new connections. Existing connections stay open. Thread-safe. */
void clients_set_limits(struct clients *clients, unsigned max_connections, unsigned per_client);
/* Frees the table. A leave function must have been called for each counted connection and request. NULL is allowed. */
void clients_free(struct clients *clients);

/*
 * Counts a new connection. Returns 0 and sets *client, which the caller passes to clients_leave(). Returns -EUSERS if
 * max_connections is reached, -EDQUOT if the limit of this client is reached, or -ENOMEM. Thread-safe.
 */
int clients_enter(struct clients *clients, const struct sockaddr *peer, struct client **client);
void clients_leave(struct clients *clients, struct client *client);

/*
 * Counts a connection that clients_enter() has rejected, while the server sends a 503 on it. Rejected connections have
 * their own limits. Returns 0 and sets *client, which the caller passes to clients_leave_rejected(). Returns -EUSERS or
 * -ENOMEM if the connection must be closed at once. Thread-safe.
 */
int clients_enter_rejected(struct clients *clients, const struct sockaddr *peer, struct client **client);
void clients_leave_rejected(struct clients *clients, struct client *client);

#define CLIENTS_REJECTED_MAX 64 /* maximum number of rejected connections at the same time */
#define CLIENTS_REJECTED_PER_CLIENT 16

/*
 * Counts one request that a trusted proxy forwards for this address. The request does not count as a connection.
 * Returns 0 and sets *client, which the caller passes to clients_leave_request(), or returns -ENOMEM. Thread-safe.
 */
int clients_enter_request(struct clients *clients, const struct address *address, struct client **client);
void clients_leave_request(struct clients *clients, struct client *client);

/*
 * Adds to the number of bytes sent to the client. Thread-safe. The memory order is relaxed, because this is a
 * statistic.
 */
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
 * Writes the connected clients to which most bytes were sent into ranks[count], in descending order. Returns the number
 * of clients in `ranks`. If the table is very large, only a part of the table is examined. Thread-safe.
 */
unsigned clients_top(struct clients *clients, struct clients_rank *ranks, unsigned count);

/* Returns the number of connections. Thread-safe. */
unsigned clients_count(struct clients *clients);

/* Returns the number of clients in the fullest hash bucket. Used by tests. */
unsigned clients_longest_chain(struct clients *clients);

#endif
