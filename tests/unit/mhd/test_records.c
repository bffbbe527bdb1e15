/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The records between GnuTLS and a socket. A server session with records and a plain client session talk over a socket
 * pair. Each record that the server sends has another byte value, so the client can check the order and the contents.
 */
#include "mhd/records.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../suite.h"

#define PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+ANON-ECDH"
#define RECORD_BYTES 16384

static struct records_pool pool;
static gnutls_anon_server_credentials_t server_credentials;
static gnutls_anon_client_credentials_t client_credentials;

struct pair {
	int fds[2]; /* [0]: server, [1]: client */
	gnutls_session_t server, client;
	struct records *records;
	unsigned char sent, received; /* values of the next records */
	size_t received_bytes;	      /* of the record that is being received */
};

static void start(void)
{
	gnutls_anon_allocate_server_credentials(&server_credentials);
	gnutls_anon_allocate_client_credentials(&client_credentials);
}

static void stop(void)
{
	records_pool_fini(&pool);
	gnutls_anon_free_server_credentials(server_credentials);
	gnutls_anon_free_client_credentials(client_credentials);
}

static void open_pair(struct pair *pair)
{
	int server = GNUTLS_E_AGAIN, client = GNUTLS_E_AGAIN;

	*pair = (struct pair){ 0 };
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair->fds), 0);
	gnutls_init(&pair->server, GNUTLS_SERVER | GNUTLS_NONBLOCK);
	gnutls_init(&pair->client, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
	gnutls_priority_set_direct(pair->server, PRIORITIES, NULL);
	gnutls_priority_set_direct(pair->client, PRIORITIES, NULL);
	gnutls_credentials_set(pair->server, GNUTLS_CRD_ANON, server_credentials);
	gnutls_credentials_set(pair->client, GNUTLS_CRD_ANON, client_credentials);
	gnutls_transport_set_int(pair->client, pair->fds[1]);
	pair->records = records_new(&pool, pair->fds[0]);
	records_attach(pair->records, pair->server);
	ck_assert_int_eq(records_fd(pair->server), pair->fds[0]);
	while (server == GNUTLS_E_AGAIN || client == GNUTLS_E_AGAIN) {
		if (client == GNUTLS_E_AGAIN)
			client = gnutls_handshake(pair->client);
		if (server == GNUTLS_E_AGAIN)
			server = gnutls_handshake(pair->server);
	}
	ck_assert_int_eq(client, 0);
	ck_assert_int_eq(server, 0);
}

static void close_pair(struct pair *pair)
{
	records_free(pair->records);
	gnutls_deinit(pair->server);
	gnutls_deinit(pair->client);
	close(pair->fds[0]);
	close(pair->fds[1]);
}

/* Sends the next record, or continues to send it after GNUTLS_E_AGAIN. Returns false if the socket is full. */
static bool send_record(struct pair *pair, bool hold)
{
	char bytes[RECORD_BYTES];
	ssize_t sent;

	memset(bytes, pair->sent, sizeof(bytes));
	if (hold)
		records_hold_next(pair->records);
	sent = gnutls_record_send(pair->server, bytes, sizeof(bytes));
	ck_assert(sent == GNUTLS_E_AGAIN || sent == RECORD_BYTES);
	pair->sent += sent > 0;
	return sent > 0;
}

/* Returns the number of bytes in the socket of the client. */
static int arrived(const struct pair *pair)
{
	int bytes = -1;

	ck_assert_int_eq(ioctl(pair->fds[1], FIONREAD, &bytes), 0);
	return bytes;
}

/* Receives all bytes that have arrived, and checks them. */
static void receive(struct pair *pair)
{
	char bytes[RECORD_BYTES], expected[RECORD_BYTES];
	ssize_t count;

	while ((count = gnutls_record_recv(pair->client, bytes, sizeof(bytes))) > 0) {
		memset(expected, pair->received, (size_t)count);
		ck_assert_mem_eq(bytes, expected, (size_t)count);
		pair->received_bytes += (size_t)count;
		pair->received += pair->received_bytes == RECORD_BYTES;
		pair->received_bytes %= RECORD_BYTES;
	}
	ck_assert_int_eq(count, GNUTLS_E_AGAIN);
}

