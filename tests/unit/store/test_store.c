/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of the store over a real file. The answers of the kernel are modified (--wrap=io_getevents): short reads, EIO,
 * an early end of the file. The bytes are compared with the content that the test has written. No extent may be in use
 * after a test, whenever wants were cancelled. Two stores on one cache act as two reactors; the counted calls of
 * io_submit show which one reads.
 */
#include "store/cache_content.h"
#include "store/store.h"

#include <errno.h>
#include <limits.h>
#include <time.h>

#include "base/clock.h"

#define LATENCY_MS 400 /* Latency limit of the store. */
#include "../storage.h"

static unsigned done_count;

/*
 * Each answer of the kernel is limited to this many bytes (0: unlimited) or replaced by this error, this many times,
 * after `spare` unmodified ones.
 */
static long short_bytes, error_result;
static unsigned spare, faults_left, kernel_reads;
static size_t kernel_bytes;
static bool hold_answers;  /* The kernel has not answered yet. */
static int timers_left;	   /* Number of timers that can be started before memory runs out. */
static bool refuse_nowait; /* io_submit does not support RWF_NOWAIT. */

int __real_io_getevents(io_context_t context, long min, long max, struct io_event *events, struct timespec *timeout);
int __wrap_io_getevents(io_context_t context, long min, long max, struct io_event *events, struct timespec *timeout);
int __real_io_submit(io_context_t context, long count, struct iocb **list);
int __wrap_io_submit(io_context_t context, long count, struct iocb **list);

int __wrap_io_getevents(io_context_t context, long min, long max, struct io_event *events, struct timespec *timeout)
{
	int n = hold_answers ? 0 : __real_io_getevents(context, min, max, events, timeout);

	for (int i = 0; i < n; i++) {
		if (spare > 0)
			spare--;
		else if (error_result != 0 && faults_left > 0 && faults_left--)
			events[i].res = (unsigned long)error_result;
		else if (short_bytes > 0 && (long)events[i].res > short_bytes)
			events[i].res = (unsigned long)short_bytes;
	}
	return n;
}

int __wrap_io_submit(io_context_t context, long count, struct iocb **list)
{
	for (long i = 0; i < count; i++) {
		if (refuse_nowait && list[i]->aio_rw_flags != 0)
			return i > 0 ? __real_io_submit(context, i, list) : -EOPNOTSUPP;
		kernel_reads++;
		if (list[i]->aio_lio_opcode == IO_CMD_PREAD)
			kernel_bytes += list[i]->u.c.nbytes;
		for (unsigned long part = 0; list[i]->aio_lio_opcode == IO_CMD_PREADV && part < list[i]->u.c.nbytes;
		     part++)
			kernel_bytes += ((struct iovec *)list[i]->u.c.buf)[part].iov_len;
	}
	return __real_io_submit(context, count, list);
}

int __real_reactor_timer_start(struct reactor *reactor, struct reactor_timer *timer, uint64_t delay_ms);
int __wrap_reactor_timer_start(struct reactor *reactor, struct reactor_timer *timer, uint64_t delay_ms);

int __wrap_reactor_timer_start(struct reactor *reactor, struct reactor_timer *timer, uint64_t delay_ms)
{
	if (timers_left == 0)
		return -ENOMEM;
	timers_left--;
	return __real_reactor_timer_start(reactor, timer, delay_ms);
}

static void setup(void)
{
	storage_setup();
	done_count = kernel_reads = spare = 0;
	kernel_bytes = 0;
	short_bytes = error_result = 0;
	refuse_nowait = hold_answers = false;
	timers_left = INT_MAX;
	faults_left = UINT_MAX;
}

static void setup_without_cache(void)
{
	setup();
	storage_teardown();
	storage_setup_with(ARENA_BYTES, false);
}

static void count_done(struct store_want *want)
{
	(void)want;
	done_count++;
}

static struct store_want want_of(uint64_t offset, size_t length)
{
	return (struct store_want){ .file = file, .offset = offset, .length = length, .done = count_done };
}

static void get(struct store_want *want)
{
	unsigned before = done_count;
	int result = store_want(store, want);

	ck_assert_int_ge(result, 0);
	while (result == 0 && done_count == before)
		storage_turn();
}

static void get_right(uint64_t offset, size_t length)
{
	struct store_want want = want_of(offset, length);

	get(&want);
	ck_assert_int_eq(want.error, 0);
	ck_assert_msg(memcmp(want.data, content + offset, length) == 0, "%zu bytes at %llu", length,
		      (unsigned long long)offset);
	store_release(store, &want);
}

