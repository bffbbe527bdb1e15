/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is at the other end of a connection, and where it came in. */
#ifndef REQUEST_PEER_H
#define REQUEST_PEER_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/address.h"

struct request_site;

struct peer {
	struct sockaddr_storage address;
	struct address from; /* the same, as it is compared and counted */
	unsigned listener;   /* of the configuration: which sites can be asked for */
	bool tls;
	bool refused; /* over a limit on connections: its first request is answered with 503, and it is closed */
	void *client; /* the daemon's count of it: handed back when the connection has closed; between these the disk's
			 queue goes round */
};

/* A connection that was accepted: a non-blocking socket, which whoever it is given to closes. */
struct arrival {
	int fd;
	unsigned listener; /* of the configuration that it came in under */
	bool tls;
	bool refused; /* as in struct peer */
	struct sockaddr_storage address;
	socklen_t length;	   /* of address */
	struct request_site *site; /* of that configuration */
	void *client;		   /* the daemon's count of it */
};

#endif
