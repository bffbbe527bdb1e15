/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An exchange is one request and its reply, as libmicrohttpd (MHD) handles them. It lives from the request line until
 * MHD needs neither the request nor the response. It belongs to the thread of its reactor.
 *
 *	handler_begin()
 *	     |
 *	     v
 *	 RECEIVING   the header block is being received; the exchange is in shared->heads
 *	     |
 *	     |  first handler_call(); if the header is invalid, the error reply is queued, and SENDING is next
 *	     v
 *	  RUNNING  ---------------->  SUSPENDED   the request waits: exchange_suspend()
 *	     |     <----------------              wake(): MHD makes the final handler_call() again
 *	     |
 *	     |  sender_send()
 *	     v
 *	  SENDING  ---------------->  SUSPENDED   the body waits for the disk or for a rate limit, or direct.c sends it
 *	     |     <----------------              exchange_resume(): MHD calls the content reader again
 *	     |
 *	     |  handler_completed(): the exchange is logged and counted. MHD also calls it in any state above, when the
 *	     |  client has disconnected or the connection was aborted.
 *	     v
 *	   ENDED     the response may still reference the exchange
 *	     |
 *	     |  exchange_unref() of the last reference
 *	     v
 *	the memory is kept for the next exchange
 *
 * An exchange has up to two references. MHD's request has a reference from handler_begin() to handler_completed(). A
 * response that points into the memory of the request has a reference from sender_send() until MHD frees the response.
 * MHD calls NOTIFY_COMPLETED before it frees the response, so the exchange stays in ENDED until MHD frees the response.
 * This may happen only after the client has received the response. Each exchange also has one reference to its struct
 * request_site.
 */
#ifndef MHD_EXCHANGE_H
#define MHD_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/reactor.h"
#include "engine/streams.h"
#include "mhd/input.h"
#include "request/connection.h"
#include "request/request.h"
#include "site/access.h"

struct MHD_Connection;
struct exchange;
struct error_replies;
struct prebuilt_table;

/* State that all exchanges of one server share. server.c owns and initialises this struct. */
struct exchange_shared {
	struct request_site *site; /* site of the current generation, for new connections; one reference */
	uint64_t calls;		   /* number of callbacks from MHD; shows whether a pass of MHD made progress */
	bool rerun[2]; /* MHD must run, because a connection was added or resumed; [0]: plain daemon, [1]: TLS */
	bool lenient;  /* MHD is older than 1.0, so handler.c checks the requests that the parser of MHD accepted */
	bool direct;   /* long bodies are sent by direct.c */
	bool draining; /* replies have "Connection: close" */
	struct streams *streams;	 /* direct bodies that are being sent; written by direct.c and exchange.c */
	uint64_t spans_until_ns;	 /* until then, MHD sends bodies of one extent itself; written by server.c */
	uint64_t inline_until_ns;	 /* until then, direct.c may send while MHD runs; written by server.c */
	struct prebuilt_table *prebuilt; /* written by sender.c */
	struct error_replies *errors;	 /* written by sender.c */
	struct input input;		 /* written by server.c */
	struct exchange *heads;		 /* exchanges in RECEIVING; written by handler.c */
	struct exchange *spares;	 /* list of memory for new exchanges; written by exchange.c */
	unsigned spare_count;
};

/*
 * States of a direct body (direct.c):
 *
 *	OFF --> READY  <--->  BLOCKED, STARVED or PAUSED
 *		  |			|
 *		  +----> DONE <---------+
 */
enum direct_state {
	DIRECT_OFF,	/* not a direct body, or the header has not been sent */
	DIRECT_READY,	/* the stream is ready to send */
	DIRECT_BLOCKED, /* the socket is full */
	DIRECT_STARVED, /* the next bytes are being read */
	DIRECT_PAUSED,	/* by a rate limit */
	DIRECT_DONE,	/* all bytes but the last one were sent, or the body was aborted: MHD ends the body */
};

struct direct {
	bool chosen; /* the body of the reply is a direct body */
	enum direct_state state;
	struct stream stream;
	size_t send_bytes;  /* size of the next send; adapts to the bytes that the client takes at a time */
	size_t burst_bytes; /* bytes sent since the socket was full */
	char last;	    /* the last byte of the body */
};

