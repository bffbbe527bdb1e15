/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Transfers: bytes and their order, readahead, memory limits, and files that change. */
#include "request/transfer.h"

#include <errno.h>

#include "../storage.h"

static struct range_set set;
/* 1,000 ranges of 1 to 10 bytes, in descending order; setup() writes the text. */
static char many_ranges[20000];
static struct multipart multipart;
static struct pins pins;
static unsigned wakes;
static uint8_t *expected;
static size_t expected_bytes;

static void wake(void *context)
{
	(void)context;
	wakes++;
}

static void note_wake(void *context)
{
	++*(unsigned *)context;
}

static void expect(const void *bytes, size_t length)
{
	expected = realloc(expected, expected_bytes + length);
	memcpy(expected + expected_bytes, bytes, length);
	expected_bytes += length;
}

static void expect_ranges(void)
{
	char text[512];

	for (unsigned i = 0; i < set.count; i++) {
		if (set.count > 1)
			expect(text, multipart_head(&multipart, i, text));
		expect(content + set.ranges[i].first, set.ranges[i].last - set.ranges[i].first + 1);
	}
	if (set.count > 1)
		expect(text, multipart_head(&multipart, set.count, text));
}

static struct transfer *start(const char *ranges, size_t block_bytes)
{
	struct transfer_options options = { .window.store = store,
					    .window.file = file,
					    .window.set = &set,
					    .window.block_bytes = block_bytes,
					    .window.size_max = 4,
					    .window.pins = &pins,
					    .wake = wake };
	struct transfer *transfer;

	range_set_fini(&set);
	ck_assert_int_eq(range_parse(ranges, FILE_BYTES, RANGE_COUNT_MAX, &set), RANGE_PARTIAL);
	if (set.count > 1) {
		ck_assert_int_eq(
			multipart_init(&multipart, &set,
				       &(struct multipart_representation){ .size = FILE_BYTES, .type = "text/plain" }),
			0);
		options.window.multipart = &multipart;
	}
	expect_ranges();
	ck_assert_int_eq(transfer_new(&transfer, &options), 0);
	return transfer;
}

static void setup(void)
{
	storage_setup();
	memset(&multipart, 0, sizeof(multipart));
	memset(&pins, 0, sizeof(pins));
	expected = NULL;
	expected_bytes = 0;
	wakes = 0;
	strcpy(many_ranges, "bytes=");
	for (unsigned i = 1000, used = 6; i-- > 0;)
		used += (unsigned)sprintf(many_ranges + used, "%u-%u,", i * 3000, i * 3000 + i % 10);
}

static void teardown(void)
{
	range_set_fini(&set);
	free(expected);
	storage_teardown();
}

/* Runs the storage until wake() is called, as for a suspended connection. */
static void sleep_until_woken(void)
{
	for (unsigned before = wakes; wakes == before;)
		storage_turn();
}

static const struct {
	const char *ranges;
	size_t block_bytes, take;
	unsigned release_every; /* 0: never */
} transfers[] = {
	{ "bytes=0-", 262144, 262144, 0 },
	{ "bytes=0-", 16384, 262144, 0 },
	{ "bytes=1-2999999", 65536, 10007, 0 },
	{ "bytes=1-2999999", 65536, 10007, 1 },
	{ "bytes=4095-2000000", 16384, 999, 7 },
	{ "bytes=5-6,100000-900000,3000000-", 262144, 65536, 0 },
	{ "bytes=3000000-3016000,100000-116000,5-6", 16384, 1, 0 },
	{ "bytes=3000000-3200000,100000-190000,5-6", 16384, 50, 3 },
	{ many_ranges, 16384, 4096, 0 },
	{ many_ranges, 262144, 7, 5 },
};

/* Takes at most `take` bytes with transfer_gather(), and checks them. Returns the result of transfer_gather(). */
static ssize_t gather(struct transfer *transfer, size_t at, size_t take)
{
	struct iovec pieces[3];
	unsigned count = 0;
	ssize_t n = transfer_gather(transfer, pieces, 3, &count, take);
	size_t bytes = 0;

	if (n < 0)
		return n;
	ck_assert_uint_le(at + (size_t)n, expected_bytes);
	ck_assert_uint_le(count, 3);
	ck_assert_uint_le((size_t)n, take);
	for (unsigned i = 0; i < count; i++) {
		ck_assert_uint_gt(pieces[i].iov_len, 0);
		if (memcmp(pieces[i].iov_base, expected + at + bytes, pieces[i].iov_len) != 0)
			ck_abort_msg("wrong bytes at %zu", at + bytes);
		bytes += pieces[i].iov_len;
	}
	ck_assert_uint_eq(bytes, (size_t)n);
	return n;
}

