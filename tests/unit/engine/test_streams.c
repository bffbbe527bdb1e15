/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams: shares by bytes between clients and between the streams of one client, and the limit of time. */
#include "engine/streams.h"

#include <errno.h>

#include "../suite.h"
#include "base/clock.h"
#include "base/container_of.h"

#define MIB ((size_t)1 << 20)

/* A stream that takes at most `most` bytes at a time, and waits after `until_wait` sends. */
struct body {
	struct stream stream;
	size_t most, sent_bytes, longest;
	unsigned sends, until_wait;
	bool closes;
	uint64_t busy_ns; /* time that one send takes */
};

static struct streams *streams;
static struct body bodies[64];

static bool send_body(struct stream *stream, size_t max_bytes, size_t *sent_bytes)
{
	struct body *body = container_of(stream, struct body, stream);
	const uint64_t until_ns = clock_now_ns() + body->busy_ns;

	*sent_bytes = body->most < max_bytes ? body->most : max_bytes;
	body->sent_bytes += *sent_bytes;
	body->longest = *sent_bytes > body->longest ? *sent_bytes : body->longest;
	body->sends++;
	while (clock_now_ns() < until_ns)
		;
	if (body->closes)
		streams_close(streams, stream);
	return !body->closes && (body->until_wait == 0 || body->sends % body->until_wait != 0);
}

static void setup(void)
{
	memset(bodies, 0, sizeof(bodies));
	ck_assert_int_eq(streams_new(&streams), 0);
}

static void teardown(void)
{
	for (unsigned i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		streams_close(streams, &bodies[i].stream);
	streams_free(streams);
}

static struct body *start(unsigned i, const void *client, size_t most)
{
	bodies[i].most = most;
	bodies[i].stream.send = send_body;
	ck_assert_int_eq(streams_open(streams, &bodies[i].stream, client), 0);
	streams_ready(streams, &bodies[i].stream);
	return &bodies[i];
}

/* Runs turns until all bodies together have sent about this many bytes. Bodies that wait become ready again. */
static void run_until(size_t bytes, unsigned count)
{
	for (size_t sum = 0; sum < bytes;) {
		streams_run(streams, 0); /* serves one client */
		sum = 0;
		for (unsigned i = 0; i < count; i++) {
			sum += bodies[i].sent_bytes;
			if (bodies[i].stream.client != NULL)
				streams_ready(streams, &bodies[i].stream);
		}
	}
}

START_TEST(clients_have_equal_shares)
{
	/* The first client has 9 streams, the second has one, and the third takes little at a time. */
	static const char clients[3];
	size_t shares[3] = { 0 };

	for (unsigned i = 0; i < 9; i++)
		start(i, &clients[0], MIB);
	start(9, &clients[1], MIB);
	start(10, &clients[2], MIB / 8);
	run_until(300 * MIB, 11);
	for (unsigned i = 0; i < 11; i++)
		shares[i < 9 ? 0 : i - 8] += bodies[i].sent_bytes;
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_ge(shares[i], 90 * MIB);
		ck_assert_uint_le(shares[i], 110 * MIB);
	}
	for (unsigned i = 0; i < 9; i++)
		ck_assert_uint_ge(bodies[i].sent_bytes, 9 * MIB);
}
END_TEST

/* Streams that take little at a time are served more often. */
START_TEST(streams_of_a_client_have_equal_shares)
{
	static const char client;

	for (unsigned i = 0; i < 4; i++)
		start(i, &client, MIB >> i);
	run_until(200 * MIB, 4);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_uint_ge(bodies[i].sent_bytes, 48 * MIB);
		ck_assert_uint_le(bodies[i].sent_bytes, 52 * MIB);
	}
}
END_TEST

/* A stream that was not ready for long, and a new stream, do not stop the others for long. */
START_TEST(the_share_to_catch_up_is_bounded)
{
	static const char client;
	struct body *busy = start(0, &client, MIB), *late, *new;
	size_t before;

	late = start(1, &client, MIB);
	late->until_wait = 1;
	streams_run(streams, 0);
	streams_run(streams, 0);
	run_until(100 * MIB, 1);
	before = busy->sent_bytes;
	new = start(2, &client, MIB);
	run_until(busy->sent_bytes + late->sent_bytes + 19 * MIB, 3);
	ck_assert_uint_gt(late->sent_bytes, 15 * MIB);
	ck_assert_uint_gt(busy->sent_bytes, before);
	ck_assert_uint_gt(new->sent_bytes, 0);
}
END_TEST

