/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Addresses and networks: parsing, formatting, membership in a network, and the key under which a client is counted. */
#include "base/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "../suite.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof(table)[0]))

static struct address parsed(const char *text)
{
	struct address address;
	if (strcmp(text, "unix:") == 0)
		return (struct address){ .local = true };
	ck_assert_msg(address_parse(text, strlen(text), &address) == 0, "%s", text);
	return address;
}

static const struct {
	const char *text, *written;
} addresses[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ "0.0.0.0", "0.0.0.0" },
	{ "2001:DB8:0:0::1", "2001:db8::1" },
	{ "::", "::" },
	{ "::1", "::1" },
	{ "::ffff:192.0.2.1", "192.0.2.1" },
	{ "::ffff:c000:201", "192.0.2.1" },
	{ "", NULL },
	{ "192.0.2", NULL },
	{ "192.0.2.256", NULL },
	{ "192.0.2.1 ", NULL },
	{ " 192.0.2.1", NULL },
	{ "192.0.2.01.", NULL },
	{ "[::1]", NULL },
	{ "192.0.2.1:80", NULL },
	{ "fe80::1%eth0", NULL },
	{ "localhost", NULL },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999", NULL },
	{ "11111111111111111111111111111111111111111111111111111111111111111", NULL },
};

START_TEST(parses_and_formats_addresses)
{
	struct address address;
	char text[ADDRESS_TEXT_BYTES];
	int result = address_parse(addresses[_i].text, strlen(addresses[_i].text), &address);
	ck_assert_int_eq(result, addresses[_i].written != NULL ? 0 : -EINVAL);
	if (result == 0) {
		ck_assert(!address.local);
		ck_assert_str_eq(address_format(&address, text), addresses[_i].written);
	}
}
END_TEST

START_TEST(parsing_stops_at_the_given_length)
{
	struct address address;
	char text[ADDRESS_TEXT_BYTES];
	ck_assert_int_eq(address_parse("192.0.2.1.5", 9, &address), 0);
	ck_assert_str_eq(address_format(&address, text), "192.0.2.1");
	ck_assert_int_eq(address_parse("192.0.2.1\0", 10, &address), -EINVAL);
}
END_TEST

static const struct {
	const char *text, *written;
} endpoints[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ "192.0.2.1:80", "192.0.2.1" },
	{ "192.0.2.1:0", "192.0.2.1" },
	{ "[2001:db8::1]", "2001:db8::1" },
	{ "[2001:db8::1]:65535", "2001:db8::1" },
	{ "", NULL },
	{ ":80", NULL },
	{ "192.0.2.1:", NULL },
	{ "192.0.2.1:http", NULL },
	{ "192.0.2.1:123456", NULL },
	{ "192.0.2.1:80:80", NULL },
	{ "2001:db8::1", NULL },
	{ "[2001:db8::1", NULL },
	{ "[2001:db8::1]80", NULL },
	{ "[2001:db8::1]:", NULL },
	{ "[192.0.2.1]:80", NULL },
	{ "[]", NULL },
	{ "[", NULL },
	{ "unknown", NULL },
	{ "_hidden", NULL },
};

START_TEST(ports_and_brackets_are_removed)
{
	struct address address;
	char text[ADDRESS_TEXT_BYTES];
	int result = address_parse_endpoint(endpoints[_i].text, strlen(endpoints[_i].text), &address);
	ck_assert_int_eq(result, endpoints[_i].written != NULL ? 0 : -EINVAL);
	if (result == 0)
		ck_assert_str_eq(address_format(&address, text), endpoints[_i].written);
}
END_TEST

START_TEST(converts_socket_addresses)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000201) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr local = { .sa_family = AF_UNIX };
	struct address a, b, same = parsed("192.0.2.1");
	char text[ADDRESS_TEXT_BYTES];
	address_from_sockaddr((struct sockaddr *)&v4, &a);
	ck_assert_str_eq(address_format(&a, text), "192.0.2.1");
	ck_assert_int_eq(inet_pton(AF_INET6, "::ffff:192.0.2.1", &v6.sin6_addr), 1);
	address_from_sockaddr((struct sockaddr *)&v6, &b);
	ck_assert(address_same(&a, &b) && address_same(&a, &same));
	address_from_sockaddr(&local, &b);
	ck_assert(b.local && !address_same(&a, &b));
	ck_assert_str_eq(address_format(&b, text), "unix:");
}
END_TEST