START_TEST(record_that_another_follows_is_held)
{
	struct pair pair;

	open_pair(&pair);
	ck_assert(send_record(&pair, true));
	ck_assert_int_eq(arrived(&pair), 0);
	ck_assert(send_record(&pair, true));
	ck_assert_int_eq(arrived(&pair), 0);
	ck_assert(send_record(&pair, false));
	ck_assert_int_gt(arrived(&pair), 3 * RECORD_BYTES);
	receive(&pair);
	ck_assert_uint_eq(pair.received, 3);
	close_pair(&pair);
}
END_TEST

START_TEST(full_buffer_is_sent)
{
	const unsigned fits = RECORDS_HELD_BYTES / (RECORD_BYTES + 64);
	struct pair pair;

	open_pair(&pair);
	for (unsigned i = 0; i < fits; i++)
		ck_assert(send_record(&pair, true));
	ck_assert_int_eq(arrived(&pair), 0);
	while (!send_record(&pair, true)) /* exceeds the buffer; the socket may be smaller than the buffer */
		receive(&pair);
	receive(&pair);
	ck_assert_uint_eq(pair.received, fits + 1);
	close_pair(&pair);
}
END_TEST

START_TEST(end_of_a_pass_sends_records_that_nothing_has_followed)
{
	struct pair active, waiting;

	open_pair(&active);
	open_pair(&waiting);
	ck_assert(send_record(&active, true) && send_record(&waiting, true));
	records_end_pass(&pool, true);
	ck_assert_int_eq(arrived(&active), 0);
	ck_assert_int_eq(arrived(&waiting), 0);
	ck_assert(send_record(&active, true));
	records_end_pass(&pool, true);
	ck_assert_int_eq(arrived(&active), 0);
	ck_assert_int_gt(arrived(&waiting), RECORD_BYTES);
	records_end_pass(&pool, false);
	ck_assert_int_gt(arrived(&active), 2 * RECORD_BYTES);
	receive(&active);
	receive(&waiting);
	ck_assert_uint_eq(active.received, 2);
	ck_assert_uint_eq(waiting.received, 1);
	ck_assert_uint_eq(pool.buffers, 2);
	close_pair(&active);
	close_pair(&waiting);
}
END_TEST