/* Checks the source of the bytes, and that the time of the disk does not exceed the total time. */
static void check_source(struct store_want *want, enum store_source source, uint64_t start_ns)
{
	ck_assert_int_eq(want->error, 0);
	ck_assert_int_eq(want->source, source);
	if (source == STORE_DISK)
		ck_assert(want->disk_ns > 0 && want->disk_ns <= clock_now_ns() - start_ns);
	else
		ck_assert_uint_eq(want->disk_ns, 0);
}

START_TEST(spans_of_any_alignment_are_right)
{
	unsigned seed = 7;

	get_right(0, 1);
	get_right(FILE_BYTES - 1, 1);
	get_right(511, 2);
	get_right(1, 10007);
	get_right(0, STORE_SPAN_MAX_BYTES);
	get_right(4095, STORE_SPAN_MAX_BYTES);
	for (unsigned i = 0; i < 200; i++) {
		size_t length = 1 + (size_t)rand_r(&seed) % 70000;

		get_right((uint64_t)rand_r(&seed) % (FILE_BYTES - length), length);
	}
}
END_TEST

START_TEST(many_spans_at_once_are_right)
{
	struct store_want wants[64];

	for (unsigned i = 0; i < 64; i++) {
		wants[i] = want_of(i * 40001, 30000);
		ck_assert_int_eq(store_want(store, &wants[i]), 0);
	}
	while (done_count < 64)
		storage_turn();
	for (unsigned i = 0; i < 64; i++) {
		ck_assert_int_eq(wants[i].error, 0);
		ck_assert_int_eq(memcmp(wants[i].data, content + i * 40001, 30000), 0);
		store_release(store, &wants[i]);
	}
}
END_TEST

/* More than the arena has: each want is released as soon as it is done, and all are completed. */
static void release_at_once(struct store_want *want)
{
	ck_assert_int_eq(want->error, 0);
	ck_assert_int_eq(memcmp(want->data, content + want->offset, want->length), 0);
	store_release(store, want);
	done_count++;
}

START_TEST(wants_beyond_the_arena_wait_for_memory)
{
	struct store_want wants[40];

	for (unsigned i = 0; i < 40; i++) {
		wants[i] = want_of(i * 1000, 900000);
		wants[i].done = release_at_once;
		ck_assert_int_eq(store_want(store, &wants[i]), 0);
	}
	while (done_count < 40)
		storage_turn();
}
END_TEST

START_TEST(short_reads_within_the_file_are_continued)
{
	static const long cuts[] = { 4096, 512 * 3, 65536 };

	short_bytes = cuts[_i];
	get_right(1000, 200000);
	get_right(FILE_BYTES - 5000, 5000);
	ck_assert_uint_gt(kernel_reads, 2);
}
END_TEST

/*
 * 1000 bytes at a time, as a FUSE file without page cache returns them. An aligned read cannot continue there, so an
 * unaligned one reads the rest.
 */
START_TEST(short_reads_of_less_than_a_block_end)
{
	struct store_want want = want_of(0, 3000);

	short_bytes = 100;
	get(&want);
	/* EINVAL: the filesystem does not support unaligned direct reads. */
	ck_assert(want.error == 0 || want.error == -EINVAL);
	if (want.error == 0)
		ck_assert_int_eq(memcmp(want.data, content, 3000), 0);
	store_release(store, &want);
}
END_TEST

START_TEST(an_error_of_the_disk_is_the_error_of_the_want)
{
	struct store_want want = want_of(5, 5);

	error_result = -EIO;
	get(&want);
	ck_assert_int_eq(want.error, -EIO);
	ck_assert_ptr_null(want.data);
	store_release(store, &want);
	error_result = 0;
	get_right(5, 5);
}
END_TEST

/* -EAGAIN would be taken for "not yet", and the want would never be repeated. */
START_TEST(bytes_of_a_remote_file_are_proven)
{
	struct store_want want = want_of(5, 5), again = want_of(100, 5);
	uint64_t start_ns = clock_now_ns();

	storage_be_remote();
	get(&want);
	ck_assert_int_eq(want.error, 0);
	ck_assert_int_eq(memcmp(want.data, content + 5, 5), 0);
	ck_assert_uint_gt(want.read_ns, start_ns);
	ck_assert_uint_ge(file->extra->verified_ns, want.read_ns);
	store_release(store, &want);
	/* Proven bytes need no further check, and belong to one version even if the file changes. */
	storage_change_file();
	ck_assert_int_eq(store_want(store, &again), 1);
	ck_assert_int_eq(memcmp(again.data, content + 100, 5), 0);
	store_release(store, &again);
}
END_TEST

