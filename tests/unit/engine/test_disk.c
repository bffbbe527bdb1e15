/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tests of engine/disk.c. io_submit and io_getevents are wrapped (-Wl,--wrap). With fake.on a script answers them, so
 * that each bad state of the kernel can be produced. Without it they are the real ones, for reads of a file.
 */
#include "engine/disk.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "../suite.h"
#include "engine/reactor.h"

int __real_io_submit(io_context_t context, long count, struct iocb **iocbs);
int __wrap_io_submit(io_context_t context, long count, struct iocb **iocbs);
int __real_io_getevents(io_context_t context, long min, long count, struct io_event *events, struct timespec *timeout);
int __wrap_io_getevents(io_context_t context, long min, long count, struct io_event *events, struct timespec *timeout);

#define READS 600
#define BLOCK_BYTES ((size_t)4096)

/* --- a scripted kernel --- */

static struct {
	bool on;
	/*
	 * Answers of io_submit, in order: the maximum number of reads to accept, or -errno. After the last one all are
	 * accepted.
	 */
	int answers[READS];
	unsigned answer_count, answers_given;
	unsigned submit_calls, getevents_calls;
	struct iocb *taken[READS];
	unsigned taken_count;
	struct io_event events[READS];
	unsigned event_count, events_given;
	int getevents_error; /* Returned once. */
	long slow_ns;
} fake;

int __wrap_io_submit(io_context_t context, long count, struct iocb **iocbs)
{
	int answer = (int)count;

	if (!fake.on)
		return __real_io_submit(context, count, iocbs);
	fake.submit_calls++;
	nanosleep(&(struct timespec){ .tv_nsec = fake.slow_ns }, NULL);
	ck_assert_int_gt(count, 0);
	if (fake.answers_given < fake.answer_count)
		answer = fake.answers[fake.answers_given++];
	if (answer > count)
		answer = (int)count;
	for (int i = 0; i < answer; i++)
		fake.taken[fake.taken_count++] = iocbs[i];
	return answer;
}

int __wrap_io_getevents(io_context_t context, long min, long count, struct io_event *events, struct timespec *timeout)
{
	int given = 0, error = fake.getevents_error;

	if (!fake.on)
		return __real_io_getevents(context, min, count, events, timeout);
	fake.getevents_calls++;
	ck_assert_int_eq(min, 0);
	ck_assert(timeout != NULL && timeout->tv_sec == 0 && timeout->tv_nsec == 0);
	fake.getevents_error = 0;
	if (error != 0)
		return error;
	while (given < count && fake.events_given < fake.event_count)
		events[given++] = fake.events[fake.events_given++];
	return given;
}

static void script(const int *answers, unsigned count)
{
	memcpy(fake.answers, answers, count * sizeof(*answers));
	fake.answer_count = count;
	fake.answers_given = fake.submit_calls = 0;
}

#define SCRIPT(...) script((const int[]){ __VA_ARGS__ }, sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))

static void complete(struct disk_read *read, long res, long res2)
{
	ck_assert_int_eq(read->state, DISK_READ_IN_FLIGHT);
	fake.events[fake.event_count++] = (struct io_event){
		.data = read->iocb.data,
		.obj = &read->iocb,
		.res = (unsigned long)res,
		.res2 = (unsigned long)res2,
	};
}

/* --- reads --- */

static struct disk *disk;
static struct disk_read reads[READS];
static ssize_t results[READS];
static unsigned done_counts[READS], done_order[READS], done_count;
static _Alignas(4096) uint8_t block[4096];

static unsigned number_of(const struct disk_read *read)
{
	return (unsigned)(read - reads);
}

static void done(struct disk_read *read, ssize_t result)
{
	unsigned i = number_of(read);

	ck_assert_int_eq(read->state, DISK_READ_IDLE);
	results[i] = result;
	done_counts[i]++;
	done_order[done_count++ % READS] = i;
}

