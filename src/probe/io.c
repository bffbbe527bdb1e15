/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A struct probe_io has one reactor, one disk, and one slot with memory for each request in flight. When a request
 * ends, the next request is started in the same slot. All requests started in an iteration are submitted with one
 * io_submit, as in ranged.
 *
 * The memory of a slot is written to before the first read, because btrfs verifies checksums in the destination, and
 * reads through the page cache if the destination is not mapped yet.
 *
 * The probe_io owns the reactor, the disk and the slots. The caller owns the job, which is set only while the job runs.
 * The program has one thread.
 */
#include "probe/io.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/container_of.h"
#include "engine/arena.h"
#include "engine/disk.h"
#include "engine/reactor.h"
#include "probe/pattern.h"

#define RETRY_MS 1 /* delay before a retry after io_submit has accepted no request */

struct slot {
	struct disk_read read;
	struct probe_io *io;
	uint64_t begun_ns;
	void *memory;
};

struct probe_io {
	struct reactor *reactor;
	struct disk *disk;
	struct arena *arena;
	struct reactor_watch watch;
	struct slot slots[PROBE_IO_DEPTH_MAX];
	uint64_t random;

	/* members of the current job */
	struct probe_job *job;
	uint64_t start_ns;
	bool failed;
};

static void reap(void *context, uint32_t events)
{
	struct probe_io *io = context;

	(void)events;
	disk_reap(io->disk);
}

static int allocate_memory(struct probe_io *io)
{
	int error = arena_new(&io->arena, PROBE_IO_DEPTH_MAX * PROBE_IO_BYTES_MAX);

	for (unsigned i = 0; error == 0 && i < PROBE_IO_DEPTH_MAX; i++) {
		io->slots[i].io = io;
		io->slots[i].memory = arena_alloc_block(io->arena, PROBE_IO_BYTES_MAX);
		if (io->slots[i].memory == NULL)
			error = -ENOMEM;
	}
	return error;
}

int probe_io_new(struct probe_io **io)
{
	struct probe_io *made = calloc(1, sizeof(*made));
	int error;

	if (made == NULL)
		return -ENOMEM;
	if (getrandom(&made->random, sizeof(made->random), 0) < 0)
		made->random = clock_now_ns();
	made->random |= 1;
	error = reactor_new(&made->reactor);
	if (error == 0)
		error = disk_new(&made->disk, &(struct disk_options){ .depth = PROBE_IO_DEPTH_MAX });
	if (error == 0) {
		made->watch = (struct reactor_watch){ .fd = disk_eventfd(made->disk), .fn = reap, .context = made };
		error = reactor_add(made->reactor, &made->watch, EPOLLIN | EPOLLET);
	}
	if (error == 0)
		error = allocate_memory(made);
	if (error == 0)
		*io = made;
	else
		probe_io_free(made);
	return error;
}

void probe_io_free(struct probe_io *io)
{
	if (io == NULL)
		return;
	for (unsigned i = 0; i < PROBE_IO_DEPTH_MAX; i++) {
		if (io->slots[i].memory != NULL)
			arena_free_block(io->arena, io->slots[i].memory);
	}
	if (io->arena != NULL)
		arena_free(io->arena);
	reactor_free(io->reactor);
	disk_free(io->disk);
	free(io);
}

/* Returns a pseudo-random number (xorshift). */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static uint64_t next_offset(struct probe_io *io)
{
	const struct probe_job *job = io->job;

	if (!job->random)
		return job->begun * job->bytes;
	return next_random(&io->random) % (job->file_bytes / job->bytes) * job->bytes;
}

static bool is_over(const struct probe_io *io)
{
	const struct probe_job *job = io->job;

	return io->failed || (!job->random && job->begun >= job->file_bytes / job->bytes) ||
	       (job->count_max != 0 && job->begun >= job->count_max) ||
	       (job->time_ns != 0 && clock_now_ns() - io->start_ns >= job->time_ns);
}

