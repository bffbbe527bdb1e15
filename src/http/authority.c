/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Validates host and port as they appear in a Host field. The functions are pure and thread-safe. The text belongs to
 * the request.
 *
 * The main idea: the authority is validated against the grammar and never decoded, so a malformed Host field is
 * rejected before a name is compared. A name is the reg-name of RFC 3986, which includes all IPv4 addresses and
 * percent-encoded bytes ("%41"). The zone of an IPv6 address (RFC 6874) is rejected, because a client must not send it
 * (RFC 9110 section 4.2).
 */
#include "http/authority.h"

#include <arpa/inet.h>
#include <string.h>

#define PORT_MAX 65535

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_hex(char byte)
{
	return is_digit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

/* Returns true for unreserved and sub-delims of RFC 3986. */
static bool is_name_byte(char byte)
{
	if (is_digit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z'))
		return true;
	return byte != '\0' && strchr("-._~!$&'()*+,;=", byte) != NULL;
}

/* Returns the length of the reg-name at the beginning of the text, which may be 0. */
static size_t name_length(const char *text, size_t length)
{
	size_t at = 0;

	while (at < length) {
		if (is_name_byte(text[at]))
			at++;
		else if (text[at] == '%' && length - at > 2 && is_hex(text[at + 1]) && is_hex(text[at + 2]))
			at += 3;
		else
			break;
	}
	return at;
}

static bool is_ipv6(const char *text, size_t length)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return strlen(copy) == length && inet_pton(AF_INET6, copy, &address) == 1;
}

/* Returns true for IPvFuture of RFC 3986: "v" 1*HEXDIG "." 1*( unreserved / sub-delims / ":" ). */
static bool is_future_address(const char *text, size_t length)
{
	size_t at = 1;

	if (length == 0 || (text[0] | 0x20) != 'v')
		return false;
	while (at < length && is_hex(text[at]))
		at++;
	if (at == 1 || at + 1 >= length || text[at] != '.')
		return false;
	for (at++; at < length; at++)
		if (!is_name_byte(text[at]) && text[at] != ':')
			return false;
	return true;
}

/* Returns the length of the IP literal at the beginning of the text, or 0 if there is none. */
static size_t literal_length(const char *text, size_t length)
{
	const char *end = memchr(text, ']', length);
	size_t inner;

	if (end == NULL)
		return 0;
	inner = (size_t)(end - text) - 1;
	return is_ipv6(text + 1, inner) || is_future_address(text + 1, inner) ? inner + 2 : 0;
}

static bool is_port(const char *text, size_t length)
{
	unsigned port = 0;

	for (size_t at = 0; at < length; at++) {
		if (!is_digit(text[at]))
			return false;
		port = port * 10 + (unsigned)(text[at] - '0');
		if (port > PORT_MAX)
			return false;
	}
	return true;
}

bool authority_is_valid(const char *text, size_t length)
{
	size_t host = length > 0 && text[0] == '[' ? literal_length(text, length) : name_length(text, length);

	if (host == length)
		return true;
	return host > 0 && text[host] == ':' && is_port(text + host + 1, length - host - 1);
}
