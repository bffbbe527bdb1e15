/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of engine/queue.c and of the limits in engine/devices.c: which tickets start, in which order, and which have to
 * wait.
 */
#include "engine/queue.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../suite.h"

#define KIB ((size_t)1024)
#define TICKETS 256

static struct devices *devices;
static struct device *device, *other_device;
static struct queue *queue, *other_queue;
static struct queue_ticket tickets[TICKETS];
static unsigned started[TICKETS], started_count;

static void start(struct queue_ticket *ticket)
{
	started[started_count++] = (unsigned)(ticket - tickets);
}

static void setup(void)
{
	struct devices_options options = { .depth = 8, .depth_bytes = 1024 * KIB, .depth_fixed = true };

	clock_hold();
	memset(tickets, 0, sizeof(tickets));
	started_count = 0;
	ck_assert_int_eq(devices_new(&devices, &options), 0);
	device = devices_get(devices, 1, DEVICE_ASYNC);
	other_device = devices_get(devices, 2, DEVICE_ASYNC);
	ck_assert_ptr_ne(device, other_device);
	ck_assert_ptr_eq(device, devices_get(devices, 1, DEVICE_NOWAIT));
	ck_assert_int_eq(queue_new(&queue, 30), 0);
	ck_assert_int_eq(queue_new(&other_queue, 30), 0);
}

static void teardown(void)
{
	for (unsigned i = 0; i < TICKETS; i++) {
		if (tickets[i].state == QUEUE_WAITING)
			queue_cancel(i < TICKETS / 2 ? queue : other_queue, &tickets[i]);
		else if (tickets[i].state == QUEUE_STARTED)
			queue_finish(&tickets[i]);
	}
	ck_assert_uint_eq(device->in_flight_count, 0);
	ck_assert_uint_eq(device->in_flight_bytes, 0);
	queue_free(queue);
	queue_free(other_queue);
	devices_free(devices);
}

static int add(unsigned i, enum queue_class class, uintptr_t client, size_t bytes)
{
	tickets[i] = (struct queue_ticket){ .device = device,
					    .class = class,
					    .client = (void *)client,
					    .bytes = bytes,
					    .start = start,
					    .file = &devices,
					    .offset = i * 1024 * KIB };
	return queue_add(i < TICKETS / 2 ? queue : other_queue, &tickets[i]);
}

/* Ends the started tickets and dispatches others until none is queued. */
static void run_dry(void)
{
	for (unsigned ended = 0; queue_length(queue) > 0 || ended < started_count;) {
		queue_run(queue);
		queue_finish(&tickets[started[ended++]]);
	}
}

static unsigned place_of(unsigned i)
{
	unsigned place = 0;

	while (place < started_count && started[place] != i)
		place++;
	return place;
}

START_TEST(the_depth_is_kept)
{
	for (unsigned i = 0; i < 20; i++)
		ck_assert_int_eq(add(i, QUEUE_FIRST, 1, 4 * KIB), 0);
	ck_assert_uint_eq(started_count, 0);
	queue_run(queue);
	ck_assert_uint_eq(started_count, 8);
	queue_run(queue);
	ck_assert_uint_eq(started_count, 8);
	queue_finish(&tickets[started[3]]);
	queue_run(queue);
	ck_assert_uint_eq(started_count, 9);
	ck_assert_uint_eq(queue_length(queue), 11);
	for (unsigned i = 0; i < 9; i++)
		ck_assert_uint_eq(started[i], i);
}
END_TEST

START_TEST(the_bytes_are_kept)
{
	for (unsigned i = 0; i < 6; i++)
		add(i, QUEUE_FIRST, 1, 400 * KIB);
	queue_run(queue);
	ck_assert_uint_eq(started_count, 2);
	queue_resize(&tickets[0], 4 * KIB);
	queue_run(queue);
	ck_assert_uint_eq(started_count, 3);
}
END_TEST

/* Otherwise it would never start. */
START_TEST(a_single_read_may_exceed_the_limit)
{
	add(0, QUEUE_AHEAD, 1, 4096 * KIB);
	add(1, QUEUE_AHEAD, 1, 4096 * KIB);
	queue_run(queue);
	ck_assert_uint_eq(started_count, 1);
}
END_TEST

