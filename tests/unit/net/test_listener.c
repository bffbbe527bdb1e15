/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Listening sockets and the listener: addresses, accepted connections, a lack of descriptors, and the files of Unix
 * sockets at the end.
 */
#include "net/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../suite.h"
#include "base/clock.h"

static unsigned accepted_count;

static void count_and_close(void *context, int fd, unsigned listener, const struct sockaddr *peer, socklen_t length,
			    int error)
{
	ck_assert_uint_eq(listener, 0);
	ck_assert_int_le(error, 0);
	(void)context;
	(void)length;
	ck_assert(peer->sa_family == AF_INET || peer->sa_family == AF_UNIX);
	accepted_count++;
	close(fd);
}

static struct sockets *open_on(const char *address)
{
	struct listen_address_sites parsed = { .sites = 1 };
	struct sockets *sockets;
	char fault[SOCKETS_FAULT_BYTES] = "";

	ck_assert_ptr_null(listen_address_parse(address, &parsed.address));
	ck_assert_msg(sockets_open(&sockets, &parsed, 1, 1, NULL, fault) == 0, "%s", fault);
	return sockets;
}

/* Connects a client to the first socket; its connection may still be queued. */
static int connect_to(const struct sockets *sockets)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);
	int fd;

	ck_assert_int_eq(getsockname(sockets_fd(sockets, 0), (struct sockaddr *)&address, &length), 0);
	fd = socket(address.ss_family, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, length), 0);
	return fd;
}

START_TEST(all_connections_are_accepted)
{
	struct sockets *sockets = open_on("127.0.0.1:0");
	struct reactor *reactor;
	struct listener *listener;
	int fds[100];

	ck_assert_int_eq(reactor_new(&reactor), 0);
	ck_assert_int_eq(listener_new(&listener, reactor, sockets, count_and_close, NULL), 0);
	for (unsigned i = 0; i < 100; i++)
		fds[i] = connect_to(sockets);
	while (accepted_count < 100)
		ck_assert_int_gt(reactor_iterate(reactor, 1000), 0);
	for (unsigned i = 0; i < 100; i++)
		close(fds[i]);
	listener_free(listener);
	reactor_free(reactor);
}
END_TEST

START_TEST(queued_connections_are_accepted_before_the_end)
{
	struct sockets *sockets = open_on("127.0.0.1:0");
	struct reactor *reactor;
	struct listener *listener;
	int fds[10];

	ck_assert_int_eq(reactor_new(&reactor), 0);
	ck_assert_int_eq(listener_new(&listener, reactor, sockets, count_and_close, NULL), 0);
	for (unsigned i = 0; i < 10; i++)
		fds[i] = connect_to(sockets);
	listener_free(listener);
	ck_assert_uint_eq(accepted_count, 10);
	for (unsigned i = 0; i < 10; i++)
		close(fds[i]);
	reactor_free(reactor);
}
END_TEST

/* Without free descriptors the loop must not spin and the client must be rejected. Later connections are accepted. */
START_TEST(no_descriptors_means_back_off)
{
	struct sockets *sockets = open_on("127.0.0.1:0");
	struct reactor *reactor;
	struct listener *listener;
	struct rlimit limit = { 0, 0 }, tight;
	unsigned iterations = 0;
	uint64_t end_ns;
	int first, second;
	char byte;

	ck_assert_int_eq(reactor_new(&reactor), 0);
	ck_assert_int_eq(listener_new(&listener, reactor, sockets, count_and_close, NULL), 0);
	first = connect_to(sockets);
	second = connect_to(sockets);
	getrlimit(RLIMIT_NOFILE, &limit);
	tight = (struct rlimit){ .rlim_cur = 3, .rlim_max = limit.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &tight), 0);
	end_ns = clock_now_ns() + 350 * CLOCK_NS_PER_MS;
	while (clock_now_ns() < end_ns) {
		reactor_iterate(reactor, 50);
		iterations++;
	}
	ck_assert_uint_lt(iterations, 60);
	ck_assert_uint_eq(accepted_count, 0);
	setrlimit(RLIMIT_NOFILE, &limit);
	end_ns = clock_now_ns() + 2000 * CLOCK_NS_PER_MS;
	while (accepted_count < 1 && clock_now_ns() < end_ns)
		reactor_iterate(reactor, 50);
	ck_assert_uint_ge(accepted_count, 1);
	ck_assert_int_eq(recv(first, &byte, 1, 0), 0);
	close(first);
	close(second);
	listener_free(listener);
	reactor_free(reactor);
}
END_TEST

