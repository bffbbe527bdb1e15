/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state of one connection, and its timeouts. libmicrohttpd (MHD) has no timeout for a header block, no minimum rate
 * and no drain. Its own timeout restarts with each byte. ranged therefore enforces timeouts, rates and drains with
 * shutdown(2) on the descriptor, which MHD owns. A connection belongs to its server (mhd/server.c) and to the reactor's
 * thread.
 *
 * Phases:
 *
 *	server_add()
 *	     |
 *	     v     sender_send()
 *	   HEAD ------------------------> SEND
 *	   ^ |                            ^  |
 *	   | |  the request waits         |  |
 *	   | +-----------> WORK ----------+  |
 *	   |                 sender_send()   |
 *	   |                                 |  handler_completed()
 *	   |  handler_begin()                v
 *	   +------------------------------ IDLE
 *
 * handler_completed() also ends HEAD and WORK if MHD drops the request. The connection may end in every phase. MHD then
 * closes the connection, and server.c frees the state. The client's timeouts run in HEAD, IDLE and SEND, not in WORK.
 */
#ifndef REQUEST_CONNECTION_H
#define REQUEST_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/reactor.h"
#include "request/counters.h"
#include "request/peer.h"

struct request_site;

enum connection_phase {
	CONNECTION_IDLE, /* between two requests */
	CONNECTION_HEAD, /* receiving a header block; the first HEAD phase includes the TLS handshake */
	CONNECTION_WORK, /* waiting for a lookup or the disk */
	CONNECTION_SEND, /* sending the response */
};

struct connection {
	struct connection *next, *prev; /* in the list of mhd/rounds.c */
	int fd;				/* owned by MHD */
	enum connection_phase phase;
	bool suspended;		     /* suspended in MHD; written by mhd/exchange.c */
	bool blocked;		     /* suspended, because the client does not take the bytes; written by mhd/ */
	bool watched;		     /* the reactor has `watch`; written by mhd/watch.c */
	bool input_ended;	     /* the watch has reported the end of the input; written by mhd/watch.c */
	bool logged;		     /* the access log has an entry for a request on this connection */
	bool aborted;		     /* connection_abort() was called; the current body must end */
	bool closing;		     /* connection_close_idle() was called */
	enum counters_reason reason; /* why mhd/sweep.c ended the connection; COUNTERS_NO_REASON: it did not */
	bool lingers;		     /* the last response was sent, but the client may send more; written by mhd/ */
	bool idle_checked;	     /* mhd/sweep.c has checked whether the client closed before this IDLE phase */
	bool close_ends_body;	     /* the body ends with the connection, so only a reset shows a truncated body */
	bool paused;		     /* a rate limit paused the response since the last sample of the rate */
	uint64_t since_ns;	     /* start of the phase, or time of the last sample of the rate */
	uint64_t acked_bytes;	     /* bytes acknowledged at the last sample; UINT64_MAX: no sample yet */
	uint64_t bodies_bytes;	     /* bytes of all bodies that were sent completely */
	void *exchange;		     /* the current struct exchange; written by mhd/; NULL: none */
	struct request_site *site;   /* site of the accepting generation, with its certificates; one reference */
	struct counters *counters;
	void *records;	       /* struct records of mhd/; NULL without TLS */
	uint64_t swept_bytes;  /* bytes of bodies sent until the last visit of mhd/sweep.c */
	unsigned unsent_bytes; /* current TCP_NOTSENT_LOWAT */
	bool held;	       /* the kernel may still buffer more than CONNECTION_UNSENT_SLOW; see mhd/unsent.c */
	struct reactor_watch watch;
	struct peer peer;
	/* The input that MHD has received, see mhd/input.c. */
	const char *input;	       /* start of MHD's memory for the connection; NULL: MHD has not received yet */
	size_t buffered_bytes;	       /* received bytes that were not parsed; may be too high */
	bool pipelined;		       /* unparsed bytes may follow the last request; written by mhd/handler.c */
	bool input_closed;	       /* MHD has received the end of the input, or an error */
	bool unparsed;		       /* the last bytes belong to no request so far; written by mhd/ */
	enum counters_reason protocol; /* the reason if the unparsed bytes are rejected */
	unsigned refused; /* status of MHD's own reply to unparsed bytes; 0: none; written by mhd/handler.c */
};