/*
 * Streams may use the full limits, but while first bytes are requested only half of the reads and an eighth of the
 * bytes.
 */
START_TEST(streams_yield_to_first_bytes)
{
	for (unsigned i = 0; i < 20; i++)
		add(i, i % 2 == 0 ? QUEUE_STREAM : QUEUE_AHEAD, i, 4 * KIB);
	queue_run(queue);
	ck_assert_uint_eq(started_count, 8);
	for (unsigned i = 0; i < 8; i++)
		queue_finish(&tickets[started[i]]);
	add(20, QUEUE_FIRST, 1, 4 * KIB);
	queue_run(queue);
	ck_assert_uint_eq(started[8], 20);
	ck_assert_uint_eq(started_count, 8 + 1 + 4);
	clock_advance_ms(120);
	queue_run(queue);
	ck_assert_uint_eq(started_count, 8 + 8);
}
END_TEST

START_TEST(long_reads_yield_to_first_bytes)
{
	add(0, QUEUE_FIRST, 1, 4 * KIB);
	for (unsigned i = 1; i < 5; i++)
		add(i, QUEUE_STREAM, 1, 60 * KIB);
	queue_run(queue);
	ck_assert_uint_eq(started_count, 1 + 2);
	clock_advance_ms(120);
	queue_run(queue);
	ck_assert_uint_eq(started_count, 5);
}
END_TEST

/*
 * First bytes in flight do not reduce the part of streams. A read that is larger than the part is admitted if it is the
 * only one.
 */
START_TEST(first_bytes_in_flight_do_not_take_the_part_of_streams)
{
	for (unsigned i = 0; i < 6; i++)
		add(i, QUEUE_FIRST, i, 64 * KIB);
	queue_run(queue);
	ck_assert_uint_eq(started_count, 6);
	add(6, QUEUE_STREAM, 1, 256 * KIB);
	add(7, QUEUE_AHEAD, 2, 256 * KIB);
	queue_run(queue);
	ck_assert_uint_eq(started_count, 7);
	ck_assert_uint_eq(started[6], 6);
	queue_finish(&tickets[6]);
	queue_run(queue);
	ck_assert_uint_eq(started_count, 8);
	ck_assert_uint_eq(started[7], 7);
}
END_TEST

/* First bytes of another reactor behave in the same way. */
START_TEST(streams_yield_to_first_bytes_of_all_reactors)
{
	add(0, QUEUE_FIRST, 1, 4 * KIB);
	queue_run(queue);
	for (unsigned i = 0; i < 20; i++)
		add(TICKETS / 2 + i, QUEUE_STREAM, 1, 4 * KIB);
	queue_run(other_queue);
	ck_assert_uint_eq(started_count, 1 + 4);
}
END_TEST

/* No message tells this reactor when reads of another reactor end, so it would wait again and again. */
START_TEST(each_reactor_has_a_stream_in_flight)
{
	add(0, QUEUE_FIRST, 1, 4 * KIB);
	for (unsigned i = 1; i < 10; i++)
		add(i, QUEUE_STREAM, 1, 4 * KIB);
	queue_run(queue);
	ck_assert_uint_eq(started_count, 1 + 4);
	for (unsigned i = 0; i < 2; i++)
		add(TICKETS / 2 + i, QUEUE_STREAM, 2, 4 * KIB);
	queue_run(other_queue);
	ck_assert_uint_eq(started_count, 1 + 4 + 1);
	ck_assert_uint_eq(started[5], TICKETS / 2);
}
END_TEST

/* Small reads that have room do not delay a large one that is next. */
START_TEST(a_large_read_does_not_starve)
{
	unsigned large = 60;

	for (unsigned i = 0; i < large; i++)
		add(i, QUEUE_FIRST, i % 4, 256 * KIB);
	add(large, QUEUE_STREAM, 9, 1024 * KIB);
	run_dry();
	ck_assert_uint_eq(place_of(large), 13); /* (1024 + 64) * 4 / (256 + 64) = 13.6 */
}
END_TEST

static void start_all_at_once(void)
{
	devices_set_depth(devices, device, 1000, 1024 * 1024 * KIB);
	queue_run(queue);
}

/*
 * While all classes have tickets, they get 16, 4 and 1 of 21 parts. At the same virtual time the class that is first in
 * this order is next.
 */