static const struct {
	const char *cidr, *address;
	bool inside;
} networks[] = {
	{ "10.0.0.0/8", "10.0.0.0", true },
	{ "10.0.0.0/8", "10.255.255.255", true },
	{ "10.0.0.0/8", "11.0.0.0", false },
	{ "10.0.0.0/8", "9.255.255.255", false },
	{ "10.0.0.0/8", "::ffff:10.1.2.3", true },
	{ "10.0.0.0/8", "a00::", false },
	{ "192.0.2.128/25", "192.0.2.128", true },
	{ "192.0.2.128/25", "192.0.2.127", false },
	{ "192.0.2.64/26", "192.0.2.127", true },
	{ "192.0.2.64/26", "192.0.2.128", false },
	{ "192.0.2.7", "192.0.2.7", true },
	{ "192.0.2.7", "192.0.2.6", false },
	{ "192.0.2.7/32", "192.0.2.7", true },
	{ "0.0.0.0/0", "203.0.113.9", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "0.0.0.0/0", "unix:", false },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "192.0.2.1", false },
	{ "::ffff:10.0.0.0/104", "10.9.9.9", true },
	{ "2001:db8::/32", "2001:db8:ffff::", true },
	{ "2001:db8::/32", "2001:db9::", false },
	{ "2001:db8::/33", "2001:db8:7fff::", true },
	{ "2001:db8::/33", "2001:db8:8000::", false },
	{ "2001:db8::1", "2001:db8::1", true },
	{ "2001:db8::1", "2001:db8::2", false },
	{ "unix:", "unix:", true },
	{ "unix:", "0.0.0.0", false },
	{ "unix:", "::", false },
	{ "all", "unix:", true },
	{ "all", "192.0.2.1", true },
	{ "all", "::1", true },
};

START_TEST(networks_contain_their_addresses)
{
	struct cidr cidr;
	struct address address = parsed(networks[_i].address);
	ck_assert_ptr_null(address_parse_cidr(networks[_i].cidr, &cidr));
	ck_assert_msg(address_in(&address, &cidr) == networks[_i].inside, "%s %s", networks[_i].address,
		      networks[_i].cidr);
}
END_TEST

static const struct {
	const char *text, *word; /* the word is part of the message */
} faults[] = {
	{ "", "expected" },
	{ "/8", "expected" },
	{ "localhost", "expected" },
	{ "10/8", "expected" },
	{ "10.0.0.0-10.0.0.9", "expected" },
	{ "[::1]", "expected" },
	{ "unix", "expected" },
	{ "10.0.0.0/", "0 to 32" },
	{ "10.0.0.0/33", "0 to 32" },
	{ "10.0.0.0/-1", "0 to 32" },
	{ "10.0.0.0/08", "0 to 32" },
	{ "10.0.0.0/8 ", "0 to 32" },
	{ "10.0.0.0/255.0.0.0", "0 to 32" },
	{ "2001:db8::/129", "0 to 128" },
	{ "10.0.0.1/8", "must be zero" },
	{ "192.0.2.1/31", "must be zero" },
	{ "2001:db8::1/64", "must be zero" },
};

START_TEST(invalid_networks_are_rejected)
{
	struct cidr cidr;
	const char *fault = address_parse_cidr(faults[_i].text, &cidr);
	ck_assert_msg(fault != NULL && strstr(fault, faults[_i].word) != NULL, "%s: %s", faults[_i].text, fault);
}
END_TEST

static const struct {
	const char *a, *b;
	bool same;
} clients[] = {
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1", "192.0.2.2", false },
	{ "192.0.2.1", "::ffff:192.0.2.1", true },
	{ "2001:db8:0:1::1", "2001:db8:0:1:ffff::2", true },
	{ "2001:db8:0:1::1", "2001:db8:0:2::1", false },
	{ "::", "0.0.0.0", false },
};

START_TEST(client_key_is_an_ipv4_address_or_an_ipv6_64)
{
	struct address a = parsed(clients[_i].a), b = parsed(clients[_i].b);
	uint8_t a_key[ADDRESS_BYTES], b_key[ADDRESS_BYTES];
	ck_assert(address_key(&a, a_key) && address_key(&b, b_key));
	ck_assert((memcmp(a_key, b_key, ADDRESS_BYTES) == 0) == clients[_i].same);
}
END_TEST

START_TEST(local_peers_have_no_key)
{
	struct address local = { .local = true };
	uint8_t key[ADDRESS_BYTES];
	ck_assert(!address_key(&local, key));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("address");
	TCase *t = tcase_create("address");
	tcase_add_loop_test(t, parses_and_formats_addresses, 0, ROWS(addresses));
	tcase_add_test(t, parsing_stops_at_the_given_length);
	tcase_add_loop_test(t, ports_and_brackets_are_removed, 0, ROWS(endpoints));
	tcase_add_test(t, converts_socket_addresses);
	tcase_add_loop_test(t, networks_contain_their_addresses, 0, ROWS(networks));
	tcase_add_loop_test(t, invalid_networks_are_rejected, 0, ROWS(faults));
	tcase_add_loop_test(t, client_key_is_an_ipv4_address_or_an_ipv6_64, 0, ROWS(clients));
	tcase_add_test(t, local_peers_have_no_key);
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
