/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One request and its reply, from the request's first line until libmicrohttpd needs neither any more; and what all of
 * one server share. Belongs to its reactor's thread.
 */
#ifndef MHD_EXCHANGE_H
#define MHD_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/reactor.h"
#include "request/connection.h"
#include "request/request.h"
#include "site/access.h"

struct MHD_Connection;
struct exchange;
struct prebuilt_table;

/* Belongs to the server, which fills it but for what is another file's. */
struct exchange_shared {
	struct request_site *site;    /* of connections that come in now; one hold */
	uint64_t calls;		      /* of MHD to us, whichever file takes them: a sign of life */
	bool rerun[2];		      /* a connection was resumed or came in, and MHD is to run; [1]: TLS's daemon */
	bool lenient;		      /* libmicrohttpd is older than 1.0: handler.c checks what its parser accepts */
	bool draining;		      /* replies say "Connection: close"; so do those of connections of an older site */
	struct prebuilt_table *ready; /* sender.c's */
	struct exchange *heads;	      /* handler.c's: those whose header block has not been accepted yet */
	struct exchange *spares;      /* exchange.c's: exchanges are large, and there is one a request */
	unsigned spare_count;
};

struct exchange {
	struct request request;			/* first */
	struct exchange *next;			/* of those that wait to be used again */
	struct exchange *head_prev, *head_next; /* in shared->heads, until `seen` */
	struct connection *connection;
	struct MHD_Connection *mhd; /* NULL once completed */
	struct exchange_shared *shared;
	struct request_site *site;   /* the connection's; one hold, until the memory is the exchange's own again */
	unsigned holds;		     /* MHD's request, and the reply that points into the request's memory */
	bool seen;		     /* the first call was made */
	bool whole;		     /* its body was sent to its end, whatever MHD says */
	bool closes;		     /* its reply is the connection's last one: how its body ends is in doubt */
	size_t eaten_bytes;	     /* of the body */
	uint64_t start_ns, reply_ns; /* when its first line came in; when the reply was made */
	enum access_source source;
	uint64_t taken_bytes;	    /* by MHD, of a transfer */
	struct reactor_timer pause; /* of a limited one */
	uint64_t swept_bytes;	    /* taken_bytes at the last sweep */
	char version[9], method[16];
};

/* With one hold, as the one under way on this connection. target is copied. NULL: no memory. */
struct exchange *exchange_new(struct exchange_shared *shared, struct connection *connection, struct MHD_Connection *mhd,
			      const char *target);
/* MHD's request is over, or MHD gave it up: nothing will wake it, and that hold is released. The connection is left
 * alone. */
void exchange_end(struct exchange *exchange);
/* Gives back one hold; with the last one it is gone. */
void exchange_release(struct exchange *exchange);

/* Nothing is read from its connection or sent on it until what the request waits for has come. Not twice. */
void exchange_suspend(struct exchange *exchange);
/* It may send no more for a while, and keeps nobody else from the memory meanwhile. False: it can't be woken. */
bool exchange_pause(struct exchange *exchange, uint64_t wait_ns);

bool exchange_is_paused(const struct exchange *exchange);
/* Its connection was cut: what would wait for long otherwise, a pause or a listing, is woken to see that. */
void exchange_hurry(struct exchange *exchange);

/* Nothing more is sent on its connection: over TLS close_notify, then the end of the stream. */
void exchange_finish(const struct exchange *exchange);

/* This is its connection's last reply. */
static inline bool exchange_is_last(const struct exchange *exchange)
{
	return exchange->closes || exchange->shared->draining || exchange->site != exchange->shared->site;
}

/* Those that wait to be used again. */
void exchange_free_spares(struct exchange_shared *shared);

#endif
