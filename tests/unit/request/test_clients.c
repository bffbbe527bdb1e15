/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The table of clients: limits of connections in total and for each client, and the clients with the most bytes. */
#include "request/clients.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <uthash.h>

#include "../suite.h"
#include "base/keyed_hash.h"

static const struct sockaddr *peer(const char *address)
{
	static _Thread_local struct sockaddr_storage storage;

	memset(&storage, 0, sizeof(storage));
	storage.ss_family = strncmp(address, "unix", 4) == 0 ? AF_UNIX
			    : strchr(address, ':') != NULL   ? AF_INET6
							     : AF_INET;
	if (storage.ss_family == AF_INET)
		ck_assert_int_eq(inet_pton(AF_INET, address, &((struct sockaddr_in *)&storage)->sin_addr), 1);
	if (storage.ss_family == AF_INET6)
		ck_assert_int_eq(inet_pton(AF_INET6, address, &((struct sockaddr_in6 *)&storage)->sin6_addr), 1);
	return (struct sockaddr *)&storage;
}

static const struct {
	const char *first, *second;
	bool same;
} pairs[] = {
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1", "192.0.2.2", false },
	{ "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true }, /* the same /64 network */
	{ "2001:db8:1:2::1", "2001:db8:1:3::1", false },
	{ "192.0.2.1", "::ffff:192.0.2.1", true },
	{ "::ffff:192.0.2.1", "::ffff:192.0.2.2", false },
	{ "unix", "unix", false }, /* peers on Unix sockets have no limit */
};

START_TEST(addresses_of_one_client)
{
	struct clients *clients;
	struct client *a, *b;
	int second;

	ck_assert_int_eq(clients_new(&clients, 10, 1), 0);
	ck_assert_int_eq(clients_enter(clients, peer(pairs[_i].first), &a), 0);
	second = clients_enter(clients, peer(pairs[_i].second), &b);
	ck_assert_int_eq(second, pairs[_i].same ? -EDQUOT : 0);
	if (second == 0)
		clients_leave(clients, b);
	clients_leave(clients, a);
	ck_assert_uint_eq(clients_count(clients), 0);
	clients_free(clients);
}
END_TEST

START_TEST(the_total_limits_every_client)
{
	struct clients *clients;
	struct client *list[3];

	ck_assert_int_eq(clients_new(&clients, 2, 0), 0);
	ck_assert_int_eq(clients_enter(clients, peer("192.0.2.1"), &list[0]), 0);
	ck_assert_int_eq(clients_enter(clients, peer("192.0.2.1"), &list[1]), 0);
	ck_assert_int_eq(clients_enter(clients, peer("192.0.2.3"), &list[2]), -EUSERS);
	ck_assert_int_eq(clients_enter(clients, peer("unix"), &list[2]), -EUSERS);
	clients_leave(clients, list[0]);
	ck_assert_int_eq(clients_enter(clients, peer("192.0.2.3"), &list[2]), 0);
	clients_leave(clients, list[1]);
	clients_leave(clients, list[2]);
	clients_free(clients);
}
END_TEST

START_TEST(a_closed_connection_frees_its_share)
{
	struct clients *clients;
	struct client *client, *other;

	ck_assert_int_eq(clients_new(&clients, 100, 2), 0);
	for (unsigned i = 0; i < 1000; i++) {
		ck_assert_int_eq(clients_enter(clients, peer("192.0.2.1"), &client), 0);
		ck_assert_int_eq(clients_enter(clients, peer("192.0.2.1"), &other), 0);
		ck_assert_int_eq(clients_enter(clients, peer("192.0.2.1"), &other), -EDQUOT);
		clients_leave(clients, client);
		clients_leave(clients, client);
	}
	clients_free(clients);
}
END_TEST

START_TEST(top_clients_by_bytes)
{
	struct clients *clients;
	struct client *list[5];
	struct clients_rank ranks[3];

	ck_assert_int_eq(clients_new(&clients, 100, 0), 0);
	ck_assert_uint_eq(clients_top(clients, ranks, 3), 0);
	ck_assert_int_eq(clients_enter(clients, peer("192.0.2.1"), &list[0]), 0);
	ck_assert_int_eq(clients_enter(clients, peer("2001:db8:1:2::5"), &list[1]), 0);
	ck_assert_int_eq(clients_enter(clients, peer("2001:db8:1:2::6"), &list[2]), 0);
	ck_assert_int_eq(clients_enter(clients, peer("unix"), &list[3]), 0);
	ck_assert_int_eq(clients_enter(clients, peer("192.0.2.9"), &list[4]), 0);
	clients_add_sent(list[0], 10);
	clients_add_sent(list[1], 20);
	clients_add_sent(list[2], 20);
	clients_add_sent(list[3], 30);
	ck_assert_uint_eq(clients_top(clients, ranks, 3), 3);
	ck_assert_str_eq(ranks[0].address, "2001:db8:1:2::/64");
	ck_assert_uint_eq(ranks[0].bytes, 40);
	ck_assert_uint_eq(ranks[0].connections, 2);
	ck_assert_str_eq(ranks[1].address, "unix:");
	ck_assert_str_eq(ranks[2].address, "192.0.2.1");
	clients_leave(clients, list[3]);
	ck_assert_uint_eq(clients_top(clients, ranks, 3), 3);
	ck_assert_str_eq(ranks[1].address, "192.0.2.1"); /* a disconnected client is not listed */
	for (unsigned i = 0; i < 5; i++)
		if (i != 3)
			clients_leave(clients, list[i]);
	clients_free(clients);
}
END_TEST

/* More clients than are examined under one lock. */
START_TEST(top_of_many_clients)
{
	static struct client *list[3000];
	struct clients *clients;
	struct clients_rank ranks[2];
	char text[64];

	ck_assert_int_eq(clients_new(&clients, 3000, 0), 0);
	for (unsigned i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text), "10.0.%u.%u", i / 250, i % 250);
		ck_assert_int_eq(clients_enter(clients, peer(text), &list[i]), 0);
		clients_add_sent(list[i], i == 1234 ? 5000 : i);
	}
	ck_assert_uint_eq(clients_top(clients, ranks, 2), 2);
	ck_assert_str_eq(ranks[0].address, "10.0.4.234");
	ck_assert_str_eq(ranks[1].address, "10.0.11.249");
	for (unsigned i = 0; i < 3000; i++)
		clients_leave(clients, list[i]);
	clients_free(clients);
}
END_TEST