static void queue(unsigned first, unsigned count)
{
	for (unsigned i = first; i < first + count; i++) {
		reads[i].parts[0] = (struct iovec){ .iov_base = block, .iov_len = BLOCK_BYTES };
		reads[i].part_count = 1;
		reads[i].offset = i * BLOCK_BYTES;
		reads[i].alignment = reads[i].memory_alignment = 4096;
		if (reads[i].done == NULL)
			reads[i].done = done;
		disk_read(disk, &reads[i]);
	}
}

static void setup(void)
{
	memset(&fake, 0, sizeof(fake));
	memset(reads, 0, sizeof(reads));
	memset(done_counts, 0, sizeof(done_counts));
	done_count = 0;
	fake.on = true;
	ck_assert_int_eq(disk_new(&disk, &(struct disk_options){ .depth = 256 }), 0);
}

static void teardown(void)
{
	disk_free(disk);
}

static void check_counts(unsigned queued, unsigned in_flight)
{
	ck_assert_uint_eq(disk_queued(disk), queued);
	ck_assert_uint_eq(disk_in_flight(disk), in_flight);
}

/*
 * Checks that the reads [first, first + count) were submitted in order, as the n-th and following ones of the kernel.
 */
static void check_taken(unsigned nth, unsigned first, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		ck_assert_ptr_eq(fake.taken[nth + i], &reads[first + i].iocb);
}

/* --- submitting --- */

START_TEST(one_call_for_all)
{
	struct disk_stats stats;

	ck_assert_uint_eq(disk_submit(disk), 0);
	queue(0, 100);
	check_counts(100, 0);
	ck_assert_uint_eq(fake.submit_calls, 0);
	ck_assert_uint_eq(disk_submit(disk), 100);
	ck_assert_uint_eq(fake.submit_calls, 1);
	check_counts(0, 100);
	check_taken(0, 0, 100);
	disk_stats(disk, &stats);
	ck_assert_uint_eq(stats.submits, 1);
	ck_assert_uint_eq(stats.reads, 100);
}
END_TEST

START_TEST(iocb_describes_the_read)
{
	queue(7, 1);
	disk_submit(disk);
	ck_assert_int_eq(fake.taken[0]->aio_lio_opcode, IO_CMD_PREAD);
	ck_assert_ptr_eq(fake.taken[0]->u.c.buf, block);
	ck_assert_uint_eq(fake.taken[0]->u.c.nbytes, BLOCK_BYTES);
	ck_assert_int_eq(fake.taken[0]->u.c.offset, 7 * 4096);
	ck_assert_int_eq((int)fake.taken[0]->u.c.resfd, disk_eventfd(disk));
}
END_TEST

START_TEST(eagain_leaves_them_queued)
{
	SCRIPT(-EAGAIN);
	queue(0, 10);
	ck_assert_uint_eq(disk_submit(disk), 0);
	check_counts(10, 0);
	ck_assert_uint_eq(fake.submit_calls, 1);
	ck_assert_uint_eq(disk_submit(disk), 10);
	check_taken(0, 0, 10);
	ck_assert_uint_eq(done_count, 0);
}
END_TEST

START_TEST(accepting_none_leaves_them_queued)
{
	SCRIPT(0);
	queue(0, 10);
	ck_assert_uint_eq(disk_submit(disk), 0);
	check_counts(10, 0);
	ck_assert_uint_eq(fake.submit_calls, 1);
}
END_TEST

START_TEST(full_ring_after_some)
{
	SCRIPT(3, -EAGAIN);
	queue(0, 10);
	ck_assert_uint_eq(disk_submit(disk), 3);
	check_counts(7, 3);
	ck_assert_uint_eq(fake.submit_calls, 2);
	ck_assert_uint_eq(disk_submit(disk), 7);
	check_taken(0, 0, 10);
}
END_TEST

START_TEST(short_count_continues_with_the_rest)
{
	SCRIPT(3);
	queue(0, 10);
	ck_assert_uint_eq(disk_submit(disk), 10);
	ck_assert_uint_eq(fake.submit_calls, 2);
	check_taken(0, 0, 10);
}
END_TEST

