/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses the header of the PROXY protocol, versions 1 and 2 (haproxy, doc/proxy-protocol.txt). A proxy sends it before
 * the first request of a connection. The function is pure and thread-safe.
 */
#ifndef HTTP_PROXY_HEADER_H
#define HTTP_PROXY_HEADER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * Number of bytes that contain the addresses of every valid header. The remaining bytes of a longer header (TLVs) are
 * skipped without being parsed.
 */
#define PROXY_HEADER_BYTES 232

enum proxy_header_state { PROXY_HEADER_MORE, PROXY_HEADER_MALFORMED, PROXY_HEADER_DONE };

struct proxy_header {
	size_t length; /* length of the whole header, which may exceed the parsed bytes */
	/*
	 * Address of the client, IPv4 or IPv6. The family is AF_UNSPEC if the header contains no address, because the
	 * proxy itself opened the connection (LOCAL, UNKNOWN) or its client uses a Unix socket. The peer of the
	 * connection is then the client.
	 */
	struct sockaddr_storage source;
};

/*
 * Parses the first `length` bytes of a connection.
 * - PROXY_HEADER_MORE: the bytes are the beginning of a header, and `length` is less than PROXY_HEADER_BYTES.
 * - PROXY_HEADER_DONE: *header is set.
 * - PROXY_HEADER_MALFORMED: the bytes are not a header. Returned as soon as the first bytes differ from a header.
 */
enum proxy_header_state proxy_header_parse(const uint8_t *bytes, size_t length, struct proxy_header *header);

#endif