/* The client sometimes takes nothing, and sometimes only a part of the bytes, as a full socket does. */
static void bytes_are_gathered_in_order_of(int i)
{
	struct transfer *transfer = start(transfers[i].ranges, transfers[i].block_bytes);
	size_t at = 0, taken;
	unsigned sends = 0;

	transfer_set_send_bytes(transfer, transfers[i].take);
	while (at < expected_bytes) {
		ssize_t n = gather(transfer, at, transfers[i].take);

		if (n == -EAGAIN) {
			sleep_until_woken();
			continue;
		}
		ck_assert_int_gt(n, 0);
		sends++;
		taken = sends % 5 == 0 ? 0 : sends % 3 == 0 ? ((size_t)n + 1) / 2 : (size_t)n;
		transfer_consume(transfer, taken);
		at += taken;
		if (transfers[i].release_every > 0 && sends % transfers[i].release_every == 0)
			transfer_release_window(transfer);
	}
	ck_assert_int_eq(gather(transfer, at, 1), 0);
	transfer_free(transfer);
}

START_TEST(bytes_are_gathered_in_order)
{
	bytes_are_gathered_in_order_of(_i);
}
END_TEST

START_TEST(bytes_of_a_remote_file_are_gathered_in_order)
{
	storage_be_remote();
	bytes_are_gathered_in_order_of(_i);
	ck_assert_uint_gt(file->extra->verified_ns, 0); /* the version of all bytes was proven */
}
END_TEST

static void bytes_come_in_order_of(int i)
{
	struct transfer *transfer = start(transfers[i].ranges, transfers[i].block_bytes);
	uint8_t *buffer = malloc(transfers[i].take);
	size_t at = 0;
	unsigned reads = 0;

	while (at < expected_bytes) {
		ssize_t n = transfer_read(transfer, buffer, transfers[i].take);

		if (n == -EAGAIN) {
			sleep_until_woken();
			continue;
		}
		ck_assert_int_gt(n, 0);
		ck_assert_uint_le(at + (size_t)n, expected_bytes);
		if (memcmp(buffer, expected + at, (size_t)n) != 0)
			ck_abort_msg("wrong bytes at %zu", at);
		at += (size_t)n;
		if (transfers[i].release_every > 0 && ++reads % transfers[i].release_every == 0)
			transfer_release_window(transfer);
	}
	ck_assert_int_eq(transfer_read(transfer, buffer, 1), 0);
	transfer_free(transfer);
	free(buffer);
}

START_TEST(bytes_come_in_order)
{
	bytes_come_in_order_of(_i);
}
END_TEST

START_TEST(bytes_of_a_remote_file_come_in_order)
{
	storage_be_remote();
	bytes_come_in_order_of(_i);
	ck_assert_uint_gt(file->extra->verified_ns, 0); /* the version of all bytes was proven */
}
END_TEST

/* Waits for the next bytes or an error. */
static ssize_t next_bytes(struct transfer *transfer, void *buffer, size_t length)
{
	ssize_t n;

	while ((n = transfer_read(transfer, buffer, length)) == -EAGAIN)
		sleep_until_woken();
	return n;
}

/* The last piece is held back until the server has confirmed the version, even if all bytes were read before. */
START_TEST(a_remote_file_that_changes_is_never_complete)
{
	struct transfer *transfer = start(_i % 2 == 0 ? "bytes=0-299999" : "bytes=0-99999,200000-299999", 65536);
	uint8_t *buffer = malloc(expected_bytes);
	size_t at = 0;
	ssize_t n;

	storage_be_remote();
	while (transfer_ready(transfer) == -EAGAIN)
		sleep_until_woken();
	for (n = 1; n > 0 && at < (_i < 2 ? 1 : expected_bytes - 50000); at += (size_t)n)
		n = next_bytes(transfer, buffer + at, 1000);
	ck_assert_int_gt(n, 0);
	storage_change_file();
	for (; n > 0 && at<expected_bytes; at += n> 0 ? (size_t)n : 0)
		n = next_bytes(transfer, buffer + at, expected_bytes - at);
	ck_assert_int_eq(n, -ESTALE);
	ck_assert_uint_lt(at, expected_bytes);
	transfer_free(transfer);
	free(buffer);
}
END_TEST