START_TEST(an_interrupted_call_is_repeated)
{
	SCRIPT(-EINTR, -EINTR);
	queue(0, 10);
	ck_assert_uint_eq(disk_submit(disk), 10);
	ck_assert_uint_eq(done_count, 0);
}
END_TEST

static const int refusals[] = { -EINVAL, -EBADF, -EOPNOTSUPP, -ENOMEM, -EFAULT };

START_TEST(rejected_first_ends_with_its_errno)
{
	struct disk_stats stats;

	SCRIPT(refusals[_i]);
	queue(0, 10);
	ck_assert_uint_eq(disk_submit(disk), 9);
	ck_assert_uint_eq(done_count, 1);
	ck_assert_uint_eq(done_counts[0], 1);
	ck_assert_int_eq(results[0], refusals[_i]);
	check_counts(0, 9);
	check_taken(0, 1, 9);
	disk_stats(disk, &stats);
	ck_assert_uint_eq(stats.errors, 1);
	ck_assert_uint_eq(stats.reads, 9);
}
END_TEST

START_TEST(rejected_in_the_middle_ends_alone)
{
	SCRIPT(4, -EBADF, 2, -EINVAL);
	queue(0, 10);
	ck_assert_uint_eq(disk_submit(disk), 8);
	ck_assert_uint_eq(done_count, 2);
	ck_assert_int_eq(results[4], -EBADF);
	ck_assert_int_eq(results[7], -EINVAL);
	check_taken(0, 0, 4);
	check_taken(4, 5, 2);
	check_taken(6, 8, 2);
}
END_TEST

START_TEST(all_rejected)
{
	SCRIPT(-EBADF, -EBADF, -EBADF, -EBADF);
	queue(0, 4);
	ck_assert_uint_eq(disk_submit(disk), 0);
	ck_assert_uint_eq(done_count, 4);
	check_counts(0, 0);
}
END_TEST

START_TEST(depth_bounds_what_is_in_flight)
{
	queue(0, 500);
	ck_assert_uint_eq(disk_submit(disk), 256); /* The depth of setup(). */
	ck_assert_uint_eq(fake.submit_calls, 2);   /* Each of 128 reads. */
	check_counts(244, 256);
	ck_assert_uint_eq(disk_submit(disk), 0);
	ck_assert_uint_eq(fake.submit_calls, 2);
	for (unsigned i = 0; i < 100; i++)
		complete(&reads[i], 4096, 0);
	ck_assert_uint_eq(disk_reap(disk), 100);
	ck_assert_uint_eq(disk_submit(disk), 100);
	check_counts(144, 256);
	check_taken(0, 0, 356);
}
END_TEST

START_TEST(longest_submit_is_measured)
{
	struct disk_stats stats;

	fake.slow_ns = 3000000;
	queue(0, 1);
	disk_submit(disk);
	fake.slow_ns = 0;
	queue(1, 1);
	disk_submit(disk);
	disk_stats(disk, &stats);
	ck_assert_uint_ge(stats.submit_max_ns, 3000000);
}
END_TEST

/* --- completing --- */

static const struct {
	long res, res2;
	ssize_t result;
} completions[] = {
	/* Short: the caller knows whether the file ends there. */
	{ 4096, 0, 4096 },
	{ 1392, 0, 1392 },
	{ 0, 0, 0 },
	{ -EIO, 0, -EIO },
	{ -EINVAL, 0, -EINVAL },
	{ 4096, 1, -EIO },
	{ 4096, -ENODATA, -ENODATA },
};

START_TEST(completion_becomes_a_result)
{
	struct disk_stats stats;
	ssize_t expected = completions[_i].result;

	queue(0, 1);
	disk_submit(disk);
	complete(&reads[0], completions[_i].res, completions[_i].res2);
	ck_assert_uint_eq(disk_reap(disk), 1);
	ck_assert_int_eq(results[0], expected);
	ck_assert_uint_eq(done_counts[0], 1);
	check_counts(0, 0);
	disk_stats(disk, &stats);
	ck_assert_uint_eq(stats.errors, expected < 0);
	ck_assert_uint_eq(stats.read_bytes, expected < 0 ? 0 : (uint64_t)expected);
}
END_TEST

