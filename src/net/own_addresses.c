/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A machine with containers, virtual machines and tunnels has many addresses. The kernel knows which of them is the
 * source of packets to other networks: connect(2) on a UDP socket looks up the route and sends nothing. That address
 * comes first.
 */
#include "net/own_addresses.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Addresses that no machine has (RFC 5737 and RFC 3849). */
#define ELSEWHERE_FOUR "192.0.2.1"
#define ELSEWHERE_SIX "2001:db8::1"

union any_address {
	struct sockaddr any;
	struct sockaddr_in four;
	struct sockaddr_in6 six;
};

static void format(const struct sockaddr *address, char text[INET6_ADDRSTRLEN])
{
	const union any_address *a = (const void *)address;

	if (address->sa_family == AF_INET)
		inet_ntop(AF_INET, &a->four.sin_addr, text, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, &a->six.sin6_addr, text, INET6_ADDRSTRLEN);
}

/* Writes the source address of packets to other networks to `text`, or "" if no route leads there. */
static void find_default(sa_family_t family, char text[INET6_ADDRSTRLEN])
{
	union any_address address = { .any = { .sa_family = family } };
	socklen_t length = family == AF_INET ? sizeof(address.four) : sizeof(address.six);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	*text = '\0';
	if (fd < 0)
		return;
	address.four.sin_port = htons(9); /* sin6_port has the same place */
	if (family == AF_INET)
		inet_pton(AF_INET, ELSEWHERE_FOUR, &address.four.sin_addr);
	else
		inet_pton(AF_INET6, ELSEWHERE_SIX, &address.six.sin6_addr);
	if (connect(fd, &address.any, length) == 0 && getsockname(fd, &address.any, &length) == 0)
		format(&address.any, text);
	close(fd);
}

/* Uses an ioctl, because /sys/class/net may show the interfaces of another network namespace. */
static bool is_bridge(const char *interface)
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };
	struct ifreq request = { .ifr_data = (char *)&info };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool found;

	if (fd < 0)
		return false;
	memcpy(request.ifr_name, interface, strnlen(interface, sizeof(request.ifr_name) - 1));
	found = ioctl(fd, SIOCETHTOOL, &request) == 0 && strcmp(info.driver, "bridge") == 0;
	close(fd);
	return found;
}

/* Returns true if other devices can use this address. */
static bool is_useful(const struct ifaddrs *one)
{
	const union any_address *address = (const void *)one->ifa_addr;

	if ((one->ifa_flags & (IFF_UP | IFF_RUNNING | IFF_LOOPBACK)) != (IFF_UP | IFF_RUNNING))
		return false;
	if (address->any.sa_family == AF_INET)
		return ntohl(address->four.sin_addr.s_addr) >> 16 != 0xa9fe; /* 169.254.0.0/16 */
	return !IN6_IS_ADDR_LINKLOCAL(&address->six.sin6_addr) && !IN6_IS_ADDR_LOOPBACK(&address->six.sin6_addr);
}

static bool has_interface(const struct own_address *list, size_t count, const struct own_address *one)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].family == one->family && strcmp(list[i].interface, one->interface) == 0)
			return true;
	return false;
}

/* Appends the addresses of a family. Returns the new number of addresses. */
static size_t add_family(struct own_address *list, size_t count, size_t max, const struct ifaddrs *all,
			 sa_family_t family)
{
	const size_t first = count;
	char route[INET6_ADDRSTRLEN];

	find_default(family, route);
	for (unsigned pass = 0; pass < 2; pass++) { /* the first pass adds only the address of the default route */
		for (const struct ifaddrs *one = all; one != NULL && count < max; one = one->ifa_next) {
			struct own_address address = { .family = family };
			bool by_default;

			if (one->ifa_addr == NULL || one->ifa_addr->sa_family != family || !is_useful(one))
				continue;
			format(one->ifa_addr, address.text);
			snprintf(address.interface, sizeof(address.interface), "%s", one->ifa_name);
			by_default = strcmp(address.text, route) == 0;
			if (by_default != (pass == 0))
				continue;
			if (pass == 1 && (is_bridge(one->ifa_name) ||
					  (family == AF_INET6 && has_interface(list + first, count - first, &address))))
				continue;
			list[count++] = address;
		}
	}
	return count;
}

size_t own_addresses_list(struct own_address *list, size_t max)
{
	struct ifaddrs *all;
	size_t count;

	if (getifaddrs(&all) != 0)
		return 0;
	count = add_family(list, 0, max, all, AF_INET);
	count = add_family(list, count, max, all, AF_INET6);
	freeifaddrs(all);
	return count;
}