/* Bytes that were read for a want that needs no proof are proven for the next one that does. */
START_TEST(unproven_bytes_are_proven_when_needed)
{
	struct store_want want = want_of(5, 5), strict = want_of(5, 5);

	storage_be_remote();
	want.unproven = true;
	get(&want);
	ck_assert_int_eq(want.error, 0);
	ck_assert_uint_eq(file->extra->verified_ns, 0);
	store_release(store, &want);
	if (_i == 1)
		storage_change_file();
	get(&strict);
	ck_assert_int_eq(strict.error, _i == 1 ? -ESTALE : 0);
	ck_assert_int_eq(strict.source, _i == 1 ? 0 : STORE_CACHE);
	if (_i == 0)
		ck_assert_uint_ge(file->extra->verified_ns, strict.read_ns);
	store_release(store, &strict);
	ck_assert_uint_eq(kernel_reads, 1);
}
END_TEST

START_TEST(a_changed_remote_file_is_not_served)
{
	struct store_want want = want_of(5, 5);

	storage_be_remote();
	storage_change_file();
	get(&want);
	ck_assert_int_eq(want.error, -ESTALE);
	ck_assert_ptr_null(want.data);
	ck_assert(file->changed);
	store_release(store, &want);
	want = want_of(5, 5);
	ck_assert_int_eq(store_want(store, &want), -ESTALE);
	store_release(store, &want);
}
END_TEST

/* Forty wants wait for one read or for its proof. Every second one is cancelled, at different times. */
START_TEST(a_crowd_waits_for_a_proof)
{
	struct store_want wants[40];

	storage_be_remote();
	for (unsigned i = 0; i < 40; i++) {
		wants[i] = want_of(i, 5);
		ck_assert_int_eq(store_want(store, &wants[i]), 0);
	}
	for (int turns = 0; turns < _i; turns++)
		storage_turn();
	for (unsigned i = 0; i < 40; i += 2)
		store_release(store, &wants[i]);
	while (store_pending(store) > 0)
		storage_turn();
	for (unsigned i = 1; i < 40; i += 2) {
		ck_assert_int_eq(memcmp(wants[i].data, content + i, 5), 0);
		store_release(store, &wants[i]);
	}
	ck_assert_uint_eq(kernel_reads, 1);
}
END_TEST

START_TEST(eagain_from_the_disk_is_eio)
{
	struct store_want want = want_of(5, 5);

	error_result = -EAGAIN;
	get(&want);
	ck_assert_int_eq(want.error, -EIO);
	store_release(store, &want);
}
END_TEST

START_TEST(an_error_in_the_second_part_of_a_read)
{
	struct store_want want = want_of(0, 100000);

	short_bytes = 8192;
	spare = 0;
	ck_assert_int_eq(store_want(store, &want), 0);
	storage_turn();
	short_bytes = 0;
	error_result = -EIO;
	while (done_count == 0)
		storage_turn();
	ck_assert_int_eq(want.error, -EIO);
	store_release(store, &want);
}
END_TEST

START_TEST(a_file_that_was_written_to_is_stale)
{
	struct store_want want = want_of(0, 10);
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/f", directory);
	fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "x", 1, FILE_BYTES / 2), 1);
	close(fd);
	get(&want);
	ck_assert_int_eq(want.error, -ESTALE);
	store_release(store, &want);
}
END_TEST

/* A direct read that continues within a block after a file was shortened and has grown again is EINVAL. */
START_TEST(a_failed_read_of_a_changed_file_is_stale)
{
	struct store_want want = want_of(0, 10);

	error_result = -EINVAL;
	storage_change_file();
	get(&want);
	ck_assert_int_eq(want.error, -ESTALE);
	error_result = 0;
	store_release(store, &want);
}
END_TEST

START_TEST(a_file_that_shrank_is_stale)
{
	struct store_want want = want_of(FILE_BYTES - 10, 10);
	char path[64];

	snprintf(path, sizeof(path), "%s/f", directory);
	ck_assert_int_eq(truncate(path, 4096), 0);
	get(&want);
	ck_assert_int_eq(want.error, -ESTALE);
	store_release(store, &want);
}
END_TEST

START_TEST(cancelling_at_any_stage_frees_all_memory)
{
	struct store_want wants[8];

	/* The first few have memory and are queued; the others wait for memory. */
	for (unsigned i = 0; i < 8; i++) {
		wants[i] = want_of(0, 1000000);
		ck_assert_int_eq(store_want(store, &wants[i]), 0);
	}
	/* 0: not submitted, 1: in flight, 2: some are done. */
	for (unsigned i = 0; i < (unsigned)_i; i++)
		storage_turn();
	for (unsigned i = 0; i < 8; i++)
		store_release(store, &wants[i]);
}
END_TEST

/* Returns the descriptor of the file, which stays open as long as the file. */
static struct descriptor *descriptor_of_file(void)
{
	struct descriptor *descriptor = file_descriptor(file);

	ck_assert_ptr_nonnull(descriptor);
	descriptors_unref(descriptor);
	return descriptor;
}

