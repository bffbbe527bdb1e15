/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parses and formats the addresses of listening sockets in ranged.conf. Thread-safe. */
#ifndef CONFIG_LISTEN_ADDRESS_H
#define CONFIG_LISTEN_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum listen_address_kind { LISTEN_ADDRESS_TCP, LISTEN_ADDRESS_UNIX, LISTEN_ADDRESS_PASSED };

#define LISTEN_ADDRESS_HOST_BYTES 256

/* Equal addresses are equal bytes, however they were written. */
struct listen_address {
	enum listen_address_kind kind;
	bool tls;
	/* TCP: host name, or address without brackets; "": all addresses. PASSED: name of the passed sockets. */
	char host[LISTEN_ADDRESS_HOST_BYTES];
	char port[6];	/* TCP: "0" to "65535" */
	char path[108]; /* UNIX: an absolute path */
};

/* An address, and the sites that are served on it. `sites` has one bit for each site of struct rules. */
struct listen_address_sites {
	struct listen_address address;
	uint64_t sites;
};

/*
 * Parses "host:port", "[v6]:port", ":port", "unix:/path" or "fd:name", optionally after "tls:". "*:port" and "port" are
 * other spellings of ":port". Returns NULL, or a description of the error, with the right spelling if the address has
 * that of another server. The description is valid until the next call in the same thread.
 */
const char *listen_address_parse(const char *text, struct listen_address *address);
/*
 * Checks an address of the admin listener, which must not be reachable from other hosts. The address must be
 * "localhost", an address in 127.0.0.0/8, ::1, or a Unix socket. Returns NULL or a description of the error, like
 * listen_address_parse().
 */
const char *listen_address_admin_fault(const char *text);
/* Writes the address to `text` in the form that listen_address_parse() accepts. Returns `text`. */
char *listen_address_format(const struct listen_address *address, char *text, size_t text_bytes);
/* Returns true if the address is "fd:" and this name of passed sockets. */
bool listen_address_names_passed(const struct listen_address *address, const char *name);
/* Returns true if both addresses are equal. TLS is ignored. */
bool listen_address_is_same(const struct listen_address *a, const struct listen_address *b);

#endif