struct connection_limits {
	uint64_t header_timeout_ms, idle_timeout_ms;
	uint64_t min_rate_bytes;   /* bytes per second; 0: no minimum */
	uint64_t stall_timeout_ms; /* period over which the rate is measured */
};

/*
 * Limits for the unsent bytes of a connection. CONNECTION_UNSENT_MAX applies to connections that are new, or have sent
 * much since the last sweep. CONNECTION_UNSENT_SLOW applies to other connections. With many connections, both limits
 * decrease to CONNECTION_UNSENT_MIN, which is the size of a TLS record.
 */
#define CONNECTION_UNSENT_MAX (4 * 1024 * 1024)
#define CONNECTION_UNSENT_SLOW (256 * 1024)
#define CONNECTION_UNSENT_MIN (16 * 1024)

/* Counts the connection in this phase, until connection_leave(). */
void connection_join(struct connection *connection, enum connection_phase phase, uint64_t now_ns);
void connection_leave(struct connection *connection);
/* Changes the phase, and restarts its timeout. */
void connection_set_phase(struct connection *connection, enum connection_phase phase, uint64_t now_ns);

/*
 * Returns the reason why the connection must be ended, or COUNTERS_NO_REASON. The reason is a timeout, the minimum
 * rate, or the reason why the connection was rejected. Reads the number of acknowledged bytes from the kernel
 * (TCP_INFO) once per stall_timeout.
 */
enum counters_reason connection_timeout_reason(struct connection *connection, const struct connection_limits *limits,
					       uint64_t now_ns);

/*
 * Aborts the connection. A body in progress is truncated. MHD detects the abort at its next send or receive. Bytes that
 * are sent afterwards do not reach the client.
 */
void connection_abort(struct connection *connection);

/*
 * Discards the unsent bytes when the connection is closed. Otherwise the kernel keeps them for minutes, and no limit
 * counts them. Called before connection_abort() if the client does not receive the bytes in time, or has no use for
 * them.
 */
void connection_discard_unsent(struct connection *connection);

/*
 * Closes a connection that waits for a request. MHD reads the end of the input and closes the connection, over TLS with
 * close_notify. Returns false if the connection is suspended, or if this function was called before.
 */
bool connection_close_idle(struct connection *connection);

/*
 * Limits the number of unsent bytes that the kernel buffers (TCP_NOTSENT_LOWAT). Bytes that are buffered already stay
 * there. Makes no system call if the limit does not change.
 */
void connection_limit_unsent(struct connection *connection, unsigned bytes);

/*
 * Returns true if the connection is suspended for a reason other than its client: a lookup, the disk or a rate limit.
 */
static inline bool connection_waits(const struct connection *connection)
{
	return connection->suspended && !connection->blocked;
}

/* Returns the number of bytes that the kernel buffers and has not sent yet. */
unsigned connection_unsent_bytes(const struct connection *connection);

/* Returns the number of bytes of a truncated body that the client's kernel has acknowledged, at most `length`. */
uint64_t connection_acked_body_bytes(const struct connection *connection, uint64_t length);

/* Returns true if the client has sent bytes on the connection, other than those of a PROXY header. */
bool connection_has_received(const struct connection *connection);

/*
 * Returns true if the client has closed the connection, or its sending side. MHD does not check a suspended connection.
 */
bool connection_is_closed_by_client(const struct connection *connection);

/* Returns true if the client has reset the connection, or has closed it if it is a Unix socket. */
bool connection_is_reset(const struct connection *connection);

/* Returns true if no request is in progress and no input is unread, so that a drain may close the connection. */
bool connection_is_quiet(const struct connection *connection);

#endif