/* The first bytes are in the cache, and the file changes before the header is sent. */
START_TEST(a_file_that_changes_before_the_header)
{
	struct transfer *transfer = start("bytes=0-600000", 65536);
	int error;

	if (_i == 1)
		storage_be_remote();
	while (transfer_ready(transfer) == -EAGAIN)
		sleep_until_woken();
	transfer_free(transfer);
	storage_change_file();
	transfer = start("bytes=0-600000", 65536);
	while ((error = transfer_ready(transfer)) == -EAGAIN)
		sleep_until_woken();
	ck_assert_int_eq(error, -ESTALE);
	transfer_free(transfer);
}
END_TEST

/* The first piece of the file follows the text at the start of a multipart. */
START_TEST(the_first_piece_has_its_source)
{
	for (unsigned i = 0; i < 2; i++) {
		struct transfer *transfer = start("bytes=5-6,100000-900000,3000000-", SHARD_EXTENT_BYTES);

		if (transfer_ready(transfer) == -EAGAIN)
			sleep_until_woken();
		ck_assert_int_eq(transfer_ready(transfer), 0);
		ck_assert_uint_eq(transfer_first(transfer)->offset, 5);
		ck_assert_int_eq(transfer_first(transfer)->source, i == 0 ? STORE_DISK : STORE_CACHE);
		transfer_free(transfer);
		range_set_fini(&set);
		free(expected);
		expected = NULL;
		expected_bytes = 0;
		while (storage_pending() > 0)
			storage_turn();
	}
}
END_TEST

/* The window has two pieces at first, and doubles with each wait of the client, to four in this test. */
START_TEST(readahead_grows_when_the_client_waits)
{
	struct transfer *transfer = start("bytes=0-", SHARD_EXTENT_BYTES);
	char byte;

	ck_assert_uint_eq(queue_length(sides[0].queue), 2);
	ck_assert_int_eq(transfer_ready(transfer), -EAGAIN);
	ck_assert_uint_eq(queue_length(sides[0].queue), 4);
	sleep_until_woken();
	ck_assert_int_eq(transfer_read(transfer, &byte, 1), 1);
	while (disk_in_flight(sides[0].disk) > 0)
		storage_turn();
	ck_assert_uint_eq(cache_in_use_bytes(cache), 4 * SHARD_EXTENT_BYTES);
	transfer_free(transfer);
}
END_TEST

START_TEST(a_stalled_client_pins_nothing)
{
	struct transfer *transfer = start("bytes=0-", SHARD_EXTENT_BYTES);
	char bytes[2];

	ck_assert_int_eq(transfer_ready(transfer), -EAGAIN);
	transfer_release_window(transfer); /* no effect while the transfer waits */
	sleep_until_woken();
	ck_assert_int_eq(transfer_read(transfer, bytes, 1), 1);
	while (disk_in_flight(sides[0].disk) > 0)
		storage_turn();
	transfer_release_window(transfer);
	ck_assert_uint_eq(cache_in_use_bytes(cache), 0);
	ck_assert_int_eq(transfer_read(transfer, bytes, 2), 2);
	ck_assert_int_eq(memcmp(bytes, expected + 1, 2), 0);
	ck_assert_uint_eq(cache_in_use_bytes(cache), WINDOW_MIN * SHARD_EXTENT_BYTES);
	transfer_free(transfer);
}
END_TEST

/* The pieces after the one that the transfer waits for are released, and requested again later. */
START_TEST(readahead_is_released_while_waiting)
{
	struct transfer *transfer = start("bytes=0-", 16384);
	uint8_t buffer[16384];
	size_t at = 0;
	ssize_t n;

	ck_assert_uint_eq(queue_length(sides[0].queue), 2);
	ck_assert_int_eq(transfer_ready(transfer), -EAGAIN);
	ck_assert_uint_eq(queue_length(sides[0].queue), 4);
	transfer_release_readahead(transfer);
	ck_assert_uint_eq(queue_length(sides[0].queue), 1);
	sleep_until_woken();
	while ((n = transfer_read(transfer, buffer, sizeof(buffer))) != 0) {
		if (n == -EAGAIN) {
			if (at % 3 == 0)
				transfer_release_readahead(transfer);
			sleep_until_woken();
			continue;
		}
		ck_assert_int_gt(n, 0);
		ck_assert_int_eq(memcmp(buffer, expected + at, (size_t)n), 0);
		at += (size_t)n;
	}
	ck_assert_uint_eq(at, FILE_BYTES);
	transfer_free(transfer);
}
END_TEST