START_TEST(classes_have_shares)
{
	static const unsigned expected[30] = {
		20, 21, 22, 23, 10, 24, 25, 26, 27, 11, 28, 29, 12, 13, 0,
		14, 15, 16, 17, 1,  18, 19, 2,	3,  4,	5,  6,	7,  8,	9,
	};

	for (unsigned i = 0; i < 10; i++)
		add(i, QUEUE_AHEAD, 1, 4 * KIB);
	for (unsigned i = 10; i < 20; i++)
		add(i, QUEUE_STREAM, 1, 4 * KIB);
	for (unsigned i = 20; i < 30; i++)
		add(i, QUEUE_FIRST, 1, 4 * KIB);
	start_all_at_once();
	ck_assert_uint_eq(started_count, 30);
	for (unsigned i = 0; i < 30; i++)
		ck_assert_uint_eq(started[i], expected[i]);
}
END_TEST

/*
 * (256 + 64) * 4 / (64 + 64) = 10 reads of first bytes for one read of the stream, whatever the number of queued first
 * bytes and of their clients.
 */
START_TEST(a_flood_of_first_bytes_leaves_a_stream_its_share)
{
	for (unsigned i = 0; i < 100; i++)
		add(i, QUEUE_FIRST, i % 16, 64 * KIB);
	for (unsigned i = 100; i < 108; i++)
		add(i, QUEUE_STREAM, 99, 256 * KIB);
	start_all_at_once();
	for (unsigned i = 0; i < 8; i++)
		ck_assert_uint_eq(place_of(100 + i), 10 + 11 * i);
}
END_TEST

/* A class that had no tickets for a long time gets only its share afterwards. */
START_TEST(no_class_saves_up)
{
	for (unsigned i = 0; i < 50; i++)
		add(i, QUEUE_STREAM, 1, 64 * KIB);
	start_all_at_once();
	for (unsigned i = 50; i < 58; i++)
		add(i, QUEUE_FIRST, 2, 64 * KIB);
	for (unsigned i = 58; i < 62; i++)
		add(i, QUEUE_STREAM, 1, 64 * KIB);
	start_all_at_once();
	ck_assert_uint_eq(started_count, 62);
	/* Streams have had 50 reads. First bytes begin at the same virtual time, and get four reads for one. */
	for (unsigned i = 0; i < 4; i++)
		ck_assert_uint_eq(started[50 + i], 50 + i);
	ck_assert_uint_le(place_of(58), 50 + 8);
	ck_assert_uint_le(place_of(59), 50 + 10);
}
END_TEST

/* Client 1 came first with 100 reads; client 2 has as many bytes in 4 large ones. They alternate by bytes. */
START_TEST(clients_take_turns_by_bytes)
{
	for (unsigned i = 0; i < 100; i++)
		add(i, QUEUE_STREAM, 1, 64 * KIB);
	for (unsigned i = 100; i < 125; i++)
		add(i, QUEUE_STREAM, 2, 256 * KIB);
	run_dry();
	ck_assert_uint_eq(started_count, 125);
	for (unsigned i = 1; i <= 25; i++) /* About four small ones for each large one. */
		ck_assert_uint_ge(place_of(99 + i) + 6, i * 5);
	ck_assert_uint_le(place_of(124), 124);
	ck_assert_uint_gt(place_of(99), 110);
}
END_TEST

START_TEST(a_client_with_a_thousand_reads_does_not_delay_another)
{
	for (unsigned i = 0; i < 120; i++)
		add(i, QUEUE_FIRST, 1, 256 * KIB);
	add(120, QUEUE_FIRST, 2, 4 * KIB);
	run_dry();
	ck_assert_uint_le(place_of(120), 1);
}
END_TEST

/*
 * Returns how many bytes a client has been given when eight reads are in flight and the last one has just been started.
 */
static size_t given_bytes(uintptr_t client)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < TICKETS; i++)
		if (tickets[i].client == (void *)client && tickets[i].state != QUEUE_WAITING)
			bytes += tickets[i].bytes;
	return bytes;
}

/* Merges up to 1 MiB of adjacent reads, as load.c does. */
static void start_merging(struct queue_ticket *ticket)
{
	uint64_t end = ticket->offset + ticket->bytes;

	start(ticket);
	for (struct queue_ticket *other; end < ticket->offset + 1024 * KIB; end += other->bytes) {
		other = queue_take_adjacent(queue, ticket, end, (size_t)(ticket->offset + 1024 * KIB - end));
		if (other == NULL)
			break;
		start(other);
	}
}

