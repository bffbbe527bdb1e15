/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads are queued in a list and submitted in batches, usually with one io_submit per iteration. The reads belong to
 * their callers and contain their links and iocb, so nothing is allocated after the start.
 *
 * One reactor thread owns the disk and is its only user. That thread submits reads, and reaps them when the eventfd is
 * readable.
 *
 * The state of a read changes from idle to queued, to in flight, and back to idle. done() runs in the last step, when
 * no list or count of this file includes the read. Therefore done() may queue, cancel or free reads, including its own
 * read. No loop below keeps a pointer into the queue across a call of done().
 *
 * io_submit stops at the first iocb that the kernel does not accept. It returns the number of iocbs before that iocb,
 * or the error if that iocb is the first one. -EAGAIN means that the ring is full or that the kernel has no memory.
 * This error does not belong to an iocb. Any other error belongs to that iocb. libaio returns -errno and does not set
 * errno. Errors of the disk are reported later, in io_event.res.
 */
#include "engine/disk.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/align.h"
#include "base/clock.h"

#define BATCH_READS 128

struct disk {
	struct disk_options options;
	io_context_t context;
	int eventfd;
	unsigned in_flight_count, queued_count;
	uint64_t batch;
	struct disk_read *first, *last; /* First and last read of the queue. */
	struct disk_stats stats;
};

int disk_new(struct disk **disk, const struct disk_options *options)
{
	struct disk *made;
	int error;

	if (options->depth == 0 || options->depth > INT_MAX)
		return -EINVAL;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return -ENOMEM;
	made->options = *options;
	made->eventfd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (made->eventfd < 0) {
		error = -errno;
		goto free_disk;
	}
	error = io_setup((int)options->depth, &made->context);
	if (error < 0)
		goto close_eventfd;
	*disk = made;
	return 0;

close_eventfd:
	close(made->eventfd);
free_disk:
	free(made);
	return error;
}

void disk_free(struct disk *disk)
{
	if (disk == NULL)
		return;
	io_destroy(disk->context);
	close(disk->eventfd);
	free(disk);
}

int disk_eventfd(const struct disk *disk)
{
	return disk->eventfd;
}

static void enqueue(struct disk *disk, struct disk_read *read)
{
	read->next = NULL;
	read->prev = disk->last;
	if (disk->last != NULL)
		disk->last->next = read;
	else
		disk->first = read;
	disk->last = read;
	disk->queued_count++;
}

static void dequeue(struct disk *disk, struct disk_read *read)
{
	if (read->prev != NULL)
		read->prev->next = read->next;
	else
		disk->first = read->next;
	if (read->next != NULL)
		read->next->prev = read->prev;
	else
		disk->last = read->prev;
	read->next = read->prev = NULL;
	disk->queued_count--;
}

size_t disk_read_bytes(const struct disk_read *read)
{
	size_t bytes = 0;

	for (unsigned i = 0; i < read->part_count; i++)
		bytes += read->parts[i].iov_len;
	return bytes;
}

static void check_alignment(const struct disk_read *read)
{
	assert(align_is_power(read->alignment) && align_is_power(read->memory_alignment));
	assert(align_is_aligned(read->offset, read->alignment));
	assert(read->part_count > 0 && read->part_count <= DISK_PARTS_MAX);
	for (unsigned i = 0; i < read->part_count; i++) {
		assert(align_is_aligned((uintptr_t)read->parts[i].iov_base, read->memory_alignment));
		assert(read->parts[i].iov_len > 0 && align_is_aligned(read->parts[i].iov_len, read->alignment));
	}
}

static void prepare(struct disk_read *read)
{
	const struct iovec *part = read->parts;
	long long offset = (long long)read->offset;

	if (read->write)
		io_prep_pwritev(&read->iocb, read->fd, part, (int)read->part_count, offset);
	else if (read->part_count > 1)
		io_prep_preadv(&read->iocb, read->fd, part, (int)read->part_count, offset);
	else
		io_prep_pread(&read->iocb, read->fd, part->iov_base, part->iov_len, offset);
	read->iocb.aio_rw_flags = read->nowait ? RWF_NOWAIT : 0;
}

void disk_read(struct disk *disk, struct disk_read *read)
{
	assert(read->state == DISK_READ_IDLE);
	check_alignment(read);
	prepare(read);
	io_set_eventfd(&read->iocb, disk->eventfd);
	read->iocb.data = read;
	read->state = DISK_READ_QUEUED;
	enqueue(disk, read);
}

bool disk_cancel(struct disk *disk, struct disk_read *read)
{
	assert(read->state != DISK_READ_IDLE);
	if (read->state != DISK_READ_QUEUED)
		return false;
	dequeue(disk, read);
	read->state = DISK_READ_IDLE;
	return true;
}

