/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parses, formats and compares addresses and networks. All functions are pure and thread-safe, and use only memory of
 * the caller.
 *
 * The main idea: all addresses have one form of 16 bytes, so comparing and counting addresses need only one case. An
 * IPv4 network is stored as an IPv6 network whose prefix is 96 bits longer. A network that was written as IPv6, such as
 * "::/0", nevertheless contains no IPv4 address, because `kinds` records the family in which the network was written.
 */
#include "base/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define V4_AT 12 /* offset of an IPv4 address */
#define V4_BITS (V4_AT * 8)
#define KEY_V6_BYTES 8

static const uint8_t v4_prefix[V4_AT] = { [10] = 0xff, [11] = 0xff };

static bool is_v4(const uint8_t bytes[ADDRESS_BYTES])
{
	return memcmp(bytes, v4_prefix, V4_AT) == 0;
}

void address_from_sockaddr(const struct sockaddr *peer, struct address *address)
{
	*address = (struct address){ .local = peer->sa_family != AF_INET && peer->sa_family != AF_INET6 };
	if (peer->sa_family == AF_INET6) {
		memcpy(address->bytes, &((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr, ADDRESS_BYTES);
	} else if (peer->sa_family == AF_INET) {
		memcpy(address->bytes, v4_prefix, V4_AT);
		memcpy(address->bytes + V4_AT, &((const struct sockaddr_in *)(const void *)peer)->sin_addr, 4);
	}
}

int address_parse(const char *text, size_t length, struct address *address)
{
	char copy[ADDRESS_TEXT_BYTES];

	if (length >= sizeof(copy) || memchr(text, '\0', length) != NULL)
		return -EINVAL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	*address = (struct address){ 0 };
	memcpy(address->bytes, v4_prefix, V4_AT);
	if (inet_pton(AF_INET, copy, address->bytes + V4_AT) == 1)
		return 0;
	return inet_pton(AF_INET6, copy, address->bytes) == 1 ? 0 : -EINVAL;
}

static bool is_port(const char *text, size_t length)
{
	if (length == 0 || length > 5)
		return false;
	while (length > 0 && text[length - 1] >= '0' && text[length - 1] <= '9')
		length--;
	return length == 0;
}

int address_parse_endpoint(const char *text, size_t length, struct address *address)
{
	bool bracket = length > 0 && text[0] == '[';
	const char *end = memchr(text, bracket ? ']' : ':', length);
	size_t used = end != NULL ? (size_t)(end - text) : length;
	size_t next = used + bracket; /* offset after the address */

	if (bracket && end == NULL)
		return -EINVAL;
	if (next < length && (text[next] != ':' || !is_port(text + next + 1, length - next - 1)))
		return -EINVAL;
	if (address_parse(text + bracket, used - bracket, address) != 0)
		return -EINVAL;
	return bracket == (memchr(text, ':', used) != NULL) ? 0 : -EINVAL;
}

const char *address_format(const struct address *address, char text[ADDRESS_TEXT_BYTES])
{
	bool v4 = is_v4(address->bytes);

	if (address->local ||
	    inet_ntop(v4 ? AF_INET : AF_INET6, address->bytes + (v4 ? V4_AT : 0), text, ADDRESS_TEXT_BYTES) == NULL)
		strcpy(text, "unix:");
	return text;
}

bool address_same(const struct address *a, const struct address *b)
{
	return a->local == b->local && memcmp(a->bytes, b->bytes, ADDRESS_BYTES) == 0;
}

bool address_key(const struct address *address, uint8_t key[ADDRESS_BYTES])
{
	memset(key, 0, ADDRESS_BYTES);
	if (!address->local)
		memcpy(key, address->bytes, is_v4(address->bytes) ? ADDRESS_BYTES : KEY_V6_BYTES);
	return !address->local;
}

/* Returns true if all bits after the first `bits` are zero. */
static bool is_clear_after(const uint8_t bytes[ADDRESS_BYTES], unsigned bits)
{
	for (unsigned i = bits; i < ADDRESS_BYTES * 8; i++)
		if ((bytes[i / 8] >> (7 - i % 8) & 1) != 0)
			return false;
	return true;
}

/* Returns the length of the prefix, or -1 if the text is not a number. */
static int parse_bits(const char *text)
{
	int bits = 0;

	if (text[0] == '\0' || strlen(text) > 3 || text[strspn(text, "0123456789")] != '\0' ||
	    (text[0] == '0' && text[1] != '\0'))
		return -1;
	for (; *text != '\0'; text++)
		bits = bits * 10 + (*text - '0');
	return bits;
}

const char *address_parse_cidr(const char *text, struct cidr *cidr)
{
	const char *slash = strchr(text, '/');
	struct address address;
	int bits, most;

	*cidr = (struct cidr){ .kinds = CIDR_LOCAL };
	if (strcmp(text, "unix:") == 0)
		return NULL;
	cidr->kinds |= CIDR_V4 | CIDR_V6;
	if (strcmp(text, "all") == 0)
		return NULL;
	if (address_parse(text, slash != NULL ? (size_t)(slash - text) : strlen(text), &address) != 0)
		return "expected an address, a network (\"10.0.0.0/8\", \"2001:db8::/32\"), \"unix:\" or \"all\"";
	most = strchr(text, ':') != NULL ? 128 : 32;
	bits = slash != NULL ? parse_bits(slash + 1) : most;
	if (bits < 0 || bits > most)
		return most == 32 ? "the prefix length of an IPv4 network must be a number from 0 to 32"
				  : "the prefix length of an IPv6 network must be a number from 0 to 128";
	cidr->bits = (uint8_t)(bits + (most == 32 ? V4_BITS : 0));
	cidr->kinds = cidr->bits >= V4_BITS && is_v4(address.bytes) ? CIDR_V4 : CIDR_V6;
	memcpy(cidr->bytes, address.bytes, ADDRESS_BYTES);
	return is_clear_after(cidr->bytes, cidr->bits)
		       ? NULL
		       : "the bits after the prefix must be zero, as in \"10.0.0.0/8\"; write a single address "
			 "without a slash";
}

bool address_in(const struct address *address, const struct cidr *cidr)
{
	unsigned whole = cidr->bits / 8, rest = cidr->bits % 8;

	if ((cidr->kinds & (address->local ? CIDR_LOCAL : is_v4(address->bytes) ? CIDR_V4 : CIDR_V6)) == 0)
		return false;
	if (memcmp(address->bytes, cidr->bytes, whole) != 0)
		return false;
	return rest == 0 || ((address->bytes[whole] ^ cidr->bytes[whole]) >> (8 - rest)) == 0;
}
