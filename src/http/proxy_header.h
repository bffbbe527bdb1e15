/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a proxy says before the first byte of a connection: the PROXY protocol, versions 1 and 2 (haproxy,
 * doc/proxy-protocol.txt). Pure. */
#ifndef HTTP_PROXY_HEADER_H
#define HTTP_PROXY_HEADER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* So many bytes tell all that is to be told; what a longer header has behind them (TLVs) is passed over. */
#define PROXY_HEADER_BYTES 232

enum proxy_header_state { PROXY_HEADER_MORE, PROXY_HEADER_MALFORMED, PROXY_HEADER_DONE };

struct proxy_header {
	size_t length; /* of the whole header, which may be more than was given */
	/*
	 * IPv4 or IPv6, whom the proxy speaks for. AF_UNSPEC: it speaks for itself (LOCAL, UNKNOWN), or for one without
	 * an address here (a Unix socket of its own host): the peer is the client.
	 */
	struct sockaddr_storage source;
};

/*
 * From the first `length` bytes of a connection. MORE: all of them are the header's, and there are less than
 * PROXY_HEADER_BYTES. DONE: *header is filled. MALFORMED as soon as it can be known.
 */
enum proxy_header_state proxy_header_parse(const uint8_t *bytes, size_t length, struct proxy_header *header);

#endif