/* A client that requests one short body after the other still gets the rest of its long body. */
START_TEST(new_streams_do_not_stop_a_long_one)
{
	static const char client;
	const struct body *busy = start(0, &client, MIB);

	for (unsigned turn = 0; turn < 1000; turn++) {
		for (unsigned i = 1; i < 4; i++)
			if (bodies[i].stream.client == NULL)
				start(i, &client, MIB / 2)->closes = true;
		streams_run(streams, 0);
	}
	ck_assert_uint_ge(busy->sent_bytes, 50 * MIB);
}
END_TEST

START_TEST(a_client_that_waits_saves_no_credit)
{
	static const char clients[2];
	struct body *slow = start(0, &clients[0], MIB / 2), *fast = start(1, &clients[1], MIB);

	slow->until_wait = 1;
	run_until(100 * MIB, 2);
	ck_assert_uint_le(slow->longest, MIB / 2);
	ck_assert_uint_le(slow->sent_bytes, fast->sent_bytes);
	ck_assert_uint_ge(slow->sent_bytes, 25 * MIB);
}
END_TEST

START_TEST(a_turn_is_bounded_in_time)
{
	uint64_t begin_ns, spent_ns;

	for (unsigned i = 0; i < 64; i++)
		start(i, &bodies[i % 8], MIB)->busy_ns = CLOCK_NS_PER_MS / 5;
	for (unsigned turn = 0; turn < 64; turn++) {
		unsigned before = 0, after = 0;

		for (unsigned i = 0; i < 64; i++)
			before += bodies[i].sends;
		begin_ns = clock_now_ns();
		streams_run(streams, begin_ns + CLOCK_NS_PER_MS);
		spent_ns = clock_now_ns() - begin_ns;
		for (unsigned i = 0; i < 64; i++)
			after += bodies[i].sends;
		ck_assert_uint_ge(after - before, 1);
		ck_assert_uint_le(after - before, 1 + CLOCK_NS_PER_MS / bodies[0].busy_ns);
		ck_assert_uint_ge(spent_ns, bodies[0].busy_ns);
	}
	/* A turn continues where the last one ended. */
	for (unsigned i = 0; i < 64; i++)
		ck_assert_uint_ge(bodies[i].sends, 1);
}
END_TEST

START_TEST(a_stream_may_close_itself)
{
	static const char client;

	start(0, &client, MIB)->closes = true;
	start(1, &client, MIB)->until_wait = 1;
	start(2, &bodies[2], MIB)->closes = true;
	streams_run(streams, UINT64_MAX);
	ck_assert(!streams_any_ready(streams));
	ck_assert_uint_eq(bodies[0].sends, 1);
	ck_assert_uint_eq(bodies[1].sends, 1);
	ck_assert_uint_eq(bodies[2].sends, 1);
	streams_close(streams, &bodies[0].stream); /* has no effect */
}
END_TEST

START_TEST(a_closed_stream_is_not_served)
{
	start(0, &bodies[0], MIB);
	start(1, &bodies[0], MIB)->until_wait = 1;
	streams_ready(streams, &bodies[0].stream);
	streams_close(streams, &bodies[0].stream);
	streams_run(streams, UINT64_MAX);
	ck_assert_uint_eq(bodies[0].sends, 0);
	ck_assert_uint_eq(bodies[1].sends, 1);
	ck_assert(!streams_any_ready(streams));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("streams");
	TCase *tcase = tcase_create("streams");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, clients_have_equal_shares);
	tcase_add_test(tcase, streams_of_a_client_have_equal_shares);
	tcase_add_test(tcase, the_share_to_catch_up_is_bounded);
	tcase_add_test(tcase, new_streams_do_not_stop_a_long_one);
	tcase_add_test(tcase, a_client_that_waits_saves_no_credit);
	tcase_add_test(tcase, a_turn_is_bounded_in_time);
	tcase_add_test(tcase, a_stream_may_close_itself);
	tcase_add_test(tcase, a_closed_stream_is_not_served);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
