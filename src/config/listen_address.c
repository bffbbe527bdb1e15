/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses and formats the addresses of the keys listen, admin and monitor. Host names are not resolved here. sockets.c
 * resolves a host name when it opens the socket.
 *
 * Equal addresses get equal structs: ":80", "*:80" and "80" are one address, and IPv6 addresses have the form of
 * inet_ntop(3). All unused bytes are zero, so memcmp() can compare two addresses. The struct is a plain value and owns
 * no memory.
 *
 * Other servers write addresses in other ways, such as "443 ssl" or "https://:443". If such a text has one obvious
 * meaning, the error message shows how it is written here: suggest() rewrites the text and parses the result.
 */
#include "config/listen_address.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAULT_BYTES 400
#define EXAMPLE_PORT "8080" /* the port of a suggestion for an address without a port */

static const char port_missing[] = "the port is missing";
static const char needs_brackets[] = "an IPv6 address must be written [address]:port";
static const char begins_with_slash[] = "the path of a Unix socket must begin with a slash";

static const char *parse_port(const char *text, char port[6])
{
	size_t length = strspn(text, "0123456789");
	if (length == 0 || text[length] != '\0')
		return "the port is not a number";
	unsigned long number = strtoul(text, NULL, 10);
	if (length > 5 || number > 65535)
		return "the port is more than 65535";
	snprintf(port, 6, "%u", (unsigned)(number & 0xffff)); /* without leading zeros */
	return NULL;
}

/* Parses an IPv6 address with an optional scope, as in "fe80::1%eth0". */
static bool parse_six(const char *text, size_t length, char host[LISTEN_ADDRESS_HOST_BYTES])
{
	char plain[INET6_ADDRSTRLEN] = "";
	struct in6_addr six;
	size_t bytes = strcspn(text, "%");
	bytes = bytes < length ? bytes : length;
	if (bytes >= sizeof(plain) || length - bytes >= LISTEN_ADDRESS_HOST_BYTES - INET6_ADDRSTRLEN)
		return false;
	memcpy(plain, text, bytes);
	if (inet_pton(AF_INET6, plain, &six) != 1)
		return false;
	inet_ntop(AF_INET6, &six, host, INET6_ADDRSTRLEN);
	strncat(host, text + bytes, length - bytes);
	return true;
}

static const char *parse_bracketed(const char *text, struct listen_address *address)
{
	const char *end = strchr(text, ']');
	if (end != NULL && end[1] == '\0')
		return port_missing;
	if (end == NULL || end[1] != ':')
		return needs_brackets;
	if (!parse_six(text + 1, (size_t)(end - text) - 1, address->host))
		return "the text in brackets is not an IPv6 address";
	return parse_port(end + 2, address->port);
}