START_TEST(a_port_in_use_is_reported)
{
	struct sockets *sockets = open_on("127.0.0.1:0"), *other;
	char address[64], fault[SOCKETS_FAULT_BYTES] = "";
	struct listen_address_sites parsed = { .sites = 1 };

	ck_assert_ptr_null(
		listen_address_parse(sockets_address(sockets, 0, address, sizeof(address)), &parsed.address));
	ck_assert_int_eq(sockets_open(&other, &parsed, 1, 1, NULL, fault), -EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(fault, address));
	sockets_release(sockets);
}
END_TEST

START_TEST(a_stale_unix_socket_is_replaced_and_a_live_one_is_not)
{
	char directory[] = "listener.XXXXXX", path[64], here[4096], address[4200], fault[SOCKETS_FAULT_BYTES] = "";
	struct sockaddr_un stale = { .sun_family = AF_UNIX };
	struct sockets *sockets, *other;
	struct listen_address_sites parsed = { .sites = 1 };
	struct stat status;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/s", directory);
	memcpy(stale.sun_path, path, strlen(path) + 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&stale, sizeof(stale)), 0);
	close(fd);
	snprintf(address, sizeof(address), "unix:%s/%s", getcwd(here, sizeof(here)), path);
	if (listen_address_parse(address, &parsed.address) != NULL) /* this folder's name is too long for a socket */
		snprintf(address, sizeof(address), "unix:/tmp/ranged-test-%d", (int)getpid());
	sockets = open_on(address);
	close(connect_to(sockets));
	ck_assert_ptr_null(listen_address_parse(address, &parsed.address));
	ck_assert_int_eq(sockets_open(&other, &parsed, 1, 1, NULL, fault), -EADDRINUSE);
	sockets_release(sockets);
	ck_assert_int_ne(stat(address + 5, &status), 0);
	unlink(path);
	rmdir(directory);
}
END_TEST

START_TEST(the_address_file_has_all_addresses)
{
	struct listen_address_sites parsed[2];
	struct sockets *sockets;
	char path[] = "addresses.XXXXXX", fault[SOCKETS_FAULT_BYTES], line[64], expected[80];
	FILE *file;

	close(mkstemp(path));
	listen_address_parse("127.0.0.1:0", &parsed[0].address);
	listen_address_parse("127.0.0.1:0", &parsed[1].address);
	ck_assert_int_eq(sockets_open(&sockets, parsed, 2, 1, NULL, fault), 0);
	ck_assert_int_eq(sockets_write_addresses(sockets, path), 0);
	file = fopen(path, "r");
	for (size_t i = 0; i < 2; i++) {
		ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
		sockets_address(sockets, i, expected, sizeof(expected));
		ck_assert_str_eq(line, strcat(expected, "\n"));
	}
	ck_assert_ptr_null(fgets(line, sizeof(line), file));
	fclose(file);
	unlink(path);
	ck_assert_int_eq(sockets_write_addresses(sockets, "/nonexistent/x"), -ENOENT);
	sockets_release(sockets);
}
END_TEST

static void reset(void)
{
	accepted_count = 0;
}

int main(void)
{
	Suite *suite = suite_create("listener");
	TCase *tests = tcase_create("listener");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, reset, NULL);
	tcase_add_test(tests, all_connections_are_accepted);
	tcase_add_test(tests, queued_connections_are_accepted_before_the_end);
	tcase_add_test(tests, no_descriptors_means_back_off);
	tcase_add_test(tests, a_port_in_use_is_reported);
	tcase_add_test(tests, a_stale_unix_socket_is_replaced_and_a_live_one_is_not);
	tcase_add_test(tests, the_address_file_has_all_addresses);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