static void start_request(struct slot *slot)
{
	struct probe_io *io = slot->io;
	struct probe_job *job = io->job;

	slot->read.offset = next_offset(io);
	job->begun++;
	if (job->write)
		probe_pattern_fill(job->seed, slot->read.offset, slot->memory, job->bytes);
	slot->begun_ns = clock_now_ns();
	disk_read(io->disk, &slot->read);
}

/* Records a fault. A sequential job keeps the fault with the lowest offset. A random job keeps the first fault. */
static void note_fault(struct probe_io *io, struct probe_fault fault)
{
	fault.write = io->job->write;
	fault.asked = io->job->bytes;
	if (!io->failed || (!io->job->random && fault.offset < io->job->fault.offset))
		io->job->fault = fault;
	io->failed = true;
}

/* Returns true if the request transferred all bytes and all bytes are correct. */
static bool check_result(struct slot *slot, ssize_t result)
{
	const struct probe_job *job = slot->io->job;
	size_t right = job->bytes;

	if (result < 0)
		note_fault(slot->io, (struct probe_fault){ .error = (int)result, .offset = slot->read.offset });
	else if ((size_t)result < job->bytes)
		note_fault(slot->io, (struct probe_fault){ .offset = slot->read.offset, .got = (size_t)result });
	else if (job->compare)
		right = probe_pattern_right(job->seed, slot->read.offset, slot->memory, job->bytes);
	if (right < job->bytes)
		note_fault(slot->io, (struct probe_fault){
					     .offset = slot->read.offset + right, .got = job->bytes, .wrong = true });
	return result == (ssize_t)job->bytes && right == job->bytes;
}

static void done(struct disk_read *read, ssize_t result)
{
	struct slot *slot = container_of(read, struct slot, read);
	struct probe_job *job = slot->io->job;
	uint64_t spent_ns = clock_now_ns() - slot->begun_ns;

	if (job->nowait && result == -EAGAIN) {
		job->eagain++;
	} else if (job->nowait && result == -EOPNOTSUPP) {
		job->unsupported++;
	} else if (check_result(slot, result)) {
		job->count++;
		job->done_bytes += job->bytes;
		if (job->times != NULL)
			probe_times_add(job->times, spent_ns);
	}
	if (!is_over(slot->io))
		start_request(slot);
}

static void prepare(struct slot *slot, const struct probe_job *job)
{
	slot->read = (struct disk_read){
		.fd = job->fd,
		.parts = { { slot->memory, job->bytes } },
		.part_count = 1,
		.alignment = job->alignment,
		.memory_alignment = job->memory_alignment,
		.write = job->write,
		.nowait = job->nowait,
		.done = done,
	};
}

/* Cancels queued requests after a fault, because they would wait forever if io_submit accepts no requests. */
static void cancel_queued(struct probe_io *io)
{
	for (unsigned i = 0; i < io->job->depth; i++) {
		if (io->slots[i].read.state == DISK_READ_QUEUED)
			disk_cancel(io->disk, &io->slots[i].read);
	}
}

static void iterate(struct probe_io *io)
{
	uint64_t before_ns = clock_now_ns();
	int error;

	if (disk_queued(io->disk) > 0 && disk_submit(io->disk) > 0 && io->job->submit_times != NULL)
		probe_times_add(io->job->submit_times, clock_now_ns() - before_ns);
	if (io->failed)
		cancel_queued(io);
	if (disk_in_flight(io->disk) + disk_queued(io->disk) == 0)
		return;
	error = reactor_iterate(io->reactor, disk_queued(io->disk) > 0 ? RETRY_MS : -1);
	if (error < 0) {
		note_fault(io, (struct probe_fault){ .error = error, .offset = UINT64_MAX });
		disk_reap(io->disk);
	}
}

bool probe_io_run(struct probe_io *io, struct probe_job *job)
{
	io->job = job;
	io->failed = false;
	io->start_ns = clock_now_ns();
	for (unsigned i = 0; i < job->depth && !is_over(io); i++) {
		prepare(&io->slots[i], job);
		start_request(&io->slots[i]);
	}
	while (disk_in_flight(io->disk) + disk_queued(io->disk) > 0)
		iterate(io);
	job->spent_ns = clock_now_ns() - io->start_ns;
	return !io->failed;
}