/* Client 1 reads a file sequentially, client 2 at scattered offsets. */
static void add_contiguous_and_scattered(enum queue_class class, unsigned each)
{
	for (unsigned i = 0; i < each; i++) {
		add(i, class, 1, 64 * KIB);
		tickets[i].start = start_merging;
		tickets[i].offset = i * 64 * KIB;
	}
	for (unsigned i = each; i < 2 * each; i++)
		add(i, class, 2, 64 * KIB);
}

START_TEST(merged_reads_are_charged_to_the_client)
{
	unsigned ended = 0;

	add_contiguous_and_scattered(_i, 64);
	while (given_bytes(1) < 64 * 64 * KIB && given_bytes(2) < 64 * 64 * KIB) {
		queue_run(queue);
		ck_assert_uint_le(given_bytes(1), given_bytes(2) + (1024 + 256) * KIB);
		ck_assert_uint_le(given_bytes(2), given_bytes(1) + (1024 + 256) * KIB);
		queue_finish(&tickets[started[ended++]]);
	}
	ck_assert_uint_gt(device->merged, 30);
}
END_TEST

/* The reads of client 1 start one at a time, each as the only ticket of its flow, and grow to four times their size. */
static void start_growing(struct queue_ticket *ticket)
{
	start(ticket);
	queue_resize(ticket, 256 * KIB);
}

START_TEST(reads_that_grow_are_charged)
{
	unsigned next = 0, ended = 0;

	for (unsigned i = 64; i < 128; i++)
		add(i, QUEUE_STREAM, 2, 64 * KIB);
	while (given_bytes(2) < 64 * 64 * KIB && next < 64) {
		if (next == 0 || tickets[next - 1].state != QUEUE_WAITING) {
			add(next, QUEUE_STREAM, 1, 64 * KIB);
			tickets[next++].start = start_growing;
		}
		queue_run(queue);
		ck_assert_uint_le(given_bytes(1), given_bytes(2) + (256 + 256) * KIB);
		queue_finish(&tickets[started[ended++]]);
	}
	ck_assert_uint_ge(given_bytes(1), 16 * 256 * KIB - 512 * KIB);
}
END_TEST

/* 32 queued reads of a stream beside first bytes. */
static void add_streams_beside_first_bytes(void (*starts)(struct queue_ticket *ticket))
{
	for (unsigned i = 0; i < 32; i++) {
		add(i, QUEUE_STREAM, 1, 64 * KIB);
		tickets[i].start = starts;
		tickets[i].offset = i * 64 * KIB;
	}
	for (unsigned i = 32; i < 120; i++)
		add(i, QUEUE_FIRST, 2, 64 * KIB);
	start_all_at_once();
}

/*
 * After 16 merged reads, the share of first bytes is (1024 + 64) * 4 / (64 + 64) = 34 reads; after one read it would be
 * four.
 */
START_TEST(merged_reads_are_charged_to_the_class)
{
	add_streams_beside_first_bytes(start_merging);
	ck_assert_uint_eq(place_of(0), 4);
	ck_assert_uint_eq(place_of(16), 4 + 16 + 34);
}
END_TEST

/* (256 + 64) * 4 / (64 + 64) = 10 reads of first bytes for each read that has grown to 256 KiB. */
START_TEST(reads_that_grow_are_charged_to_the_class)
{
	add_streams_beside_first_bytes(start_growing);
	for (unsigned i = 0; i < 8; i++)
		ck_assert_uint_eq(place_of(i), 4 + 11 * i);
}
END_TEST

/* Bytes that were read while no other client had tickets are not a debt later. */
START_TEST(debts_end_with_the_queue)
{
	for (unsigned i = 0; i < 32; i++) {
		add(i, QUEUE_STREAM, 1, 64 * KIB);
		tickets[i].start = start_merging;
		tickets[i].offset = i * 64 * KIB;
	}
	start_all_at_once();
	ck_assert_uint_eq(started_count, 32);
	add(32, QUEUE_STREAM, 1, 64 * KIB);
	for (unsigned i = 33; i < 41; i++)
		add(i, QUEUE_STREAM, 2, 64 * KIB);
	start_all_at_once();
	ck_assert_uint_eq(place_of(32), 32);
}
END_TEST