/*
 * Two transfers of the same bytes. Their windows are so large that reads are submitted while more pieces are being
 * requested. A transfer must not wait for a piece that has arrived meanwhile: if the wake-up is lost, both transfers
 * sleep without any read in flight.
 */
START_TEST(two_transfers_of_one_file_end)
{
	struct transfer_options options = { .window.store = store,
					    .window.file = file,
					    .window.set = &set,
					    .window.block_bytes = 16384,
					    .window.size_max = WINDOW_MAX,
					    .wake = note_wake };
	struct transfer *both[2];
	unsigned woken[2] = { 1, 1 };
	size_t at[2] = { 0, 0 };
	char buffer[20000];

	ck_assert_int_eq(range_parse("bytes=0-", FILE_BYTES, RANGE_COUNT_MAX, &set), RANGE_PARTIAL);
	for (unsigned i = 0; i < 2; i++) {
		options.context = &woken[i];
		ck_assert_int_eq(transfer_new(&both[i], &options), 0);
	}
	while (at[0] < FILE_BYTES || at[1] < FILE_BYTES) {
		for (unsigned i = 0; i < 2; i++) {
			ssize_t n = woken[i] > 0 && at[i] < FILE_BYTES ? transfer_read(both[i], buffer, sizeof(buffer))
								       : 0;

			if (n == -EAGAIN) {
				woken[i] = 0;
				continue;
			}
			ck_assert_int_ge(n, 0);
			ck_assert_int_eq(memcmp(buffer, content + at[i], (size_t)n), 0);
			at[i] += (size_t)n;
		}
		if (woken[0] == 0 && (woken[1] == 0 || at[1] == FILE_BYTES))
			ck_assert_uint_gt(store_pending(store), 0);
		storage_turn();
	}
	transfer_free(both[0]);
	transfer_free(both[1]);
}
END_TEST

static struct transfer *start_short(const char *range, struct range_set *of)
{
	struct transfer_options options = { .window.store = store,
					    .window.file = file,
					    .window.set = of,
					    .window.block_bytes = 262144,
					    .window.size_max = 2,
					    .window.at_once = true,
					    .wake = wake };
	struct transfer *transfer;

	ck_assert_int_eq(range_parse(range, FILE_BYTES, RANGE_COUNT_MAX, of), RANGE_PARTIAL);
	ck_assert_int_eq(transfer_new(&transfer, &options), 0);
	return transfer;
}

static void expect_short(struct transfer *transfer)
{
	char buffer[65536];
	size_t at = 0;

	while (at < sizeof(buffer)) {
		ssize_t n = transfer_read(transfer, buffer + at, sizeof(buffer) - at);

		if (n == -EAGAIN) {
			sleep_until_woken();
			continue;
		}
		ck_assert_int_gt(n, 0);
		at += (size_t)n;
	}
	ck_assert_int_eq(memcmp(buffer, content + 262144 - 32768, sizeof(buffer)), 0);
}

/* Both halves of a short range have the class of first bytes, and are requested at once. */
START_TEST(a_short_transfer_is_first_bytes)
{
	struct transfer *transfer = start_short("bytes=229376-294911", &set);

	queue_run(sides[0].queue);
	ck_assert_uint_eq(device->in_flight_count, 2);
	ck_assert_uint_eq(device->bulk_count, 0);
	expect_short(transfer);
	transfer_free(transfer);
}
END_TEST

/*
 * When the second half is requested, the disk is over its latency target. It rejects new requests, but not the rest of
 * a request that has started.
 */
START_TEST(the_rest_of_a_short_transfer_is_not_rejected)
{
	struct transfer *transfer;

	side_stop(&sides[0]);
	latency_ms = 0;
	side_start(&sides[0]);
	store = sides[0].store;
	transfer = start_short("bytes=229376-294911", &set);
	ck_assert_uint_eq(device->rejected, 1);
	expect_short(transfer);
	transfer_free(transfer);
}
END_TEST

/*
 * Reads the body while the client is over its limit of pinned memory: always (every = 1), or in half of the iterations.
 */
