/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where to listen, as text and as what it says. Any thread. */
#ifndef CONFIG_LISTEN_ADDRESS_H
#define CONFIG_LISTEN_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum listen_address_kind { LISTEN_ADDRESS_TCP, LISTEN_ADDRESS_UNIX, LISTEN_ADDRESS_PASSED };

struct listen_address {
	enum listen_address_kind kind;
	bool tls;
	char host[256]; /* TCP: a name or an address without brackets; "" is every address. PASSED: the name of the
			   sockets (passed.h) */
	char port[6];	/* TCP: "0" … "65535" */
	char path[108]; /* UNIX: absolute */
};

/* Where to listen, and for which sites: a bit each, as in struct rules. */
struct listen_address_sites {
	struct listen_address address;
	uint64_t sites;
};

/* "host:port", "[v6]:port", ":port", "unix:/path" or "fd:name", or one of them behind "tls:". NULL, or what is wrong
 * with it (a static string). */
const char *listen_address_parse(const char *text, struct listen_address *address);
/* The same of an address for the admin listener, which nobody may reach from elsewhere: "localhost", 127.0.0.0/8, ::1,
 * or a Unix socket. */
const char *listen_address_admin_fault(const char *text);
/* The reverse, into `text`; returns `text`. */
char *listen_address_format(const struct listen_address *address, char *text, size_t text_bytes);
/* Whether they are one address, by TLS or not. */
bool listen_address_is_same(const struct listen_address *a, const struct listen_address *b);

#endif