START_TEST(offload_threads_read_files_without_direct_reads)
{
	char folder[] = "/dev/shm/store.XXXXXX", path[64];

	file_unref(file);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	file_root_unref(root);
	storage_open(folder);
	ck_assert(!descriptor_of_file()->direct);
	get_right(0, 1);
	get_right(12345, 700000);
	get_right(FILE_BYTES - 1, 1);
	struct store_want want = want_of(1 << 20, 1);
	const uint64_t start_ns = clock_now_ns();
	get(&want);
	check_source(&want, STORE_DISK, start_ns);
	store_release(store, &want);
	ck_assert_uint_eq(kernel_reads, 0);
	snprintf(path, sizeof(path), "%s/f", folder);
	unlink(path);
	rmdir(folder);
}
END_TEST

/* If the extent map is not known yet, an offload thread loads it before the read. */
START_TEST(an_unknown_extent_map_is_loaded_before_the_read)
{
	atomic_store(&descriptor_of_file()->mapped_bytes, 0);
	get_right(FILE_BYTES - 100, 100);
	ck_assert_uint_ge(atomic_load(&descriptor_of_file()->mapped_bytes), FILE_BYTES);
}
END_TEST

/* --- the cache --- */

START_TEST(cached_bytes_are_not_read_again)
{
	get_right(100, 1000);
	get_right(0, FILE_BYTES < STORE_SPAN_MAX_BYTES ? FILE_BYTES : 200000);
	kernel_reads = 0;
	get_right(0, 200000);
	get_right(777, 3);
	ck_assert_uint_eq(kernel_reads, 0);
}
END_TEST

/*
 * A young file may change without a change of its version, so an extent that one want has pinned is not used for the
 * next one.
 */
START_TEST(bytes_of_a_young_file_are_not_shared)
{
	const struct timespec ahead[2] = { { .tv_sec = time(NULL) + 1000 }, { .tv_sec = time(NULL) + 1000 } };
	struct store_want first = want_of(0, 1000), second;

	ck_assert_int_eq(utimensat(root->fd, "f", ahead, 0), 0);
	file_unref(file);
	ck_assert_int_eq(file_open(root, "f", &file), 0);
	first.file = file;
	get(&first);
	second = want_of(0, 1000);
	get(&second);
	check_source(&second, STORE_DISK, 0);
	ck_assert_uint_eq(kernel_reads, 2);
	ck_assert(first.data != second.data);
	store_release(store, &first);
	store_release(store, &second);
}
END_TEST

START_TEST(without_a_cache_everything_is_read_again)
{
	get_right(0, 200000);
	ck_assert_uint_eq(kernel_reads, 1);
	get_right(0, 200000);
	ck_assert_uint_eq(kernel_reads, 2);
}
END_TEST

/*
 * In large files a small range reads only its blocks, and a repeated range is a hit. After 32 spans the extent is read.
 */
START_TEST(small_ranges_read_their_span_only)
{
	for (unsigned i = 0; i < 32; i++) {
		get_right(i * 8000 + 5, 100);
		ck_assert_uint_le(kernel_bytes, (i + 1) * 1024);
		get_right(i * 8000 + 7, 3);
	}
	ck_assert_uint_eq(kernel_reads, 32);
	get_right(32 * 8000, 100);
	ck_assert_uint_ge(kernel_bytes, SHARD_EXTENT_BYTES);
	get_right(3, 250000);
	ck_assert_uint_eq(kernel_reads, 33);
}
END_TEST

/* The extent is also read once spans cover half of it. */
START_TEST(spans_of_half_an_extent_load_all_of_it)
{
	get_right(0, 65536);
	get_right(100000, 50000);
	ck_assert_uint_lt(kernel_bytes, 120000);
	get_right(200000, 30000);
	ck_assert_uint_ge(kernel_bytes, SHARD_EXTENT_BYTES);
}
END_TEST

/* All of these wants at once, on two reactors: one read. */
START_TEST(many_wants_of_cold_bytes_cost_one_read)
{
	struct store_want wants[40];

	for (unsigned i = 0; i < 40; i++) {
		wants[i] = want_of(i * 100, 200000);
		ck_assert_int_eq(store_want(sides[i % 2].store, &wants[i]), 0);
	}
	while (done_count < 40)
		storage_turn_both();
	ck_assert_uint_eq(kernel_reads, 1);
	for (unsigned i = 0; i < 40; i++) {
		ck_assert_int_eq(wants[i].error, 0);
		ck_assert_int_eq(memcmp(wants[i].data, content + i * 100, 200000), 0);
		store_release(sides[i % 2].store, &wants[i]);
	}
}
END_TEST

