/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The addresses of this machine that other devices can use. */
#ifndef NET_OWN_ADDRESSES_H
#define NET_OWN_ADDRESSES_H

#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

struct own_address {
	sa_family_t family; /* AF_INET or AF_INET6 */
	char text[INET6_ADDRSTRLEN];
	char interface[IF_NAMESIZE];
};

/*
 * Lists addresses that a user can type on another device, the most useful one first: the IPv4 address of the default
 * route, other IPv4 addresses, and then the same for IPv6. Loopback and link-local addresses, and those of bridges
 * between virtual machines or containers, are omitted. One IPv6 address is listed for each interface. Returns the
 * number of addresses, at most `max`. Thread-safe. Sends no packets.
 */
size_t own_addresses_list(struct own_address *list, size_t max);

#endif
