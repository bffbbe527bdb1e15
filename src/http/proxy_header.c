/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses the header of the PROXY protocol. Version 1 is a line of text of at most 107 bytes. Version 2 has a head of
 * fixed length, which contains the number of the bytes that follow. The functions are pure and thread-safe. The bytes
 * belong to the caller.
 *
 * The main idea: the parser keeps no state. Each call parses all bytes that have arrived, so the caller calls the
 * parser after each read. The parser rejects any deviation from the protocol, because a connection that begins with
 * other bytes does not come from the proxy.
 */
#include "http/proxy_header.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define V1_BYTES 107
#define V2_HEAD 16
#define V2_ADDRESSES_V4 12
#define V2_ADDRESSES_V6 36
#define V2_ADDRESSES_UNIX 216
_Static_assert(PROXY_HEADER_BYTES >= V2_HEAD + V2_ADDRESSES_UNIX && PROXY_HEADER_BYTES > V1_BYTES,
	       "the bytes of the longest addresses, as proxy_header.h states");

static const uint8_t v2_signature[12] = { 0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a };

static bool begins_as(const uint8_t *bytes, size_t length, const void *prefix, size_t prefix_length)
{
	return memcmp(bytes, prefix, length < prefix_length ? length : prefix_length) == 0;
}

/* --- version 1 --- */

/* Returns the port, 0 to 65535 without leading zeroes, or -1. */
static int parse_port(const char *text)
{
	size_t length = strlen(text);
	int port = length > 0 && length <= 5 && strspn(text, "0123456789") == length && (text[0] != '0' || length == 1)
			   ? atoi(text)
			   : -1;

	return port <= 65535 ? port : -1;
}

static bool set_source(struct sockaddr_storage *source, bool v6, const char *address, int port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)source;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)source;

	source->ss_family = v6 ? AF_INET6 : AF_INET;
	if (v6)
		in6->sin6_port = htons((uint16_t)port);
	else
		in->sin_port = htons((uint16_t)port);
	return inet_pton(source->ss_family, address, v6 ? (void *)&in6->sin6_addr : (void *)&in->sin_addr) == 1;
}

/* Parses "TCP4 SOURCE DESTINATION PORT PORT" or "UNKNOWN ...", with a terminating NUL. Modifies the line. */
static bool parse_line(char *line, struct sockaddr_storage *source)
{
	struct sockaddr_storage destination = { 0 };
	char *words[5];
	unsigned count = 0;
	bool v6;

	if (strncmp(line, "UNKNOWN", 7) == 0 && (line[7] == '\0' || line[7] == ' '))
		return true;
	while (count < 5 && line != NULL)
		words[count++] = strsep(&line, " ");
	if (count != 5 || line != NULL)
		return false;
	v6 = strcmp(words[0], "TCP6") == 0;
	return (v6 || strcmp(words[0], "TCP4") == 0) && parse_port(words[3]) >= 0 && parse_port(words[4]) >= 0 &&
	       set_source(source, v6, words[1], parse_port(words[3])) &&
	       set_source(&destination, v6, words[2], parse_port(words[4]));
}

static enum proxy_header_state parse_v1(const uint8_t *bytes, size_t length, struct proxy_header *header)
{
	size_t seen = length < V1_BYTES ? length : V1_BYTES;
	const uint8_t *end = memchr(bytes, '\n', seen);
	char line[V1_BYTES];
	size_t line_length;

	if (memchr(bytes, '\0', end != NULL ? (size_t)(end - bytes) : seen) != NULL)
		return PROXY_HEADER_MALFORMED;
	if (end == NULL)
		return seen < V1_BYTES ? PROXY_HEADER_MORE : PROXY_HEADER_MALFORMED;
	line_length = (size_t)(end - bytes);
	if (line_length < 7 || end[-1] != '\r')
		return PROXY_HEADER_MALFORMED;
	memcpy(line, bytes + 6, line_length - 7);
	line[line_length - 7] = '\0';
	header->length = line_length + 1;
	return parse_line(line, &header->source) ? PROXY_HEADER_DONE : PROXY_HEADER_MALFORMED;
}

/* --- version 2 --- */

static size_t v2_addresses(unsigned family)
{
	static const size_t bytes[] = { 0, V2_ADDRESSES_V4, V2_ADDRESSES_V6, V2_ADDRESSES_UNIX };

	return bytes[family];
}

static void v2_source(const uint8_t *addresses, unsigned family, struct sockaddr_storage *source)
{
	struct sockaddr_in *in = (struct sockaddr_in *)source;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)source;

	if (family == 1) {
		in->sin_family = AF_INET;
		memcpy(&in->sin_addr, addresses, 4);
		memcpy(&in->sin_port, addresses + 8, 2);
	} else if (family == 2) {
		in6->sin6_family = AF_INET6;
		memcpy(&in6->sin6_addr, addresses, 16);
		memcpy(&in6->sin6_port, addresses + 32, 2);
	}
}

static enum proxy_header_state parse_v2(const uint8_t *bytes, size_t length, struct proxy_header *header)
{
	unsigned command, family, transport;
	size_t rest;

	if (length > 12 && ((bytes[12] >> 4) != 2 || (bytes[12] & 15) > 1))
		return PROXY_HEADER_MALFORMED;
	if (length > 13 && ((bytes[13] >> 4) > 3 || (bytes[13] & 15) > 2))
		return PROXY_HEADER_MALFORMED;
	if (length < V2_HEAD)
		return PROXY_HEADER_MORE;
	command = bytes[12] & 15;
	family = bytes[13] >> 4;
	transport = bytes[13] & 15;
	rest = (size_t)bytes[14] << 8 | bytes[15];
	header->length = V2_HEAD + rest;
	/* The addresses are ignored if the command is LOCAL, or if the family or the transport is unspecified. */
	if (command == 0 || family == 0 || transport == 0)
		return PROXY_HEADER_DONE;
	if (transport != 1 || rest < v2_addresses(family)) /* HTTP/1 does not use datagrams */
		return PROXY_HEADER_MALFORMED;
	if (length < V2_HEAD + v2_addresses(family))
		return PROXY_HEADER_MORE;
	v2_source(bytes + V2_HEAD, family, &header->source);
	return PROXY_HEADER_DONE;
}

enum proxy_header_state proxy_header_parse(const uint8_t *bytes, size_t length, struct proxy_header *header)
{
	*header = (struct proxy_header){ 0 };
	if (length == 0)
		return PROXY_HEADER_MORE;
	if (begins_as(bytes, length, v2_signature, sizeof(v2_signature)))
		return parse_v2(bytes, length, header);
	if (begins_as(bytes, length, "PROXY ", 6))
		return parse_v1(bytes, length, header);
	return PROXY_HEADER_MALFORMED;
}