static const char *parse_unix(const char *path, struct listen_address *address)
{
	if (path[0] != '/')
		return begins_with_slash;
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

/* Parses a host name or an IPv4 address. "" and "*" are all addresses. */
static const char *parse_host(const char *text, size_t length, char host[LISTEN_ADDRESS_HOST_BYTES])
{
	static const char bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
	struct in_addr four;
	if (length == 1 && *text == '*')
		return NULL;
	if (strspn(text, bytes) != length)
		return "the host is neither a name nor an address";
	if (length >= LISTEN_ADDRESS_HOST_BYTES)
		return "the host is too long";
	for (size_t i = 0; i < length; i++)
		host[i] = (char)tolower((unsigned char)text[i]);
	if (length > 0 && strspn(host, "0123456789.") == length && inet_pton(AF_INET, host, &four) != 1)
		return "the host is not an IPv4 address";
	return NULL;
}

static const char *parse(const char *text, struct listen_address *address)
{
	*address = (struct listen_address){ .kind = LISTEN_ADDRESS_TCP, .tls = strncmp(text, "tls:", 4) == 0 };
	text += address->tls ? 4 : 0;
	if (strncmp(text, "unix:", 5) == 0)
		return parse_unix(text + 5, address);
	if (strncmp(text, "fd:", 3) == 0)
		return parse_passed(text + 3, address);
	if (text[0] == '[')
		return parse_bracketed(text, address);
	if (text[0] != '\0' && text[strspn(text, "0123456789")] == '\0')
		return parse_port(text, address->port);

	const char *colon = strchr(text, ':');
	if (colon == NULL)
		return port_missing;
	if (strchr(colon + 1, ':') != NULL)
		return needs_brackets;
	const char *problem = parse_host(text, (size_t)(colon - text), address->host);
	return problem != NULL ? problem : parse_port(colon + 1, address->port);
}

/* Writes the text to `rewritten` if it is a valid address. */
static bool try_text(char rewritten[FAULT_BYTES], const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool try_text(char rewritten[FAULT_BYTES], const char *format, ...)
{
	struct listen_address address;
	char text[FAULT_BYTES];
	va_list list;
	va_start(list, format);
	int length = vsnprintf(text, sizeof(text), format, list);
	va_end(list);
	if (length >= (int)sizeof(text) || parse(text, &address) != NULL)
		return false;
	listen_address_format(&address, rewritten, FAULT_BYTES);
	return true;
}

/* Rewrites an IPv6 address without brackets. The text after its last colon is the port if that gives an address. */
static bool rewrite_six(const char *tls, const char *text, char *rewritten)
{
	const char *last = strrchr(text, ':');
	if (last == NULL)
		return false;
	int length = last == text + 1 ? 2 : (int)(last - text); /* the address in "::80" is "::" */
	return try_text(rewritten, "%s[%.*s]:%s", tls, length, text, last + 1) ||
	       try_text(rewritten, "%s[%s]:" EXAMPLE_PORT, tls, text);
}

/* Rewrites an address without its scheme and options. `port` is used if the address has none. */
static bool rewrite(const char *tls, const char *text, const char *port, char *rewritten)
{
	if (strncmp(text, "unix:", 5) == 0)
		return try_text(rewritten, "%sunix:/%s", tls, text + 5);
	if (strncmp(text, "unix/", 5) == 0)
		return try_text(rewritten, "%sunix:%s", tls, text + 5);
	if (text[0] == '/')
		return try_text(rewritten, "%sunix:%s", tls, text);
	return try_text(rewritten, "%s%s", tls, text) || try_text(rewritten, "%s%s:%s", tls, text, port) ||
	       rewrite_six(tls, text, rewritten);
}

static const char *const schemes[][2] = { { "http://", "80" }, { "https://", "443" }, { "tls:", EXAMPLE_PORT } };

/*
 * Rewrites an address of another server, for example "443 ssl" to "tls::443". *problem becomes a more exact description
 * of the error. Returns false if the address has no obvious meaning.
 */
static bool suggest(const char *text, const char **problem, char rewritten[FAULT_BYTES])
{
	bool tls = strstr(text, " ssl") != NULL || strstr(text, " tls") != NULL;
	const char *port = EXAMPLE_PORT, *ends = " \t";
	char address[FAULT_BYTES];
	if (text[strcspn(text, ends)] != '\0')
		*problem = "options after an address are not supported";
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t length = strlen(schemes[i][0]);
		if (strncasecmp(text, schemes[i][0], length) != 0)
			continue;
		text += length;
		tls = tls || i > 0;
		port = schemes[i][1];
		if (i < 2) {
			*problem = "an address is not a URL";
			ends = "/ \t";
		}
		break;
	}
	if (text[0] == '/' || strncmp(text, "unix/", 5) == 0)
		*problem = "the prefix of a Unix socket is unix:";
	size_t length = strcspn(text, ends);
	if (length >= sizeof(address))
		return false;
	memcpy(address, text, length);
	address[length] = '\0';
	return rewrite(tls ? "tls:" : "", address, port, rewritten);
}

const char *listen_address_parse(const char *text, struct listen_address *address)
{
	static _Thread_local char fault[FAULT_BYTES + 100];
	char rewritten[FAULT_BYTES];
	const char *problem = parse(text, address);
	if (problem == NULL)
		return NULL;
	if (suggest(text, &problem, rewritten))
		snprintf(fault, sizeof(fault), "%s%s \"%s\"", problem,
			 problem == port_missing ? "; for example" : "; write", rewritten);
	else
		snprintf(fault, sizeof(fault), "%s%s", problem,
			 problem == port_missing ? "; write host:port, [v6]:port, :port, unix:/path or fd:name" : "");
	return fault;
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