START_TEST(completions_out_of_order)
{
	static const unsigned order[] = { 5, 0, 9, 3, 1, 8, 2, 7, 4, 6 };

	queue(0, 10);
	disk_submit(disk);
	for (unsigned i = 0; i < 10; i++)
		complete(&reads[order[i]], 100 + (long)order[i], 0);
	ck_assert_uint_eq(disk_reap(disk), 10);
	for (unsigned i = 0; i < 10; i++) {
		ck_assert_uint_eq(done_order[i], order[i]);
		ck_assert_int_eq(results[i], 100 + (ssize_t)i);
	}
}
END_TEST

START_TEST(reaps_until_the_ring_is_empty)
{
	queue(0, 256);
	disk_submit(disk);
	for (unsigned i = 0; i < 256; i++)
		complete(&reads[i], 4096, 0);
	fake.getevents_error = -EINTR;
	ck_assert_uint_eq(disk_reap(disk), 256);
	ck_assert_uint_eq(fake.getevents_calls, 1 + 3); /* Interrupted, 128, 128, none. */
	check_counts(0, 0);
	ck_assert_uint_eq(disk_reap(disk), 0);
}
END_TEST

/* --- cancelling --- */

START_TEST(cancel_queued_but_not_in_flight)
{
	SCRIPT(2, -EAGAIN);
	queue(0, 8);
	disk_submit(disk);
	ck_assert(!disk_cancel(disk, &reads[1]));
	/* The first, one in the middle, and the last of the queue. */
	ck_assert(disk_cancel(disk, &reads[2]));
	ck_assert(disk_cancel(disk, &reads[4]));
	ck_assert(disk_cancel(disk, &reads[7]));
	check_counts(3, 2);
	ck_assert_int_eq(reads[4].state, DISK_READ_IDLE);
	queue(8, 1);
	ck_assert_uint_eq(disk_submit(disk), 4);
	check_taken(2, 3, 1);
	check_taken(3, 5, 2);
	check_taken(5, 8, 1);
	complete(&reads[1], 4096, 0);
	disk_reap(disk);
	ck_assert_uint_eq(done_counts[1], 1);
	ck_assert_uint_eq(done_count, 1);
}
END_TEST

START_TEST(cancel_the_only_one)
{
	queue(0, 1);
	ck_assert(disk_cancel(disk, &reads[0]));
	check_counts(0, 0);
	ck_assert_uint_eq(disk_submit(disk), 0);
	queue(0, 1);
	ck_assert_uint_eq(disk_submit(disk), 1);
}
END_TEST

/* --- calls in done() --- */

static void done_queues_itself(struct disk_read *read, ssize_t result)
{
	done(read, result);
	disk_read(disk, read);
}

static void done_cancels_the_next(struct disk_read *read, ssize_t result)
{
	done(read, result);
	ck_assert(disk_cancel(disk, read + 1));
	disk_read(disk, read);
}

START_TEST(endless_rejections_do_not_block_submit)
{
	const int answers[] = { -EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF };

	script(answers, 6);
	for (unsigned i = 0; i < 3; i++)
		reads[i].done = done_queues_itself;
	queue(0, 3);
	ck_assert_uint_eq(disk_submit(disk), 0);
	ck_assert_uint_eq(done_count, 3);
	check_counts(3, 0);
	ck_assert_uint_eq(disk_submit(disk), 0);
	ck_assert_uint_eq(done_count, 6);
	ck_assert_uint_eq(disk_submit(disk), 3);
}
END_TEST

