/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the server keeps of one connection, and whether it has used up its time: libmicrohttpd knows no deadline for
 * headers, no minimum rate and no drain (MHD counts any byte as life). The lever is shutdown(2) on the descriptor,
 * which stays MHD's. Belongs to its reactor's thread.
 */
#ifndef REQUEST_CONNECTION_H
#define REQUEST_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "request/counters.h"
#include "request/peer.h"

struct request_site;

enum connection_phase {
	CONNECTION_IDLE, /* between requests */
	CONNECTION_HEAD, /* a request is coming in; also from accept to the first one, TLS's handshake included */
	CONNECTION_WORK, /* being looked up and read: our time, not the client's */
	CONNECTION_SEND, /* the reply is going out */
};

struct connection {
	struct connection *next, *prev;
	int fd;
	enum connection_phase phase;
	bool suspended;		   /* in MHD's sense */
	bool logged;		   /* a request of it is in the access log */
	bool cut;		   /* shut down by us: what still waits is to end */
	bool ending;		   /* its time is over, and MHD was told to close it */
	bool close_ends_body;	   /* only a reset tells the client that the body under way was cut */
	bool paused;		   /* by a limit, since the last sample: the rate is ours, not the client's */
	uint64_t since_ns;	   /* of the phase, or of the last sample of the rate */
	uint64_t acked_bytes;	   /* at the last sample */
	uint64_t bodies_bytes;	   /* of the replies that went out whole */
	void *exchange;		   /* the server's: the request under way */
	struct request_site *site; /* what held when it came in, certificates too; one hold */
	struct counters *counters;
	unsigned unsent_bytes; /* what the kernel takes ahead of the client (TCP_NOTSENT_LOWAT) */
	struct peer peer;
};

struct connection_limits {
	uint64_t header_timeout_ms, idle_timeout_ms;
	uint64_t min_rate_bytes;   /* a second; 0: none */
	uint64_t stall_timeout_ms; /* the time over which the rate is taken */
};

/* Of a connection as it is accepted; and the least, which is a record of TLS. */
#define CONNECTION_UNSENT_MAX (256 * 1024)
#define CONNECTION_UNSENT_MIN (16 * 1024)

/* From now on its counters have it in its phase, until connection_leave(). */
void connection_join(struct connection *connection, enum connection_phase phase, uint64_t now_ns);
void connection_leave(struct connection *connection);
void connection_enter(struct connection *connection, enum connection_phase phase, uint64_t now_ns);

/*
 * NULL, or the reason to cut it: "header_timeout", "idle_timeout", "min_rate". Asks the kernel what the client has
 * taken (TCP_INFO) once per stall_timeout.
 */
const char *connection_overdue(struct connection *connection, const struct connection_limits *limits, uint64_t now_ns);

/*
 * Ends the connection, whatever is under way; the body is cut. MHD sees it when it next sends or receives. Nothing that
 * is sent from here on reaches the client.
 */
void connection_cut(struct connection *connection);

/*
 * Ends a connection that waits for a request: MHD reads the end of its input and closes it, which over TLS sends
 * close_notify. Returns false if that was done before, and the connection is still there.
 */
bool connection_finish(struct connection *connection);

/* From here on the kernel takes no more than so many bytes that it cannot send yet; what it has taken stays. No call if
 * nothing changes. */
void connection_bound_unsent(struct connection *connection, unsigned bytes);

/* Bytes of the body that the client's kernel acknowledged of a reply that was cut; at most `length`. */
uint64_t connection_cut_bytes(const struct connection *connection, uint64_t length);

/* Its client has closed it, or its side of it; MHD does not look while it is suspended. */
bool connection_is_left(const struct connection *connection);

/*
 * Nothing is under way and nothing has come in that MHD has not read yet; nor did it come so short a while ago that its
 * first request, or its handshake, is still on its way.
 */
bool connection_is_quiet(const struct connection *connection, uint64_t now_ns);

#endif
