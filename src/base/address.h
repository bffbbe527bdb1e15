/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses of clients and networks, for IPv4, IPv6 and Unix sockets. The functions are pure and thread-safe. */
#ifndef BASE_ADDRESS_H
#define BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_BYTES 16
#define ADDRESS_TEXT_BYTES 46 /* INET6_ADDRSTRLEN */

/*
 * An IPv4 address is stored as ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2), so a client has the same address on an IPv4
 * socket and on a dual-stack socket.
 */
struct address {
	uint8_t bytes[ADDRESS_BYTES];
	bool local; /* true for the peer of a Unix socket, whose bytes are all zero */
};

/* A network. It has byte members only, so it needs no alignment (networks.c stores it directly after a string). */
struct cidr {
	uint8_t bytes[ADDRESS_BYTES];
	uint8_t bits;  /* prefix length, 0 to 128 */
	uint8_t kinds; /* enum cidr_kinds: kinds of addresses that the network can contain */
};
enum cidr_kinds { CIDR_V4 = 1, CIDR_V6 = 2, CIDR_LOCAL = 4 };

/* Converts the address of a socket's peer. A family other than IPv4 and IPv6 counts as local. */
void address_from_sockaddr(const struct sockaddr *peer, struct address *address);
/* Parses "192.0.2.1" or "2001:db8::1", without brackets, port or zone. Returns 0 or -EINVAL. */
int address_parse(const char *text, size_t length, struct address *address);
/*
 * Parses an address with an optional port, which is ignored: "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]",
 * "[2001:db8::1]:80". IPv6 needs the brackets. Returns 0 or -EINVAL.
 */
int address_parse_endpoint(const char *text, size_t length, struct address *address);
/* Formats the address as "192.0.2.1", "2001:db8::1" or "unix:". Returns `text`. */
const char *address_format(const struct address *address, char text[ADDRESS_TEXT_BYTES]);
/* Returns true if the two addresses are equal. All local peers are equal to each other. */
bool address_same(const struct address *a, const struct address *b);

/*
 * Computes the key under which a client is counted: the IPv4 address, or the /64 network of an IPv6 address. One
 * customer usually controls a whole /64. Returns false for a local peer, whose key is all zeroes.
 */
bool address_key(const struct address *address, uint8_t key[ADDRESS_BYTES]);

/*
 * Parses a network: "10.0.0.0/8", "2001:db8::/32", an address, "unix:" (local peers) or "all". Returns NULL on success,
 * or a static string that describes the error.
 */
const char *address_parse_cidr(const char *text, struct cidr *cidr);
/* Returns true if the network contains the address. */
bool address_in(const struct address *address, const struct cidr *cidr);

#endif