START_TEST(rejected_read_cancels_the_next)
{
	SCRIPT(-EBADF);
	reads[0].done = done_cancels_the_next;
	queue(0, 4);
	ck_assert_uint_eq(disk_submit(disk), 3); /* 2, 3, and 0 again instead of 1. */
	check_taken(0, 2, 2);
	check_taken(2, 0, 1);
	ck_assert_uint_eq(done_counts[1], 0);
	check_counts(0, 3);
}
END_TEST

START_TEST(completed_queues_itself)
{
	reads[0].done = done_queues_itself;
	queue(0, 2);
	disk_submit(disk);
	for (unsigned round = 1; round <= 5; round++) {
		complete(&reads[0], 4096, 0);
		ck_assert_uint_eq(disk_reap(disk), 1);
		check_counts(1, 1);
		ck_assert_uint_eq(disk_submit(disk), 1);
		ck_assert_uint_eq(done_counts[0], round);
	}
}
END_TEST

/* --- the real kernel --- */

#define FILE_BYTES ((size_t)1 << 20)
#define TAIL_BYTES 1392
#define SPAN_BYTES ((size_t)16384)

static uint8_t *content, *buffers;
static int file;

static int open_direct_in(const char *folder)
{
	char path[4096];
	int fd;

	if (folder == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/test_disk-XXXXXX", folder);
	fd = mkostemp(path, O_DIRECT | O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	return fd;
}

/* Written without O_DIRECT, because the tail is not aligned. */
static void write_content(void)
{
	int flags = fcntl(file, F_GETFL);

	fcntl(file, F_SETFL, flags & ~O_DIRECT);
	ck_assert_int_eq(pwrite(file, content, FILE_BYTES + TAIL_BYTES, 0), FILE_BYTES + TAIL_BYTES);
	ck_assert_int_eq(fsync(file), 0);
	ck_assert_int_eq(fcntl(file, F_SETFL, flags), 0);
}

static void setup_file(void)
{
	fake.on = false;
	file = open_direct_in(".");
	if (file < 0)
		file = open_direct_in(getenv("TMPDIR"));
	if (file < 0)
		file = open_direct_in("/var/tmp");
	ck_assert_msg(file >= 0, "no folder for an O_DIRECT file: %s", strerror(errno));
	content = malloc(FILE_BYTES + TAIL_BYTES);
	srand(1);
	for (size_t i = 0; i < FILE_BYTES + TAIL_BYTES; i++)
		content[i] = (uint8_t)rand();
	write_content();
	buffers = aligned_alloc(4096, 64 * SPAN_BYTES);
}

static void teardown_file(void)
{
	free(buffers);
	free(content);
	close(file);
}

static void queue_real(unsigned i, int fd, uint64_t offset)
{
	reads[i] = (struct disk_read){
		.fd = fd,
		.parts[0] = { buffers + i * SPAN_BYTES, SPAN_BYTES },
		.part_count = 1,
		.offset = offset,
		.alignment = 4096,
		.memory_alignment = 4096,
		.done = done,
	};
	disk_read(disk, &reads[i]);
}

static void note_ready(void *context, uint32_t events)
{
	*(bool *)context = (events & EPOLLIN) != 0;
}

/*
 * Runs until all reads are done, waiting for the eventfd as the daemon does: edge-triggered, without reading its
 * counter.
 */
static void run_disk(unsigned depth)
{
	bool ready = false;
	struct reactor_watch watch = { .fd = disk_eventfd(disk), .fn = note_ready, .context = &ready };
	struct reactor *reactor;

	ck_assert_int_eq(reactor_new(&reactor), 0);
	ck_assert_int_eq(reactor_add(reactor, &watch, EPOLLIN | EPOLLET), 0);
	while (disk_submit(disk), disk_in_flight(disk) > 0) {
		ck_assert_uint_le(disk_in_flight(disk), depth);
		/* Otherwise a completion was missed. */
		ck_assert_int_ge(reactor_iterate(reactor, 10000), 1);
		ck_assert(ready);
		disk_reap(disk);
	}
	reactor_remove(reactor, &watch);
	reactor_free(reactor);
	check_counts(0, 0);
}

static void check_read(unsigned i, size_t bytes)
{
	ck_assert_uint_eq(done_counts[i], 1);
	ck_assert_int_eq(results[i], (ssize_t)bytes);
	ck_assert_mem_eq(buffers + i * SPAN_BYTES, content + reads[i].offset, bytes);
}

START_TEST(real_reads)
{
	disk_free(disk);
	ck_assert_int_eq(disk_new(&disk, &(struct disk_options){ .depth = 8 }), 0);
	for (unsigned i = 0; i < 63; i++)
		queue_real(i, file, (uint64_t)(rand() % 252) * 4096);
	queue_real(63, file, FILE_BYTES);
	run_disk(8);
	ck_assert_uint_eq(done_count, 64);
	for (unsigned i = 0; i < 63; i++)
		check_read(i, SPAN_BYTES);
	check_read(63, TAIL_BYTES);
}
END_TEST

START_TEST(real_rejection)
{
	queue_real(0, file, 0);
	queue_real(1, -1, 0);
	queue_real(2, file, 4096);
	ck_assert_uint_eq(disk_submit(disk), 2);
	ck_assert_uint_eq(done_count, 1);
	ck_assert_int_eq(results[1], -EBADF);
	run_disk(256);
	check_read(0, SPAN_BYTES);
	check_read(2, SPAN_BYTES);
}
END_TEST

START_TEST(new_reports_errors)
{
	struct disk *none = NULL;

	ck_assert_int_eq(disk_new(&none, &(struct disk_options){ .depth = 0 }), -EINVAL);
	ck_assert_int_eq(disk_new(&none, &(struct disk_options){ .depth = (1 << 22) - 1 }),
			 -EAGAIN); /* More than fs.aio-max-nr. */
	disk_free(none);
}
END_TEST

static void add_submit_tests(TCase *tcase)
{
	tcase_add_test(tcase, one_call_for_all);
	tcase_add_test(tcase, iocb_describes_the_read);
	tcase_add_test(tcase, eagain_leaves_them_queued);
	tcase_add_test(tcase, accepting_none_leaves_them_queued);
	tcase_add_test(tcase, full_ring_after_some);
	tcase_add_test(tcase, short_count_continues_with_the_rest);
	tcase_add_test(tcase, an_interrupted_call_is_repeated);
	tcase_add_loop_test(tcase, rejected_first_ends_with_its_errno, 0, sizeof(refusals) / sizeof(*refusals));
	tcase_add_test(tcase, rejected_in_the_middle_ends_alone);
	tcase_add_test(tcase, all_rejected);
	tcase_add_test(tcase, depth_bounds_what_is_in_flight);
	tcase_add_test(tcase, longest_submit_is_measured);
	tcase_add_test(tcase, new_reports_errors);
}

static void add_other_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, completion_becomes_a_result, 0, sizeof(completions) / sizeof(*completions));
	tcase_add_test(tcase, completions_out_of_order);
	tcase_add_test(tcase, reaps_until_the_ring_is_empty);
	tcase_add_test(tcase, cancel_queued_but_not_in_flight);
	tcase_add_test(tcase, cancel_the_only_one);
	tcase_add_test(tcase, endless_rejections_do_not_block_submit);
	tcase_add_test(tcase, rejected_read_cancels_the_next);
	tcase_add_test(tcase, completed_queues_itself);
}

int main(void)
{
	Suite *suite = suite_create("disk");
	TCase *fakes = tcase_create("fake"), *reals = tcase_create("real");

	tcase_add_checked_fixture(fakes, setup, teardown);
	add_submit_tests(fakes);
	add_other_tests(fakes);
	suite_add_tcase(suite, fakes);
	tcase_set_timeout(reals, 60);
	tcase_add_checked_fixture(reals, setup, teardown);
	tcase_add_checked_fixture(reals, setup_file, teardown_file);
	tcase_add_test(reals, real_reads);
	tcase_add_test(reals, real_rejection);
	suite_add_tcase(suite, reals);
	return suite_run(suite);
}
