/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PROXY headers on sockets: the received bytes, the bytes that stay in the socket, and the closed connections. */
#include "net/proxy_protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "../suite.h"
#include "base/address.h"
#include "base/clock.h"

#define HEADER "PROXY TCP4 192.0.2.1 198.51.100.2 12345 80\r\n"
#define V2_LONG "\r\n\r\n\0\r\nQUIT\n\x21\x11\x40\x00\xc0\x00\x02\x01\xc6\x33\x64\x02\x30\x39\x00\x50"
#define V2_LOCAL "\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00"

static struct reactor *reactor;
static struct proxy_protocol *proxies;
static int far, token;
static unsigned reads;
static int got_fd;
static char got_address[ADDRESS_TEXT_BYTES];

static void on_header(void *context, const struct arrival *arrival, bool rejected)
{
	(void)rejected;
	struct address address;
	ck_assert_ptr_null(context);
	ck_assert_uint_eq(arrival->listener, 7);
	ck_assert_ptr_eq(arrival->client, &token);
	ck_assert_uint_gt(arrival->length, 0);
	address_from_sockaddr((const struct sockaddr *)&arrival->address, &address);
	address_format(&address, got_address);
	got_fd = arrival->fd;
	reads++;
}

static void add_connection(void)
{
	struct sockaddr_in peer = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000001) };
	struct arrival arrival = { .listener = 7, .length = sizeof(peer), .client = &token };
	int fds[2];
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	far = fds[1];
	reads = 0;
	arrival.fd = fds[0];
	memcpy(&arrival.address, &peer, sizeof(peer));
	proxy_protocol_add(proxies, &arrival);
}

static void setup(void)
{
	ck_assert_int_eq(reactor_new(&reactor), 0);
	ck_assert_int_eq(proxy_protocol_new(&proxies, reactor, 300, on_header, NULL), 0);
	add_connection();
}

static void teardown(void)
{
	proxy_protocol_abort(proxies);
	proxy_protocol_free(proxies);
	reactor_free(reactor);
	close(far);
}

static void send_bytes(const void *bytes, size_t length)
{
	ck_assert_int_eq(send(far, bytes, length, 0), (ssize_t)length);
}

static void iterate(void)
{
	for (unsigned i = 0; i < 8; i++)
		ck_assert_int_ge(reactor_iterate(reactor, 0), 0);
}

/* The connection was handed over with this address, and the bytes after the header are still in the socket. */
static void check_passed(const char *address, const char *rest)
{
	char bytes[64];
	ssize_t n;
	ck_assert_uint_eq(reads, 1);
	ck_assert_int_ge(got_fd, 0);
	ck_assert_str_eq(got_address, address);
	n = recv(got_fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	ck_assert_int_eq(n < 0 ? 0 : n, (ssize_t)strlen(rest));
	ck_assert(n < 0 || memcmp(bytes, rest, (size_t)n) == 0);
	close(got_fd);
}

static void check_closed(void)
{
	char byte;
	ck_assert_uint_eq(reads, 1);
	ck_assert_int_eq(got_fd, -1);
	errno = 0;
	ck_assert_int_le(recv(far, &byte, 1, MSG_DONTWAIT), 0);
	ck_assert_int_ne(errno, EAGAIN);
}

START_TEST(only_the_header_is_received)
{
	send_bytes(HEADER "GET /", sizeof(HEADER "GET /") - 1);
	iterate();
	check_passed("192.0.2.1", "GET /");
}
END_TEST

START_TEST(the_header_may_arrive_byte_by_byte)
{
	for (size_t i = 0; i < sizeof(HEADER) - 1; i++) {
		ck_assert_uint_eq(reads, 0);
		send_bytes(&HEADER[i], 1);
		iterate();
	}
	check_passed("192.0.2.1", "");
}
END_TEST

START_TEST(half_a_header_does_not_spin)
{
	send_bytes(HEADER, 10);
	iterate();
	ck_assert_int_eq(reactor_iterate(reactor, 20), 0);
	send_bytes(&HEADER[10], sizeof(HEADER) - 11);
	iterate();
	check_passed("192.0.2.1", "");
}
END_TEST

START_TEST(a_long_header_is_skipped)
{
	static char rest[16384 - 12];
	send_bytes(V2_LONG, sizeof(V2_LONG) - 1);
	iterate();
	ck_assert_uint_eq(reads, 0);
	send_bytes(rest, 5000);
	iterate();
	ck_assert_uint_eq(reads, 0);
	send_bytes(rest, sizeof(rest) - 5000);
	send_bytes("GET", 3);
	iterate();
	check_passed("192.0.2.1", "GET");
}
END_TEST

START_TEST(a_header_without_address_keeps_the_proxy)
{
	send_bytes(V2_LOCAL "GET", sizeof(V2_LOCAL "GET") - 1);
	iterate();
	check_passed("10.0.0.1", "GET");
}
END_TEST

START_TEST(a_malformed_header_closes_the_connection)
{
	send_bytes("GET / HTTP/1.1\r\n", 16);
	iterate();
	check_closed();
}
END_TEST

START_TEST(a_closed_connection_is_removed)
{
	send_bytes(HEADER, 10);
	close(far);
	iterate();
	ck_assert_uint_eq(reads, 1);
	ck_assert_int_eq(got_fd, -1);
	far = -1;
}
END_TEST

START_TEST(the_header_has_a_timeout)
{
	uint64_t start_ns = clock_now_ns();
	send_bytes(HEADER, 10);
	while (reads == 0)
		reactor_iterate(reactor, 1000);
	ck_assert_uint_ge(clock_now_ns() - start_ns, 250 * CLOCK_NS_PER_MS);
	check_closed();
}
END_TEST

START_TEST(draining_closes_silent_connections)
{
	int quiet = far;
	char byte;
	proxy_protocol_drain(proxies, 0);
	while (reads == 0)
		reactor_iterate(reactor, 1000);
	check_closed();
	close(quiet);
	add_connection();
	send_bytes(HEADER, 10);
	iterate();
	proxy_protocol_drain(proxies, 60000);
	ck_assert_uint_eq(reads, 0);
	ck_assert_int_lt(recv(far, &byte, 1, MSG_DONTWAIT), 0);
	send_bytes(&HEADER[10], sizeof(HEADER) - 11);
	iterate();
	check_passed("192.0.2.1", "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("proxies");
	TCase *t = tcase_create("proxies");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, only_the_header_is_received);
	tcase_add_test(t, the_header_may_arrive_byte_by_byte);
	tcase_add_test(t, half_a_header_does_not_spin);
	tcase_add_test(t, a_long_header_is_skipped);
	tcase_add_test(t, a_header_without_address_keeps_the_proxy);
	tcase_add_test(t, a_malformed_header_closes_the_connection);
	tcase_add_test(t, a_closed_connection_is_removed);
	tcase_add_test(t, the_header_has_a_timeout);
	tcase_add_test(t, draining_closes_silent_connections);
	suite_add_tcase(suite, t);
	return suite_run(suite);
}
