/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses the header of the PROXY protocol, versions 1 and 2 (haproxy, doc/proxy-protocol.txt). A proxy sends it before
 * the first request of a connection. Pure; any thread.
 */
#ifndef HTTP_PROXY_HEADER_H
#define HTTP_PROXY_HEADER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* This many bytes contain the addresses of any header. The rest of a longer header (TLVs) is skipped unread. */
#define PROXY_HEADER_BYTES 232

enum proxy_header_state { PROXY_HEADER_MORE, PROXY_HEADER_MALFORMED, PROXY_HEADER_DONE };

struct proxy_header {
	size_t length; /* length of the whole header, which may exceed the parsed bytes */
	/*
	 * Address of the client, IPv4 or IPv6. AF_UNSPEC if the header names none: the connection is the proxy's own
	 * (LOCAL, UNKNOWN), or its client uses a Unix socket. The peer of the connection is then the client.
	 */
	struct sockaddr_storage source;
};

/*
 * Parses the first `length` bytes of a connection.
 * - PROXY_HEADER_MORE: the bytes are the beginning of a header, and there are fewer than PROXY_HEADER_BYTES of them.
 * - PROXY_HEADER_DONE: *header is set.
 * - PROXY_HEADER_MALFORMED: the bytes are not a header. This is returned as soon as the bytes show it.
 */
enum proxy_header_state proxy_header_parse(const uint8_t *bytes, size_t length, struct proxy_header *header);

#endif