/* A debt is paid: client 1, for which 1 MiB was read, is skipped for as much, and not longer. */
START_TEST(debts_are_paid_once)
{
	for (unsigned i = 0; i < 17; i++) {
		add(i, QUEUE_STREAM, 1, 64 * KIB);
		tickets[i].start = start_merging;
		tickets[i].offset = i * 64 * KIB;
	}
	for (unsigned i = 17; i < 57; i++)
		add(i, QUEUE_STREAM, 2, 64 * KIB);
	start_all_at_once();
	for (unsigned i = 0; i < 16; i++)
		ck_assert_uint_eq(started[i], i);
	ck_assert_uint_eq(place_of(16), 16 + 16);
}
END_TEST

START_TEST(a_device_over_its_latency_target_rejects_requests)
{
	for (unsigned i = 0; i < 10; i++)
		add(i, QUEUE_FIRST, 1, 4 * KIB);
	queue_run(queue); /* Eight reads hang. */
	ck_assert_int_eq(add(10, QUEUE_FIRST, 1, 4 * KIB), 0);
	clock_advance_ms(40);
	ck_assert_int_eq(add(11, QUEUE_FIRST, 2, 4 * KIB), -EBUSY);
	/* A response that has begun continues. */
	ck_assert_int_eq(add(12, QUEUE_STREAM, 2, 4 * KIB), 0);
	ck_assert_int_eq(add(13, QUEUE_AHEAD, 2, 4 * KIB), 0);
	ck_assert_uint_eq(device->rejected, 1);
	device = other_device; /* Other devices are not affected. */
	ck_assert_int_eq(add(14, QUEUE_FIRST, 2, 4 * KIB), 0);
	queue_run(queue);
	ck_assert_uint_eq(started[started_count - 1], 14);
	device = tickets[0].device;
	for (unsigned i = 0; i < 8; i++)
		queue_finish(&tickets[i]);
	queue_run(queue);
	ck_assert_int_eq(add(15, QUEUE_FIRST, 2, 4 * KIB), 0);
}
END_TEST

/* A queue that has only readahead rejects nothing. */
START_TEST(old_readahead_does_not_reject_requests)
{
	for (unsigned i = 0; i < 20; i++)
		add(i, QUEUE_AHEAD, 1, 4 * KIB);
	queue_run(queue);
	clock_advance_ms(40);
	ck_assert_int_eq(add(20, QUEUE_FIRST, 1, 4 * KIB), 0);
}
END_TEST

START_TEST(cancelled_tickets_are_not_started)
{
	for (unsigned i = 0; i < 3; i++)
		add(i, QUEUE_AHEAD, 1, 4 * KIB);
	queue_cancel(queue, &tickets[1]);
	run_dry();
	ck_assert_uint_eq(started_count, 2);
	ck_assert_uint_eq(started[1], 2);
	ck_assert_uint_eq(device->cancelled, 1);
}
END_TEST

START_TEST(readahead_that_a_client_needs_is_promoted)
{
	for (unsigned i = 0; i < 10; i++)
		add(i, QUEUE_AHEAD, 1, 4 * KIB);
	queue_promote(queue, &tickets[9], QUEUE_STREAM);
	queue_promote(queue, &tickets[9], QUEUE_AHEAD); /* Never to a lower class. */
	run_dry();
	ck_assert_uint_eq(started[0], 9);
}
END_TEST

START_TEST(an_adjacent_ticket_is_found_once)
{
	add(0, QUEUE_STREAM, 1, 1024 * KIB);
	add(1, QUEUE_AHEAD, 1, 256 * KIB);
	add(2, QUEUE_AHEAD, 2, 256 * KIB);
	ck_assert_uint_eq(tickets[1].offset, 1024 * KIB);
	queue_run(queue);
	ck_assert_uint_eq(started_count, 1);
	/* Too long. */
	ck_assert_ptr_null(queue_take_adjacent(queue, &tickets[0], 1024 * KIB, 255 * KIB));
	/* This read belongs to another client. */
	ck_assert_ptr_null(queue_take_adjacent(queue, &tickets[0], 2048 * KIB, 256 * KIB));
	ck_assert_ptr_eq(queue_take_adjacent(queue, &tickets[0], 1024 * KIB, 256 * KIB), &tickets[1]);
	ck_assert_int_eq(tickets[1].state, QUEUE_STARTED);
	ck_assert_ptr_null(queue_take_adjacent(queue, &tickets[0], 1024 * KIB, 256 * KIB));
	ck_assert_uint_eq(device->merged, 1);
}
END_TEST