/* Every other record is held. The last record is never held, and must not be accepted before all others are sent. */
START_TEST(full_socket_stops_the_output)
{
	const int size = 4096;
	struct pair pair;
	unsigned stopped = 0;

	open_pair(&pair);
	setsockopt(pair.fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	for (unsigned i = 0; i < 200; i++) {
		while (!send_record(&pair, i % 2 == 0)) {
			records_end_pass(&pool, i % 3 == 0);
			stopped++;
			receive(&pair);
		}
	}
	receive(&pair);
	ck_assert_uint_gt(stopped, 50);
	ck_assert_uint_eq(pair.received, 200);
	close_pair(&pair);
}
END_TEST

START_TEST(corked_output_is_one_record)
{
	struct pair pair;
	char bytes[1000] = { 0 };

	open_pair(&pair);
	ck_assert(records_cork(pair.records));
	ck_assert_int_eq(gnutls_record_send(pair.server, "head", 4), 4);
	ck_assert_int_eq(gnutls_record_send(pair.server, "body", 4), 4);
	records_end_pass(&pool, false);
	ck_assert_int_eq(arrived(&pair), 0);
	records_uncork(pair.records);
	ck_assert_int_gt(arrived(&pair), 8);
	ck_assert_int_eq(gnutls_record_recv(pair.client, bytes, sizeof(bytes)), 8);
	ck_assert_str_eq(bytes, "headbody");
	records_uncork(pair.records); /* does nothing */
	ck_assert(send_record(&pair, false));
	receive(&pair);
	ck_assert_uint_eq(pair.received, 1);
	close_pair(&pair);
}
END_TEST

/* The socket is full when the bytes are sent, and the client receives them later. */
START_TEST(corked_output_waits_for_a_full_socket)
{
	const int size = 4096;
	struct pair pair;

	open_pair(&pair);
	setsockopt(pair.fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	for (unsigned i = 0; i < 5; i++) {
		ck_assert(records_cork(pair.records));
		ck_assert(send_record(&pair, false) && send_record(&pair, false));
		records_uncork(pair.records);
		ck_assert_int_lt(arrived(&pair), 2 * RECORD_BYTES);
		ck_assert(records_owed(pair.records) && !records_cork(pair.records));
		ck_assert(!send_record(&pair, false)); /* the next response waits */
		for (unsigned passes = 0; pair.received < pair.sent; passes++) {
			ck_assert_uint_lt(passes, 100);
			receive(&pair);
			records_end_pass(&pool, true);
		}
		while (!send_record(&pair, false))
			receive(&pair);
		receive(&pair);
		ck_assert_uint_eq(pair.received, pair.sent);
		ck_assert(!records_owed(pair.records));
	}
	close_pair(&pair);
}
END_TEST

START_TEST(closing_sends_held_records)
{
	struct pair pair;

	open_pair(&pair);
	ck_assert(send_record(&pair, true));
	records_free(pair.records);
	pair.records = NULL;
	receive(&pair);
	ck_assert_uint_eq(pair.received, 1);
	close_pair(&pair);
}
END_TEST

START_TEST(error_of_the_socket_is_reported_with_the_next_record)
{
	char bytes[RECORD_BYTES] = { 0 };
	struct pair pair;

	open_pair(&pair);
	ck_assert(send_record(&pair, true));
	shutdown(pair.fds[0], SHUT_RDWR);
	records_end_pass(&pool, false);
	ck_assert_int_eq(gnutls_record_send(pair.server, bytes, sizeof(bytes)), GNUTLS_E_PUSH_ERROR);
	close_pair(&pair);
}
END_TEST

START_TEST(number_of_buffers_is_bounded)
{
	struct pair pairs[RECORDS_BUFFERS_MAX + 1];
	struct pair *extra = &pairs[RECORDS_BUFFERS_MAX];

	for (unsigned i = 0; i <= RECORDS_BUFFERS_MAX; i++) {
		open_pair(&pairs[i]);
		ck_assert(send_record(&pairs[i], true));
		ck_assert_int_eq(arrived(&pairs[i]) > 0, i == RECORDS_BUFFERS_MAX);
	}
	close_pair(&pairs[0]); /* its buffer is used again */
	ck_assert(send_record(extra, true));
	ck_assert_int_lt(arrived(extra), 2 * RECORD_BYTES);
	ck_assert_uint_eq(pool.buffers, RECORDS_BUFFERS_MAX);
	for (unsigned i = 1; i <= RECORDS_BUFFERS_MAX; i++)
		close_pair(&pairs[i]);
}
END_TEST

/* Records of all sizes around that of the input buffer, several of which arrive together. */
START_TEST(records_of_the_client_are_received)
{
	char bytes[1200], got[1200];
	struct pair pair;

	open_pair(&pair);
	for (size_t size = 1; size <= sizeof(bytes); size += 7) {
		memset(bytes, (int)size, size);
		for (int i = 0; i < 3; i++)
			ck_assert_int_eq(gnutls_record_send(pair.client, bytes, size), (ssize_t)size);
		for (int i = 0; i < 3; i++) {
			ck_assert_int_eq(gnutls_record_recv(pair.server, got, sizeof(got)), (ssize_t)size);
			ck_assert_mem_eq(got, bytes, size);
		}
		ck_assert_int_eq(gnutls_record_recv(pair.server, got, sizeof(got)), GNUTLS_E_AGAIN);
	}
	shutdown(pair.fds[1], SHUT_RDWR);
	ck_assert_int_eq(gnutls_record_recv(pair.server, got, sizeof(got)), GNUTLS_E_PREMATURE_TERMINATION);
	close_pair(&pair);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("records");
	TCase *tcase = tcase_create("records");

	suite_add_tcase(suite, tcase);
	tcase_add_checked_fixture(tcase, start, stop);
	tcase_add_test(tcase, record_that_another_follows_is_held);
	tcase_add_test(tcase, full_buffer_is_sent);
	tcase_add_test(tcase, end_of_a_pass_sends_records_that_nothing_has_followed);
	tcase_add_test(tcase, full_socket_stops_the_output);
	tcase_add_test(tcase, corked_output_is_one_record);
	tcase_add_test(tcase, corked_output_waits_for_a_full_socket);
	tcase_add_test(tcase, closing_sends_held_records);
	tcase_add_test(tcase, error_of_the_socket_is_reported_with_the_next_record);
	tcase_add_test(tcase, number_of_buffers_is_bounded);
	tcase_add_test(tcase, records_of_the_client_are_received);
	return suite_run(suite);
}
