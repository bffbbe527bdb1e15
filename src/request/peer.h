/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The peer of a connection, and a connection that was accepted but not yet added to a server. */
#ifndef REQUEST_PEER_H
#define REQUEST_PEER_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/address.h"
#include "request/counters.h"

struct request_site;

/* The peer of one connection. Written by mhd/server.c when the connection is added. */
struct peer {
	struct sockaddr_storage address;
	struct address from; /* the address in the form that limits and rules compare */
	unsigned listener;   /* number of the listener in the configuration; determines the available sites */
	bool tls;
	bool rejected; /* a connection limit is exceeded; the first request gets a 503, then the connection closes */
	enum counters_reason reason; /* why the connection is rejected; COUNTERS_NO_REASON: it is not */
	void *client; /* struct client, released after the connection was closed; also the key of disk queue flows */
};

/* An accepted connection. The receiver of this struct owns the descriptor and closes it. */
struct arrival {
	int fd;		   /* non-blocking */
	unsigned listener; /* as in struct peer */
	bool tls;
	bool rejected;		     /* as in struct peer */
	enum counters_reason reason; /* as in struct peer */
	struct sockaddr_storage address;
	socklen_t length;	   /* length of the address */
	struct request_site *site; /* site of the generation that accepted the connection */
	void *client;		   /* as in struct peer */
};

#endif