struct exchange {
	struct request request;
	struct exchange *next;			/* in shared->spares */
	struct exchange *head_prev, *head_next; /* in shared->heads, until `seen` */
	struct connection *connection;
	struct MHD_Connection *mhd; /* NULL after the request has completed */
	struct exchange_shared *shared;
	struct request_site *site;   /* site of the connection; one reference, until the request is finished */
	unsigned refs;		     /* number of references: 0 to 2 */
	bool seen;		     /* the first handler_call() was made */
	bool called_early;	     /* see set_early_call() in handler.c */
	bool failed;		     /* the body ended early because of the file; written by exchange_log.c */
	bool last;		     /* the reply has "Connection: close"; the client may not have asked for it */
	bool whole;		     /* the whole body was sent, even if MHD reports an error */
	bool closes;		     /* the end of the request is ambiguous, so the connection closes after the reply */
	unsigned refused;	     /* status of MHD's own error reply, which replaces ranged's; 0: none */
	const char *mhd_target;	     /* the target in MHD's memory */
	size_t discarded_bytes;	     /* bytes of the request body that were discarded */
	uint64_t start_ns, reply_ns; /* time when the request line was received, and when the reply was made */
	uint64_t received_ns;	     /* time when the whole request was received, if it waited before its reply; or 0 */
	enum access_source source;   /* source of the first bytes of the body */
	uint64_t sent_bytes;	     /* bytes of the body passed to MHD or to the socket; not set if MHD has a buffer */
	struct direct direct;	     /* written by direct.c and exchange.c */
	struct reactor_timer pause;  /* runs while a rate limit pauses the body */
	char version[9], method[16]; /* HTTP version and method as received, for the log */
};

/*
 * Creates the exchange of a request on this connection, with one reference. Copies the target. Returns NULL if memory
 * runs out.
 */
struct exchange *exchange_new(struct exchange_shared *shared, struct connection *connection, struct MHD_Connection *mhd,
			      const char *target);
/*
 * Ends the exchange because MHD has completed or dropped the request. Cancels the pause, stops counting the request
 * against the limits of its client, and drops MHD's reference. The exchange does not resume its connection afterwards.
 * The connection itself is not changed.
 */
void exchange_end(struct exchange *exchange);
/* Drops a reference. Dropping the last reference finishes the request. */
void exchange_unref(struct exchange *exchange);

/* Suspends the connection until wake() of the request is called. The connection must not be suspended already. */
void exchange_suspend(struct exchange *exchange);
/* Resumes the connection. Does nothing if it is not suspended. */
void exchange_resume(struct exchange *exchange);
/*
 * Suspends the connection for wait_ns because of a rate limit. The stream of a direct body is paused instead. A long
 * pause also releases readahead, or the whole window if other requests wait for memory. Returns false if no timer is
 * available. In that case, the caller must abort the body.
 */
bool exchange_pause(struct exchange *exchange, uint64_t wait_ns);

/* Returns true while a rate limit pauses the exchange. */
bool exchange_is_paused(const struct exchange *exchange);
/* Returns true while the body is sent by direct.c. */
static inline bool exchange_is_streaming(const struct exchange *exchange)
{
	return exchange->direct.state != DIRECT_OFF && exchange->direct.state != DIRECT_DONE;
}
/* Ends the stream of a direct body, and lets MHD end the body. */
void exchange_end_stream(struct exchange *exchange);
/*
 * Ends the wait of a request that has waited for storage for too long, see request_is_overdue(). Called at least once a
 * second for each connection.
 */
void exchange_check_storage(struct exchange *exchange, uint64_t now_ns);
/*
 * Aborts the connection, and lets MHD detect the abort at once. Reads and lookups in flight complete without the
 * exchange.
 */
void exchange_abort(struct exchange *exchange);

/* Returns the number of bytes of bodies that were sent on the connection so far. */
uint64_t exchange_connection_bytes(const struct connection *connection);

/* Ends the output of the connection. Over TLS, sends close_notify. Then shuts down the socket for writing. */
void exchange_shutdown_write(const struct exchange *exchange);

/*
 * Returns true if the connection closes after this reply. The connection closes if the end of the request is ambiguous,
 * if the server drains, or if the connection belongs to an older generation of the configuration.
 */
static inline bool exchange_is_last(const struct exchange *exchange)
{
	return exchange->closes || exchange->shared->draining || exchange->site != exchange->shared->site;
}

/* Frees the memory that is kept for new exchanges. */
void exchange_free_spares(struct exchange_shared *shared);

#endif