/* All reactors share the limits. Each may have one read beyond them, so that none waits for ever. */
START_TEST(all_reactors_share_the_limits)
{
	for (unsigned i = 0; i < 20; i++)
		add(i, QUEUE_FIRST, 1, 4 * KIB);
	for (unsigned i = 0; i < 20; i++)
		add(TICKETS / 2 + i, QUEUE_FIRST, 1, 4 * KIB);
	queue_run(queue);
	ck_assert_uint_eq(started_count, 8);
	queue_run(other_queue);
	ck_assert_uint_eq(started_count, 9);
	queue_run(other_queue);
	ck_assert_uint_eq(started_count, 9);
}
END_TEST

/* The limit changes as after a change of the cache size: to a lower one, then to one above the measured depth. */
START_TEST(bytes_in_flight_can_be_limited)
{
	ck_assert_uint_eq(device->depth_bytes, 1024 * KIB);
	devices_set_max_bytes(devices, 256 * KIB);
	ck_assert_uint_eq(device->depth_bytes, 256 * KIB);
	ck_assert_uint_eq(devices_get(devices, 3, DEVICE_ASYNC)->depth_bytes, 256 * KIB);
	devices_set_depth(devices, device, 16, 4096 * KIB);
	ck_assert_uint_eq(device->depth, 16);
	ck_assert_uint_eq(device->depth_bytes, 256 * KIB);
	devices_set_max_bytes(devices, 2048 * KIB);
	ck_assert_uint_eq(device->depth_bytes, 2048 * KIB);
	devices_set_max_bytes(devices, 65536 * KIB);
	ck_assert_uint_eq(device->depth_bytes, 4096 * KIB);
	ck_assert_uint_eq(other_device->depth_bytes, 1024 * KIB);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("queue");
	TCase *tests = tcase_create("queue");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_depth_is_kept);
	tcase_add_test(tests, the_bytes_are_kept);
	tcase_add_test(tests, a_single_read_may_exceed_the_limit);
	tcase_add_test(tests, streams_yield_to_first_bytes);
	tcase_add_test(tests, long_reads_yield_to_first_bytes);
	tcase_add_test(tests, first_bytes_in_flight_do_not_take_the_part_of_streams);
	tcase_add_test(tests, streams_yield_to_first_bytes_of_all_reactors);
	tcase_add_test(tests, each_reactor_has_a_stream_in_flight);
	tcase_add_test(tests, a_large_read_does_not_starve);
	tcase_add_test(tests, classes_have_shares);
	tcase_add_test(tests, a_flood_of_first_bytes_leaves_a_stream_its_share);
	tcase_add_test(tests, no_class_saves_up);
	tcase_add_loop_test(tests, merged_reads_are_charged_to_the_client, QUEUE_FIRST, QUEUE_CLASSES);
	tcase_add_test(tests, reads_that_grow_are_charged);
	tcase_add_test(tests, merged_reads_are_charged_to_the_class);
	tcase_add_test(tests, reads_that_grow_are_charged_to_the_class);
	tcase_add_test(tests, debts_end_with_the_queue);
	tcase_add_test(tests, debts_are_paid_once);
	tcase_add_test(tests, clients_take_turns_by_bytes);
	tcase_add_test(tests, a_client_with_a_thousand_reads_does_not_delay_another);
	tcase_add_test(tests, a_device_over_its_latency_target_rejects_requests);
	tcase_add_test(tests, old_readahead_does_not_reject_requests);
	tcase_add_test(tests, cancelled_tickets_are_not_started);
	tcase_add_test(tests, readahead_that_a_client_needs_is_promoted);
	tcase_add_test(tests, an_adjacent_ticket_is_found_once);
	tcase_add_test(tests, all_reactors_share_the_limits);
	tcase_add_test(tests, bytes_in_flight_can_be_limited);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