static void count(struct disk *disk, struct device *device, ssize_t result)
{
	if (result < 0)
		disk->stats.errors++;
	else
		disk->stats.read_bytes += (uint64_t)result;
	if (device == NULL)
		return;
	if (result >= 0)
		devices_count(&device->read_bytes, (uint64_t)result);
	else if (result == -EAGAIN)
		devices_note_eagain(device);
	else
		devices_count(&device->errors, 1);
}

/* Ends a read. The read is no longer in any list or count, so done() may use it freely. */
static void finish(struct disk *disk, struct disk_read *read, ssize_t result)
{
	count(disk, read->device, result);
	read->state = DISK_READ_IDLE;
	read->done(read, result);
}

/* Returns the number of accepted reads, or -errno. */
static int submit_timed(struct disk *disk, struct device *device, struct iocb **iocbs, unsigned count)
{
	uint64_t before_ns = clock_now_ns(), spent_ns;
	int taken;

	do {
		taken = io_submit(disk->context, (long)count, iocbs);
		disk->stats.submits++;
	} while (taken == -EINTR);
	spent_ns = clock_now_ns() - before_ns;
	if (spent_ns > disk->stats.submit_max_ns)
		disk->stats.submit_max_ns = spent_ns;
	if (device != NULL && disk->options.devices != NULL)
		devices_note_submit(disk->options.devices, device, spent_ns);
	return taken;
}

/*
 * Submits at most max_count reads from the head of the queue. One call submits only reads of one device, so that a slow
 * io_submit is counted for that device.
 */
static int submit_batch(struct disk *disk, unsigned max_count)
{
	struct iocb *iocbs[BATCH_READS];
	struct disk_read *read = disk->first;
	struct device *device = read->device;
	unsigned count = 0;

	for (; read != NULL && read->device == device && count < max_count && count < BATCH_READS; read = read->next)
		iocbs[count++] = &read->iocb;
	return submit_timed(disk, device, iocbs, count);
}

static void take_in_flight(struct disk *disk, unsigned count)
{
	uint64_t now_ns = clock_now_ns();

	for (unsigned i = 0; i < count; i++) {
		struct disk_read *read = disk->first;

		dequeue(disk, read);
		read->state = DISK_READ_IN_FLIGHT;
		read->submitted_ns = now_ns;
		if (read->device != NULL)
			devices_count(&read->device->reads, 1);
	}
	disk->in_flight_count += count;
	disk->stats.reads += count;
}

static void reject_first(struct disk *disk, int error)
{
	struct disk_read *read = disk->first;

	dequeue(disk, read);
	finish(disk, read, error);
}

static unsigned min_count(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * `left` counts only reads that were queued before the call. Reads that done() queues wait for the next iteration, so
 * they cannot keep this loop running. If the kernel accepts only some reads, the loop repeats. The read at which the
 * kernel stopped is then the first one, and io_submit returns EAGAIN or the error of that read.
 */
unsigned disk_submit(struct disk *disk)
{
	unsigned left = disk->queued_count, taken_count = 0;

	while ((left = min_count(left, disk->queued_count)) > 0 && disk->in_flight_count < disk->options.depth) {
		int taken = submit_batch(disk, min_count(left, disk->options.depth - disk->in_flight_count));

		if (taken > 0) {
			take_in_flight(disk, (unsigned)taken);
			taken_count += (unsigned)taken;
			left -= (unsigned)taken;
		} else if (taken == 0 || taken == -EAGAIN) {
			break;
		} else {
			reject_first(disk, taken);
			left--;
		}
	}
	return taken_count;
}

static ssize_t event_result(const struct io_event *event)
{
	long result = (long)event->res, second = (long)event->res2;

	if (second != 0)
		return second < 0 ? second : -EIO;
	return result;
}

static int get_events(struct disk *disk, struct io_event *events, unsigned count)
{
	struct timespec now = { 0, 0 };
	int got;

	do
		got = io_getevents(disk->context, 0, (long)count, events, &now);
	while (got == -EINTR);
	return got;
}

unsigned disk_reap(struct disk *disk)
{
	struct io_event events[BATCH_READS];
	unsigned done_count = 0;
	uint64_t now_ns;
	int got;

	do {
		got = get_events(disk, events, BATCH_READS);
		disk->batch++;
		now_ns = clock_now_ns();
		for (int i = 0; i < got; i++) {
			struct disk_read *read = events[i].data;

			disk->in_flight_count--;
			read->took_ns = now_ns - read->submitted_ns;
			if (read->device != NULL && event_result(&events[i]) != -EAGAIN)
				histogram_add(&read->device->service, read->took_ns);
			finish(disk, read, event_result(&events[i]));
			done_count++;
		}
	} while (got == BATCH_READS);
	return done_count;
}

uint64_t disk_batch(const struct disk *disk)
{
	return disk->batch;
}

unsigned disk_in_flight(const struct disk *disk)
{
	return disk->in_flight_count;
}

unsigned disk_queued(const struct disk *disk)
{
	return disk->queued_count;
}

void disk_stats(const struct disk *disk, struct disk_stats *stats)
{
	*stats = disk->stats;
}
