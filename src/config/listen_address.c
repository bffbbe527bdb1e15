/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses and formats the addresses of the keys listen and admin. Host names are not resolved here. sockets.c resolves a
 * host name when it opens the socket.
 *
 * All unused bytes of struct listen_address are zero, so memcmp() can compare two addresses. The struct is a plain
 * value and owns no memory.
 */
#include "config/listen_address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *parse_port(const char *text, char port[6])
{
	size_t length = strspn(text, "0123456789");
	if (length == 0 || text[length] != '\0')
		return "the port is not a number";
	if (length > 5 || strtoul(text, NULL, 10) > 65535)
		return "the port is more than 65535";
	memcpy(port, text, length + 1);
	return NULL;
}

static const char *parse_bracketed(const char *text, struct listen_address *address)
{
	const char *end = strchr(text, ']');
	if (end == NULL || end[1] != ':')
		return "an IPv6 address must be written [address]:port";
	size_t length = (size_t)(end - text) - 1;
	if (length >= sizeof(address->host))
		return "the address is too long";
	memcpy(address->host, text + 1, length);

	char plain[sizeof(address->host)];
	struct in6_addr ignored;
	memcpy(plain, address->host, sizeof(plain));
	plain[strcspn(plain, "%")] = '\0'; /* removes the scope of a link-local address */
	if (inet_pton(AF_INET6, plain, &ignored) != 1)
		return "the text in brackets is not an IPv6 address";
	return parse_port(end + 2, address->port);
}

static const char *parse_unix(const char *path, struct listen_address *address)
{
	if (path[0] != '/')
		return "the path of a Unix socket must begin with a slash";
	if (strlen(path) >= sizeof(address->path))
		return "the path of a Unix socket is longer than 107 bytes";
	address->kind = LISTEN_ADDRESS_UNIX;
	strcpy(address->path, path);
	return NULL;
}

/* Parses the name of passed sockets by the rules of systemd for FileDescriptorName=. */
static const char *parse_passed(const char *name, struct listen_address *address)
{
	if (name[0] == '\0')
		return "the name of the sockets is missing (FileDescriptorName= of the socket unit)";
	if (strlen(name) >= sizeof(address->host))
		return "the name of passed sockets must not be longer than 255 bytes";
	for (const char *c = name; *c != '\0'; c++)
		if (*c < ' ' || *c >= 0x7f || *c == ':')
			return "the name of passed sockets may contain only printable ASCII characters and no colon";
	address->kind = LISTEN_ADDRESS_PASSED;
	strcpy(address->host, name);
	return NULL;
}

const char *listen_address_parse(const char *text, struct listen_address *address)
{
	static const char host_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	*address = (struct listen_address){ .kind = LISTEN_ADDRESS_TCP, .tls = strncmp(text, "tls:", 4) == 0 };
	text += address->tls ? 4 : 0;
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, address);
	if (strncmp(text, "fd:", 3) == 0)
		return parse_passed(text + 3, address);
	if (text[0] == '[')
		return parse_bracketed(text, address);

	const char *colon = strchr(text, ':');
	if (colon == NULL)
		return "the port is missing; write host:port, [v6]:port, :port, unix:/path or fd:name";
	if (strchr(colon + 1, ':') != NULL)
		return "an IPv6 address must be written [address]:port";
	size_t length = (size_t)(colon - text);
	if (strspn(text, host_bytes) != length)
		return "the host is neither a name nor an address";
	if (length >= sizeof(address->host))
		return "the host is too long";
	memcpy(address->host, text, length);
	return parse_port(colon + 1, address->port);
}

const char *listen_address_admin_fault(const char *text)
{
	struct listen_address address;
	struct in_addr four;
	struct in6_addr six;
	const char *problem = listen_address_parse(text, &address);
	if (problem != NULL)
		return problem;
	if (address.tls)
		return "the admin listener does not support TLS";
	if (address.kind == LISTEN_ADDRESS_UNIX || strcasecmp(address.host, "localhost") == 0)
		return NULL;
	if (inet_pton(AF_INET, address.host, &four) == 1 && ntohl(four.s_addr) >> 24 == 127)
		return NULL;
	if (inet_pton(AF_INET6, address.host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six))
		return NULL;
	return "the admin listener must not be reachable from other hosts; use 127.0.0.1, [::1], localhost or "
	       "unix:/path";
}

char *listen_address_format(const struct listen_address *address, char *text, size_t text_bytes)
{
	const char *tls = address->tls ? "tls:" : "";
	if (address->kind == LISTEN_ADDRESS_UNIX)
		snprintf(text, text_bytes, "%sunix:%s", tls, address->path);
	else if (address->kind == LISTEN_ADDRESS_PASSED)
		snprintf(text, text_bytes, "%sfd:%s", tls, address->host);
	else if (strchr(address->host, ':') != NULL)
		snprintf(text, text_bytes, "%s[%s]:%s", tls, address->host, address->port);
	else
		snprintf(text, text_bytes, "%s%s:%s", tls, address->host, address->port);
	return text;
}

bool listen_address_is_same(const struct listen_address *a, const struct listen_address *b)
{
	return a->kind == b->kind && strcmp(a->host, b->host) == 0 && strcmp(a->port, b->port) == 0 &&
	       strcmp(a->path, b->path) == 0;
}

bool listen_address_names_passed(const struct listen_address *address, const char *name)
{
	return address->kind == LISTEN_ADDRESS_PASSED && strcmp(address->host, name) == 0;
}