START_TEST(reports_the_source_of_the_bytes)
{
	const uint64_t start_ns = clock_now_ns();
	struct store_want first = want_of(0, 1000), second = want_of(5000, 1000), third = want_of(5000, 1000);

	get(&first);
	check_source(&first, STORE_DISK, start_ns);
	get(&third);
	check_source(&third, STORE_DISK, start_ns);
	store_release(store, &third);
	third = want_of(5000, 1000);
	get(&third);
	check_source(&third, STORE_CACHE, start_ns);
	store_release(store, &first);
	store_release(store, &third);

	first = want_of(1 << 20, 1000), second = want_of(1 << 20, 1000);
	ck_assert_int_eq(store_want(sides[0].store, &first), 0);
	queue_run(sides[0].queue);
	ck_assert_uint_eq(disk_submit(sides[0].disk), 1);
	ck_assert_int_eq(store_want(sides[1].store, &second), 0);
	for (unsigned before = done_count; done_count < before + 2;)
		storage_turn_both();
	check_source(&first, STORE_DISK, start_ns);
	check_source(&second, STORE_COALESCED, start_ns);
	store_release(sides[0].store, &first);
	store_release(sides[1].store, &second);
}
END_TEST

/* The want that started the read is cancelled; the others get their bytes. */
START_TEST(a_shared_read_outlives_its_first_want)
{
	struct store_want first = want_of(0, 200000), second = want_of(5000, 100000);

	ck_assert_int_eq(store_want(sides[0].store, &first), 0);
	queue_run(sides[0].queue);
	ck_assert_uint_eq(disk_submit(sides[0].disk), 1);
	ck_assert_int_eq(store_want(sides[1].store, &second), 0);
	store_release(sides[0].store, &first);
	while (done_count == 0)
		storage_turn_both();
	ck_assert_int_eq(second.error, 0);
	ck_assert_int_eq(memcmp(second.data, content + 5000, 100000), 0);
	store_release(sides[1].store, &second);
}
END_TEST

START_TEST(an_error_reaches_all_wants_of_the_read_and_no_others)
{
	struct store_want wants[20], other = want_of(2000000, 100);

	for (unsigned i = 0; i < 20; i++) {
		wants[i] = want_of(i, 200000);
		ck_assert_int_eq(store_want(sides[i % 2].store, &wants[i]), 0);
	}
	error_result = -EIO;
	while (done_count < 20)
		storage_turn_both();
	error_result = 0;
	get(&other);
	ck_assert_int_eq(other.error, 0);
	ck_assert_int_eq(memcmp(other.data, content + 2000000, 100), 0);
	store_release(store, &other);
	for (unsigned i = 0; i < 20; i++) {
		ck_assert_int_eq(wants[i].error, -EIO);
		store_release(sides[i % 2].store, &wants[i]);
	}
	get_right(0, 200000);
}
END_TEST

/* --- one read for adjacent extents --- */

static void want_three(struct store_want *wants)
{
	for (unsigned i = 0; i < 3; i++) {
		wants[i] = want_of(i * SHARD_EXTENT_BYTES, SHARD_EXTENT_BYTES);
		ck_assert_int_eq(store_want(store, &wants[i]), 0);
	}
	while (done_count < 3)
		storage_turn();
}

START_TEST(adjacent_wants_are_one_read)
{
	struct store_want wants[3];

	short_bytes = _i; /* The test also runs with short reads. */
	want_three(wants);
	if (_i == 0)
		ck_assert_uint_eq(kernel_reads, 1);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(wants[i].error, 0);
		ck_assert_int_eq(memcmp(wants[i].data, content + wants[i].offset, SHARD_EXTENT_BYTES), 0);
		store_release(store, &wants[i]);
	}
}
END_TEST

/* Readahead is not submitted before the pieces that follow are known, even if many reads are queued. */
START_TEST(readahead_waits_for_adjacent_wants)
{
	static const unsigned numbers[9] = { 11, 0, 1, 2, 3, 4, 5, 6, 7 };
	struct store_want wants[9];

	for (unsigned i = 0; i < 9; i++) {
		wants[i] = want_of(numbers[i] * SHARD_EXTENT_BYTES, SHARD_EXTENT_BYTES);
		wants[i].class = QUEUE_AHEAD;
		ck_assert_int_eq(store_want(store, &wants[i]), 0);
	}
	ck_assert_uint_eq(kernel_reads, 0);
	while (done_count < 9)
		storage_turn();
	ck_assert_uint_eq(kernel_reads, 3);
	for (unsigned i = 0; i < 9; i++)
		store_release(store, &wants[i]);
}
END_TEST

