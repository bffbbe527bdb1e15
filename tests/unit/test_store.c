/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The store over a real file, and with the kernel's answers changed on the way (--wrap=io_getevents): short reads, EIO, an
 * early end. Bytes are compared with what was written; memory must be back in the arena after each test, whoever gave up when.
 */
#include "store/store.h"

#include <errno.h>
#include "storage.h"

static unsigned done_count;

/* The kernel's answer to every read is cut to this many bytes (0: as it is), or is this error, after `spare` untouched ones. */
static long short_bytes, error_result;
static unsigned spare, kernel_reads;

int __real_io_getevents(io_context_t context, long min, long max, struct io_event *events, struct timespec *timeout);
int __wrap_io_getevents(io_context_t context, long min, long max, struct io_event *events, struct timespec *timeout);
int __real_io_submit(io_context_t context, long count, struct iocb **list);
int __wrap_io_submit(io_context_t context, long count, struct iocb **list);

int __wrap_io_getevents(io_context_t context, long min, long max, struct io_event *events, struct timespec *timeout)
{
	int n = __real_io_getevents(context, min, max, events, timeout);

	for (int i = 0; i < n; i++) {
		if (spare > 0)
			spare--;
		else if (error_result != 0)
			events[i].res = (unsigned long)error_result;
		else if (short_bytes > 0 && (long)events[i].res > short_bytes)
			events[i].res = (unsigned long)short_bytes;
	}
	return n;
}

int __wrap_io_submit(io_context_t context, long count, struct iocb **list)
{
	kernel_reads += (unsigned)count;
	return __real_io_submit(context, count, list);
}

static void setup(void)
{
	storage_setup();
	done_count = kernel_reads = spare = 0;
	short_bytes = error_result = 0;
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

	ck_assert_int_eq(store_want(store, want), 0);
	while (done_count == before)
		storage_turn();
}

static void get_right(uint64_t offset, size_t length)
{
	struct store_want want = want_of(offset, length);

	get(&want);
	ck_assert_int_eq(want.error, 0);
	ck_assert_msg(memcmp(want.data, content + offset, length) == 0, "%zu bytes at %llu", length, (unsigned long long)offset);
	store_release(store, &want);
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

START_TEST(many_at_once_are_right)
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

/* More than the arena holds: each is released as it comes, and all come. */
static void release_at_once(struct store_want *want)
{
	ck_assert_int_eq(want->error, 0);
	ck_assert_int_eq(memcmp(want->data, content + want->offset, want->length), 0);
	store_release(store, want);
	done_count++;
}

START_TEST(wants_beyond_the_arena_wait_their_turn)
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

START_TEST(short_reads_in_mid_file_are_read_on)
{
	static const long cuts[] = { 4096, 512 * 3, 65536 };

	short_bytes = cuts[_i];
	get_right(1000, 200000);
	get_right(FILE_BYTES - 5000, 5000);
	ck_assert_uint_gt(kernel_reads, 2);
}
END_TEST

/* 1000 bytes at a time, as a FUSE file without page cache does: an aligned read never gets further, so the rest comes otherwise. */
START_TEST(short_reads_of_less_than_a_block_end)
{
	struct store_want want = want_of(0, 3000);

	short_bytes = 100;
	get(&want);
	ck_assert(want.error == 0 || want.error == -EINVAL); /* EINVAL: this filesystem takes no unaligned direct read */
	if (want.error == 0)
		ck_assert_int_eq(memcmp(want.data, content, 3000), 0);
	store_release(store, &want);
}
END_TEST

START_TEST(an_error_of_the_disk_is_the_wants)
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

/* -EAGAIN would be taken for "not yet", and nobody would ever come back to it. */
START_TEST(again_from_the_disk_is_an_error)
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

START_TEST(given_up_at_any_stage_all_memory_comes_back)
{
	struct store_want wants[8];

	for (unsigned i = 0; i < 8; i++) { /* the first few have memory and are queued, the others wait for memory */
		wants[i] = want_of(0, 1000000);
		ck_assert_int_eq(store_want(store, &wants[i]), 0);
	}
	for (unsigned i = 0; i < (unsigned)_i; i++) /* 0: not submitted, 1: in flight, 2: some done */
		storage_turn();
	for (unsigned i = 0; i < 8; i++)
		store_release(store, &wants[i]);
}
END_TEST

START_TEST(a_file_without_direct_reads_goes_through_the_offload_threads)
{
	char folder[] = "/dev/shm/store.XXXXXX", path[64];

	file_unref(file);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	storage_open(folder);
	ck_assert(!file->direct);
	get_right(0, 1);
	get_right(12345, 700000);
	get_right(FILE_BYTES - 1, 1);
	ck_assert_uint_eq(kernel_reads, 0);
	snprintf(path, sizeof(path), "%s/f", folder);
	unlink(path);
	rmdir(folder);
}
END_TEST

/* Where the extent map is not known yet, it is walked first, off the loop. */
START_TEST(an_unknown_extent_map_is_walked_before_the_read)
{
	atomic_store(&file->mapped_bytes, 0);
	get_right(FILE_BYTES - 100, 100);
	ck_assert_uint_ge(atomic_load(&file->mapped_bytes), FILE_BYTES);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store");
	TCase *tests = tcase_create("store");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, storage_teardown);
	tcase_add_test(tests, spans_of_any_alignment_are_right);
	tcase_add_test(tests, many_at_once_are_right);
	tcase_add_test(tests, wants_beyond_the_arena_wait_their_turn);
	tcase_add_loop_test(tests, short_reads_in_mid_file_are_read_on, 0, 3);
	tcase_add_test(tests, short_reads_of_less_than_a_block_end);
	tcase_add_test(tests, an_error_of_the_disk_is_the_wants);
	tcase_add_test(tests, again_from_the_disk_is_an_error);
	tcase_add_test(tests, an_error_in_the_second_part_of_a_read);
	tcase_add_test(tests, a_file_that_was_written_to_is_stale);
	tcase_add_test(tests, a_file_that_shrank_is_stale);
	tcase_add_loop_test(tests, given_up_at_any_stage_all_memory_comes_back, 0, 3);
	tcase_add_test(tests, a_file_without_direct_reads_goes_through_the_offload_threads);
	tcase_add_test(tests, an_unknown_extent_map_is_walked_before_the_read);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