static void read_beyond_the_limit(struct transfer *transfer, struct client *client, size_t take, unsigned every)
{
	uint8_t *buffer = malloc(take);
	size_t at = 0;
	ssize_t n;

	for (unsigned iteration = 0; (n = transfer_read(transfer, buffer, take)) != 0; iteration++) {
		if (n == -EAGAIN) {
			sleep_until_woken();
			continue;
		}
		ck_assert_int_gt(n, 0);
		ck_assert_int_eq(memcmp(buffer, expected + at, (size_t)n), 0);
		at += (size_t)n;
		if (every == 1) {
			ck_assert_uint_eq(pins.bytes, 0);
			ck_assert_uint_eq(cache_in_use_bytes(cache), 0);
		} else {
			ck_assert_uint_ge(pins.bytes + ARENA_BYTES, cache_in_use_bytes(cache));
			atomic_store(&client->pinned_bytes,
				     iteration % every < every / 2 ? ARENA_BYTES + pins.bytes : pins.bytes);
		}
	}
	ck_assert_uint_eq(at, expected_bytes);
	free(buffer);
}

START_TEST(over_the_limit_nothing_stays_pinned)
{
	static const unsigned every[] = { 1, 7 };

	for (unsigned i = 0; i < 2; i++) {
		struct client client = { .pinned_bytes = every[i] == 1 ? ARENA_BYTES : 0 };
		struct transfer *transfer;

		pins_open(&pins, store, &client);
		transfer = start(transfers[_i].ranges, transfers[_i].block_bytes);
		read_beyond_the_limit(transfer, &client, transfers[_i].take > 500 ? transfers[_i].take : 500, every[i]);
		transfer_free(transfer);
		ck_assert_uint_eq(pins.bytes, 0);
		pins_close(&pins);
		free(expected);
		expected = NULL;
		expected_bytes = 0;
		while (storage_pending() > 0)
			storage_turn();
	}
}
END_TEST

/* Pinned extents are charged until the request ends. An extent with two pieces is charged once. */
START_TEST(pinned_extents_are_charged)
{
	struct client client = { 0 };
	struct transfer *transfer;
	char byte;

	pins_open(&pins, store, &client);
	transfer = start("bytes=0-", SHARD_EXTENT_BYTES / 2);
	ck_assert_uint_eq(client.pinned_bytes, SHARD_EXTENT_BYTES);
	ck_assert_int_eq(transfer_ready(transfer), -EAGAIN);
	sleep_until_woken();
	ck_assert_int_eq(transfer_read(transfer, &byte, 1), 1);
	while (storage_pending() > 0)
		storage_turn();
	ck_assert_uint_eq(client.pinned_bytes, cache_in_use_bytes(cache));
	pins_close(&pins);
	ck_assert_uint_eq(client.pinned_bytes, 0);
	transfer_free(transfer);
	ck_assert_uint_eq(client.pinned_bytes, 0);
}
END_TEST

static void ignore(struct store_want *want)
{
	(void)want;
}

/* The cache has no memory for a whole piece, but for smaller ones. */
START_TEST(pieces_shrink_when_memory_is_short)
{
	struct transfer *transfer;
	struct store_want held[4];
	uint8_t buffer[100000];
	size_t at = 0;
	int result;
	ssize_t n;

	for (unsigned i = 0; i < 4; i++) {
		held[i] = (struct store_want){
			.file = file, .offset = i < 3 ? i * 8192 : 2 << 20, .reach = CACHE_EXACT, .done = ignore
		};
		held[i].length = i < 3 ? STORE_SPAN_MAX_BYTES / 8192 * 8192 : ARENA_BLOCK_MAX_BYTES / 16 * 15;
		ck_assert_int_eq(store_want(store, &held[i]), 0);
		while (held[i].data == NULL)
			storage_turn();
	}
	transfer = start("bytes=0-", SHARD_EXTENT_BYTES);
	while ((result = transfer_ready(transfer)) == -EAGAIN)
		sleep_until_woken();
	ck_assert_int_eq(result, 0);
	while ((n = transfer_read(transfer, buffer, sizeof(buffer))) != 0) {
		if (n == -EAGAIN) {
			sleep_until_woken();
			continue;
		}
		ck_assert_int_gt(n, 0);
		ck_assert_int_eq(memcmp(buffer, expected + at, (size_t)n), 0);
		at += (size_t)n;
	}
	ck_assert_uint_eq(at, expected_bytes);
	transfer_free(transfer);
	for (unsigned i = 0; i < 4; i++)
		store_release(store, &held[i]);
}
END_TEST