/* EIO for the read of three parts: each part is read again by itself, and only those that fail again have an error. */
START_TEST(an_error_of_a_merged_read_is_found_by_reading_its_parts)
{
	struct store_want wants[3];
	unsigned failed = 0;

	error_result = -EIO;
	faults_left = 1 + (unsigned)_i;
	want_three(wants);
	for (unsigned i = 0; i < 3; i++) {
		failed += wants[i].error != 0;
		if (wants[i].error == 0)
			ck_assert_int_eq(memcmp(wants[i].data, content + wants[i].offset, SHARD_EXTENT_BYTES), 0);
		store_release(store, &wants[i]);
	}
	ck_assert_uint_eq(failed, _i);
	ck_assert_uint_eq(kernel_reads, 4);
}
END_TEST

START_TEST(cancelled_readahead_is_not_read)
{
	struct store_want wants[3];

	for (unsigned i = 0; i < 3; i++) {
		wants[i] = want_of(i * SHARD_EXTENT_BYTES, SHARD_EXTENT_BYTES);
		wants[i].class = QUEUE_AHEAD;
		ck_assert_int_eq(store_want(store, &wants[i]), 0);
	}
	for (unsigned i = 0; i < 3; i++)
		store_release(store, &wants[i]);
	storage_turn();
	ck_assert_uint_eq(kernel_reads, 0);
	ck_assert_uint_eq(device->cancelled, 3);
	ck_assert_uint_eq(store_pending(store), 0);
}
END_TEST

/* --- modes of submission --- */

START_TEST(offload_threads_read_after_eagain)
{
	device->mode = DEVICE_NOWAIT;
	error_result = -EAGAIN;
	get_right(0, 200000);
	ck_assert_uint_eq(device->eagain, 1);
	error_result = 0;
	get_right(1000000, 200000);
	ck_assert_int_eq(device->mode, DEVICE_NOWAIT);
}
END_TEST

START_TEST(nowait_is_not_used_where_it_mostly_fails)
{
	device->mode = DEVICE_NOWAIT;
	for (unsigned i = 0; i < 100; i++) {
		error_result = device->mode == DEVICE_NOWAIT ? -EAGAIN : 0;
		get_right(i * 30000, 100);
	}
	ck_assert_int_eq(device->mode, DEVICE_ASYNC);
}
END_TEST

START_TEST(nowait_is_not_used_where_it_is_unsupported)
{
	device->mode = DEVICE_NOWAIT;
	refuse_nowait = true;
	get_right(0, 200000);
	ck_assert_int_eq(device->mode, DEVICE_ASYNC);
	ck_assert_uint_eq(kernel_reads, 1);
}
END_TEST

START_TEST(offload_threads_read_devices_that_block)
{
	for (unsigned i = 0; i < 3; i++)
		devices_note_submit(devices, device, 30000000);
	ck_assert_int_eq(device->mode, DEVICE_OFFLOAD);
	get_right(0, 200000);
	get_right(FILE_BYTES - 100, 100);
	ck_assert_uint_eq(kernel_reads, 0);
}
END_TEST

START_TEST(one_slow_submit_in_a_thousand_does_not_demote)
{
	for (unsigned i = 0; i < 10000; i++)
		devices_note_submit(devices, device, i % 1000 == 0 ? 30000000 : 1000);
	ck_assert_int_eq(device->mode, DEVICE_ASYNC);
}
END_TEST

/* --- little memory, many wants --- */

static struct store_want crowd[400];

static void take_and_give_back(struct store_want *want)
{
	ck_assert_int_eq(want->error, 0);
	ck_assert_int_eq(memcmp(want->data, content + want->offset, want->length), 0);
	store_release(sides[(want - crowd) % 2].store, want);
	done_count++;
}

START_TEST(hundreds_of_wants_share_a_few_extents)
{
	unsigned seed = 3, hits = 0;

	for (unsigned i = 0; i < 400; i++) {
		crowd[i] = want_of((uint64_t)rand_r(&seed) % (FILE_BYTES - 300000), 1 + (size_t)rand_r(&seed) % 300000);
		crowd[i].reach = (enum cache_reach)(i % 3);
		crowd[i].done = take_and_give_back;
		if (store_want(sides[i % 2].store, &crowd[i]) == 1)
			hits++;
	}
	while (done_count < 400)
		storage_turn_both();
	ck_assert_uint_eq(hits, 0);
	cache_content_check(cache);
}
END_TEST

START_TEST(half_of_many_wants_are_cancelled)
{
	unsigned seed = 5, given_up = 0;

	for (unsigned i = 0; i < 400; i++) {
		crowd[i] = want_of((uint64_t)rand_r(&seed) % (FILE_BYTES - 300000), 1 + (size_t)rand_r(&seed) % 300000);
		crowd[i].done = take_and_give_back;
		ck_assert_int_ge(store_want(sides[i % 2].store, &crowd[i]), 0);
	}
	for (unsigned turn = 0; done_count + given_up < 400; turn++) {
		unsigned i = (unsigned)rand_r(&seed) % 400;

		if (crowd[i].read != NULL) {
			store_release(sides[i % 2].store, &crowd[i]);
			given_up++;
		}
		if (turn % 4 == 0)
			storage_turn_both();
	}
}
END_TEST