/* Networks that the owner of an IPv6 /32 could choose so that they share a bucket of an unkeyed hash table (uthash). */
START_TEST(clients_cannot_choose_their_bucket)
{
	static struct client *list[1000];
	struct clients *clients;
	unsigned count = 0;

	ck_assert_int_eq(keyed_hash_init(), 0);
	ck_assert_int_eq(clients_new(&clients, 1000, 0), 0);
	for (uint32_t network = 0; count < 1000; network++) {
		unsigned char key[ADDRESS_BYTES] = { 0x20, 0x01, 0x0d, 0xb8 };
		struct sockaddr_in6 address = { .sin6_family = AF_INET6 };
		unsigned hash;

		memcpy(key + 4, &network, sizeof(network));
		HASH_JEN(key, ADDRESS_BYTES, hash);
		if (hash % 1024 != 0)
			continue;
		memcpy(&address.sin6_addr, key, ADDRESS_BYTES);
		ck_assert_int_eq(clients_enter(clients, (struct sockaddr *)&address, &list[count++]), 0);
	}
	ck_assert_uint_le(clients_longest_chain(clients), 10);
	while (count > 0)
		clients_leave(clients, list[--count]);
	clients_free(clients);
}
END_TEST

static void *connect_and_disconnect(void *context)
{
	for (unsigned i = 0; i < 20000; i++) {
		struct client *client;

		if (clients_enter(context, peer(i % 3 == 0 ? "192.0.2.1" : "2001:db8::1"), &client) == 0)
			clients_leave(context, client);
	}
	return NULL;
}

START_TEST(four_threads_connect_and_disconnect)
{
	struct clients *clients;
	pthread_t threads[4];

	ck_assert_int_eq(clients_new(&clients, 3, 2), 0);
	for (unsigned i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, connect_and_disconnect, clients);
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(clients_count(clients), 0);
	clients_free(clients);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clients");
	TCase *tests = tcase_create("clients");

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, addresses_of_one_client, 0, sizeof(pairs) / sizeof(pairs[0]));
	tcase_add_test(tests, the_total_limits_every_client);
	tcase_add_test(tests, top_clients_by_bytes);
	tcase_add_test(tests, top_of_many_clients);
	tcase_add_test(tests, clients_cannot_choose_their_bucket);
	tcase_add_test(tests, a_closed_connection_frees_its_share);
	tcase_add_test(tests, four_threads_connect_and_disconnect);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