/* The first pieces are in the cache, and the file has no descriptor. Its path leads to another file before a read. */
START_TEST(a_replaced_file_is_sent_to_its_end)
{
	struct transfer *transfer = start("bytes=0-262143", 65536);
	uint8_t *buffer = malloc(FILE_BYTES);
	char path[64], other[64];
	size_t at = 0;
	ssize_t n;

	while (at < 262144)
		at += (size_t)next_bytes(transfer, buffer + at, 262144 - at);
	transfer_free(transfer);
	expected_bytes = 0;
	descriptors_may_retry(descriptors, -EMFILE, 0); /* closes the file */
	ck_assert_uint_eq(descriptors_count(descriptors), 0);
	transfer = start("bytes=0-2999999", 65536);
	ck_assert_int_eq(transfer_ready(transfer), 0);
	while (descriptors_count(descriptors) == 0)
		storage_turn();
	snprintf(path, sizeof(path), "%s/f", directory);
	snprintf(other, sizeof(other), "%s/other", directory);
	close(open(other, O_CREAT | O_WRONLY, 0600));
	ck_assert_int_eq(rename(other, path), 0);
	descriptors_may_retry(descriptors, -EMFILE, 0); /* The transfer keeps the descriptor. */
	for (at = 0; at < expected_bytes; at += (size_t)n) {
		n = next_bytes(transfer, buffer + at, expected_bytes - at);
		ck_assert_int_gt(n, 0);
	}
	ck_assert_mem_eq(buffer, expected, expected_bytes);
	transfer_free(transfer);
	free(buffer);
}
END_TEST

START_TEST(a_changed_file_ends_the_transfer)
{
	struct transfer *transfer = start("bytes=0-", 16384);
	char path[64], buffer[16384];
	size_t at = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/f", directory);
	while ((n = transfer_read(transfer, buffer, sizeof(buffer))) > 0 || n == -EAGAIN) {
		if (n == -EAGAIN) {
			sleep_until_woken();
			continue;
		}
		ck_assert_int_eq(memcmp(buffer, expected + at, (size_t)n), 0);
		at += (size_t)n;
		fd = open(path, O_WRONLY);
		ck_assert_int_eq(pwrite(fd, "x", 1, FILE_BYTES - 1), 1);
		close(fd);
	}
	ck_assert_int_eq(n, -ESTALE);
	ck_assert_uint_lt(at, FILE_BYTES);
	transfer_free(transfer);
}
END_TEST

START_TEST(freed_while_reads_are_in_flight)
{
	struct transfer *transfer = start("bytes=0-", 262144);

	storage_turn();
	transfer_free(transfer);
	while (store_pending(store) > 0)
		storage_turn();
	ck_assert_uint_eq(wakes, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("transfer");
	TCase *tests = tcase_create("transfer");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, bytes_are_gathered_in_order, 0, sizeof(transfers) / sizeof(transfers[0]));
	tcase_add_loop_test(tests, bytes_of_a_remote_file_are_gathered_in_order, 0,
			    sizeof(transfers) / sizeof(transfers[0]));
	tcase_add_loop_test(tests, bytes_come_in_order, 0, sizeof(transfers) / sizeof(transfers[0]));
	tcase_add_loop_test(tests, bytes_of_a_remote_file_come_in_order, 0, sizeof(transfers) / sizeof(transfers[0]));
	tcase_add_loop_test(tests, a_remote_file_that_changes_is_never_complete, 0, 4);
	tcase_add_loop_test(tests, a_file_that_changes_before_the_header, 0, 2);
	tcase_add_test(tests, the_first_piece_has_its_source);
	tcase_add_test(tests, readahead_grows_when_the_client_waits);
	tcase_add_test(tests, a_stalled_client_pins_nothing);
	tcase_add_test(tests, readahead_is_released_while_waiting);
	tcase_add_test(tests, two_transfers_of_one_file_end);
	tcase_add_test(tests, a_short_transfer_is_first_bytes);
	tcase_add_test(tests, the_rest_of_a_short_transfer_is_not_rejected);
	tcase_add_loop_test(tests, over_the_limit_nothing_stays_pinned, 4, 7);
	tcase_add_test(tests, pinned_extents_are_charged);
	tcase_add_test(tests, pieces_shrink_when_memory_is_short);
	tcase_add_test(tests, a_replaced_file_is_sent_to_its_end);
	tcase_add_test(tests, a_changed_file_ends_the_transfer);
	tcase_add_test(tests, freed_while_reads_are_in_flight);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