/* All memory is in use by clients that do not read. */
START_TEST(wants_without_memory_expire)
{
	struct store_want pinned[4], first = want_of(2500000, 16384), large = want_of(2600000, 100000),
				     later = want_of(2700000, 16384);
	uint64_t start_ns, first_ms = 0, large_ms = 0;

	for (unsigned i = 0; i < 4; i++) {
		pinned[i] = want_of(i * 8192, STORE_SPAN_MAX_BYTES / 8192 * 8192);
		get(&pinned[i]);
	}
	later.class = large.class = QUEUE_STREAM;
	large.divisible = true;
	first.rejectable = true;
	start_ns = clock_now_ns();
	ck_assert_int_eq(store_want(store, &first), 0);
	ck_assert_int_eq(store_want(store, &large), 0);
	ck_assert_int_eq(store_want(store, &later), 0);
	while (first_ms == 0 || large_ms == 0) {
		storage_turn();
		if (large_ms == 0 && large.error != 0)
			large_ms = (clock_now_ns() - start_ns) / CLOCK_NS_PER_MS;
		if (first_ms == 0 && first.error != 0)
			first_ms = (clock_now_ns() - start_ns) / CLOCK_NS_PER_MS;
	}
	ck_assert_int_eq(first.error, -ENOBUFS);
	ck_assert_int_eq(large.error, -ENOBUFS);
	ck_assert_uint_ge(large_ms, STORE_DIVISIBLE_WAIT_MS);
	ck_assert_uint_ge(first_ms, LATENCY_MS);
	ck_assert_uint_lt(first_ms, LATENCY_MS + 2000);
	/* Its response has begun, so it waits without a limit. */
	ck_assert_int_eq(later.error, 0);
	ck_assert_ptr_null(later.data);
	for (unsigned i = 0; i < 4; i++)
		store_release(store, &pinned[i]);
	while (later.data == NULL)
		storage_turn();
	ck_assert_int_eq(memcmp(later.data, content + later.offset, later.length), 0);
	store_release(store, &later);
}
END_TEST

static unsigned waiting_for_memory(void)
{
	struct cache_stats stats;

	cache_content_stats(cache, &stats);
	return stats.waiting;
}

/*
 * Both wait for memory. Then the first one loads the extent of both, which takes longer than they may wait for memory.
 */
START_TEST(a_want_that_was_coalesced_while_waiting_for_memory_does_not_expire)
{
	struct store_want pinned[4], reads = want_of(2500000, 16384), joins = want_of(2500000, 16384);
	uint64_t start_ns;

	for (unsigned i = 0; i < 4; i++) {
		pinned[i] = want_of(i * 8192, STORE_SPAN_MAX_BYTES / 8192 * 8192);
		get(&pinned[i]);
	}
	reads.rejectable = joins.rejectable = true;
	start_ns = clock_now_ns();
	ck_assert_int_eq(store_want(store, &reads), 0);
	ck_assert_int_eq(store_want(store, &joins), 0);
	while (waiting_for_memory() < 2)
		storage_turn();
	hold_answers = true;
	for (unsigned i = 0; i < 4; i++)
		store_release(store, &pinned[i]);
	while (clock_now_ns() - start_ns < (LATENCY_MS + 200) * CLOCK_NS_PER_MS)
		storage_turn();
	ck_assert_int_eq(joins.error, 0);
	hold_answers = false;
	disk_reap(sides[0].disk);
	while (reads.data == NULL || joins.data == NULL)
		storage_turn();
	ck_assert_int_eq(memcmp(joins.data, content + joins.offset, joins.length), 0);
	store_release(store, &reads);
	store_release(store, &joins);
}
END_TEST

/* No timer can be started, or it cannot be restarted. */
START_TEST(without_a_timer_no_read_waits_for_memory)
{
	struct store_want pinned[4], first = want_of(2500000, 16384);
	uint64_t start_ns;

	for (unsigned i = 0; i < 4; i++) {
		pinned[i] = want_of(i * 8192, STORE_SPAN_MAX_BYTES / 8192 * 8192);
		get(&pinned[i]);
	}
	first.rejectable = true;
	timers_left = _i;
	start_ns = clock_now_ns();
	ck_assert_int_eq(store_want(store, &first), 0);
	while (first.error == 0 && clock_now_ns() - start_ns < 10 * CLOCK_NS_PER_S)
		storage_turn();
	ck_assert_int_eq(first.error, -ENOBUFS);
	ck_assert_uint_lt(clock_now_ns() - start_ns, LATENCY_MS * CLOCK_NS_PER_MS);
	for (unsigned i = 0; i < 4; i++)
		store_release(store, &pinned[i]);
}
END_TEST

