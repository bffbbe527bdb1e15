/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of clients and networks of them, IPv4 and IPv6 alike. Pure. */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_BYTES 16
#define ADDRESS_TEXT_BYTES 46 /* INET6_ADDRSTRLEN */

/* IPv4 is ::ffff:a.b.c.d, so an address is the same one whatever kind of socket it came in on. */
struct address {
	uint8_t bytes[ADDRESS_BYTES];
	bool local; /* a peer on a Unix socket; the bytes are zeroes */
};

/* Of bytes alone: it may stand anywhere in memory. */
struct cidr {
	uint8_t bytes[ADDRESS_BYTES];
	uint8_t bits;  /* 0 … 128 of the bytes */
	uint8_t kinds; /* enum cidr_kinds */
};
enum cidr_kinds { CIDR_V4 = 1, CIDR_V6 = 2, CIDR_LOCAL = 4 };

/* Other families than IPv4 and IPv6 are local. */
void address_from_sockaddr(const struct sockaddr *peer, struct address *address);
/* "192.0.2.1", "2001:db8::1", without brackets, port or zone. 0 or -EINVAL. */
int address_parse(const char *text, size_t length, struct address *address);
/* The same with a port or without, IPv6 in brackets: "192.0.2.1:80", "[2001:db8::1]", "[2001:db8::1]:80". 0 or -EINVAL.
 */
int address_parse_endpoint(const char *text, size_t length, struct address *address);
/* "192.0.2.1", "2001:db8::1", "unix:". Returns text. */
const char *address_format(const struct address *address, char text[ADDRESS_TEXT_BYTES]);
bool address_same(const struct address *a, const struct address *b);

/*
 * Whom one customer of a network can be: the IPv4 address itself or the IPv6 /64 with zeroes behind it. False: local,
 * the key is all zeroes.
 */
bool address_key(const struct address *address, uint8_t key[ADDRESS_BYTES]);

/* "10.0.0.0/8", "2001:db8::/32", an address, "unix:" (local peers), "all". NULL, or what is wrong with it (a static
 * string). */
const char *address_parse_cidr(const char *text, struct cidr *cidr);
bool address_in(const struct address *address, const struct cidr *cidr);

#endif