/* 128 KiB are free: enough for the span, but not for the 256 KiB of its extent. */
START_TEST(the_span_is_read_if_the_extent_has_no_room)
{
	struct store_want pinned[4];

	for (unsigned i = 0; i < 4; i++) {
		pinned[i] = want_of(i < 3 ? i * 8192 : 1 << 20,
				    i < 3 ? STORE_SPAN_MAX_BYTES / 8192 * 8192 : ARENA_BLOCK_MAX_BYTES / 8 * 7);
		pinned[i].reach = CACHE_EXACT;
		get(&pinned[i]);
	}
	get_right(10 * SHARD_EXTENT_BYTES, SHARD_EXTENT_BYTES / 2);
	for (unsigned i = 0; i < 4; i++)
		store_release(store, &pinned[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *tests = tcase_create("store");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, storage_teardown);
	tcase_add_test(tests, spans_of_any_alignment_are_right);
	tcase_add_test(tests, many_spans_at_once_are_right);
	tcase_add_test(tests, wants_beyond_the_arena_wait_for_memory);
	tcase_add_loop_test(tests, short_reads_within_the_file_are_continued, 0, 3);
	tcase_add_test(tests, short_reads_of_less_than_a_block_end);
	tcase_add_test(tests, an_error_of_the_disk_is_the_error_of_the_want);
	tcase_add_test(tests, eagain_from_the_disk_is_eio);
	tcase_add_test(tests, an_error_in_the_second_part_of_a_read);
	tcase_add_test(tests, a_file_that_was_written_to_is_stale);
	tcase_add_test(tests, a_failed_read_of_a_changed_file_is_stale);
	tcase_add_test(tests, a_file_that_shrank_is_stale);
	tcase_add_loop_test(tests, cancelling_at_any_stage_frees_all_memory, 0, 3);
	tcase_add_test(tests, offload_threads_read_files_without_direct_reads);
	tcase_add_test(tests, an_unknown_extent_map_is_loaded_before_the_read);
	tcase_add_test(tests, cached_bytes_are_not_read_again);
	tcase_add_test(tests, bytes_of_a_young_file_are_not_shared);
	tcase_add_test(tests, small_ranges_read_their_span_only);
	tcase_add_test(tests, spans_of_half_an_extent_load_all_of_it);
	tcase_add_test(tests, many_wants_of_cold_bytes_cost_one_read);
	tcase_add_test(tests, reports_the_source_of_the_bytes);
	tcase_add_test(tests, a_shared_read_outlives_its_first_want);
	tcase_add_test(tests, an_error_reaches_all_wants_of_the_read_and_no_others);
	tcase_add_loop_test(tests, adjacent_wants_are_one_read, 0, 1);
	tcase_add_test(tests, readahead_waits_for_adjacent_wants);
	tcase_add_loop_test(tests, adjacent_wants_are_one_read, 100000, 100001);
	tcase_add_loop_test(tests, an_error_of_a_merged_read_is_found_by_reading_its_parts, 0, 3);
	tcase_add_test(tests, cancelled_readahead_is_not_read);
	tcase_add_test(tests, offload_threads_read_after_eagain);
	tcase_add_test(tests, nowait_is_not_used_where_it_mostly_fails);
	tcase_add_test(tests, nowait_is_not_used_where_it_is_unsupported);
	tcase_add_test(tests, offload_threads_read_devices_that_block);
	tcase_add_test(tests, one_slow_submit_in_a_thousand_does_not_demote);
	tcase_add_test(tests, hundreds_of_wants_share_a_few_extents);
	tcase_add_test(tests, half_of_many_wants_are_cancelled);
	tcase_add_test(tests, bytes_of_a_remote_file_are_proven);
	tcase_add_loop_test(tests, unproven_bytes_are_proven_when_needed, 0, 2);
	tcase_add_test(tests, a_changed_remote_file_is_not_served);
	tcase_add_loop_test(tests, a_crowd_waits_for_a_proof, 0, 5);
	tcase_add_test(tests, wants_without_memory_expire);
	tcase_add_test(tests, a_want_that_was_coalesced_while_waiting_for_memory_does_not_expire);
	tcase_add_loop_test(tests, without_a_timer_no_read_waits_for_memory, 0, 2);
	tcase_add_test(tests, the_span_is_read_if_the_extent_has_no_room);
	suite_add_tcase(suite, tests);
	tests = tcase_create("without cache");
	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup_without_cache, storage_teardown);
	tcase_add_test(tests, without_a_cache_everything_is_read_again);
	tcase_add_test(tests, many_wants_of_cold_bytes_cost_one_read);
	tcase_add_test(tests, hundreds_of_wants_share_a_few_extents);
	tcase_add_test(tests, half_of_many_wants_are_cancelled);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
