/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A trial runs one step for each number of reads in flight, on the calling thread. All objects live for one call of
 * calibrate_run().
 *
 * The main idea: the trial must keep its time limit on an unknown disk. When a read completes, the trial submits
 * another read only if that read will probably also complete within the step. The trial omits a step if its reads would
 * take too long at the throughput of the previous step, for example on a device that serves one read at a time. On a
 * slow disk, a step therefore consists of one round of reads.
 *
 * Each read has its own memory, because btrfs verifies checksums in the destination of a read.
 */
#include "engine/calibrate.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/align.h"
#include "base/clock.h"
#include "base/container_of.h"
#include "engine/arena.h"
#include "engine/disk.h"

#define STEPS 8 /* Steps with 1, 2, 4 and so on up to 128 reads in flight. */
#define GOOD_SHARE 0.9
/* Ratio of the limit of reads in flight to the knee. It allows for queues of small reads and for several streams. */
#define HEADROOM 4
#define DEPTH_BYTES_MIN (UINT64_C(16) << 20)
#define DEPTH_BYTES_MAX (UINT64_C(64) << 20)
#define MEMORY_ALIGNMENT 4096
#define WAIT_MS 100 /* Maximum duration of one wait, in case an event was missed. */

struct trial;

struct slot {
	struct disk_read read;
	struct trial *trial;
	uint64_t begun_ns;
};

struct trial {
	int fd;
	uint32_t alignment;
	uint64_t places; /* Number of possible offsets. */
	uint64_t random;
	struct disk *disk;
	struct arena *arena;
	struct slot slots[CALIBRATE_DEPTH_MAX];
	int error; /* The first error. */

	/* State of the current step. */
	uint64_t end_ns, last_ns;
	uint64_t reads, read_bytes;
};

struct rate {
	double iops, bytes_per_s;
};

/* Returns a number of a xorshift generator, which is good enough because the offsets only have to differ. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void queue(struct slot *slot)
{
	struct trial *trial = slot->trial;

	slot->read.offset = next_random(&trial->random) % trial->places * trial->alignment;
	slot->begun_ns = clock_now_ns();
	disk_read(trial->disk, &slot->read);
}

static void done(struct disk_read *read, ssize_t result)
{
	struct slot *slot = container_of(read, struct slot, read);
	struct trial *trial = slot->trial;
	uint64_t now_ns = clock_now_ns();

	if (result <= 0) {
		if (trial->error == 0)
			trial->error = result < 0 ? (int)result : -EIO;
		return;
	}
	trial->last_ns = now_ns;
	trial->reads++;
	trial->read_bytes += (uint64_t)result;
	if (trial->error == 0 && now_ns + (now_ns - slot->begun_ns) <= trial->end_ns)
		queue(slot);
}

static int make_slots(struct trial *trial)
{
	for (unsigned i = 0; i < CALIBRATE_DEPTH_MAX; i++) {
		struct slot *slot = &trial->slots[i];

		slot->trial = trial;
		slot->read.parts[0] =
			(struct iovec){ arena_alloc_block(trial->arena, CALIBRATE_READ_BYTES), CALIBRATE_READ_BYTES };
		if (slot->read.parts[0].iov_base == NULL)
			return -ENOMEM;
		slot->read.part_count = 1;
		slot->read.fd = trial->fd;
		slot->read.alignment = trial->alignment;
		slot->read.memory_alignment = MEMORY_ALIGNMENT;
		slot->read.done = done;
	}
	return 0;
}

/* Frees the trial. No read may be in flight. */
static void trial_free(struct trial *trial)
{
	for (unsigned i = 0; i < CALIBRATE_DEPTH_MAX; i++) {
		if (trial->slots[i].read.parts[0].iov_base != NULL)
			arena_free_block(trial->arena, trial->slots[i].read.parts[0].iov_base);
	}
	disk_free(trial->disk);
	if (trial->arena != NULL)
		arena_free(trial->arena);
	free(trial);
}

static int trial_new(struct trial **trial, int fd, uint64_t size_bytes, uint32_t alignment)
{
	struct trial *made = calloc(1, sizeof(*made));
	int error;

	if (made == NULL)
		return -ENOMEM;
	made->fd = fd;
	made->alignment = alignment;
	made->places = (size_bytes - CALIBRATE_READ_BYTES) / alignment + 1;
	made->random = clock_now_ns() | 1;
	error = disk_new(&made->disk, &(struct disk_options){ .depth = CALIBRATE_DEPTH_MAX });
	if (error == 0)
		error = arena_new(&made->arena, (size_t)CALIBRATE_DEPTH_MAX * CALIBRATE_READ_BYTES);
	if (error == 0)
		error = make_slots(made);
	if (error == 0)
		*trial = made;
	else
		trial_free(made);
	return error;
}

/*
 * Ends the step with -EAGAIN when its time is over, if reads are queued because the kernel accepts no read (EAGAIN) and
 * no read is in flight that could complete.
 */
static void cancel_unsubmitted(struct trial *trial)
{
	if (disk_queued(trial->disk) == 0 || disk_in_flight(trial->disk) > 0 || clock_now_ns() < trial->end_ns)
		return;
	trial->error = -EAGAIN;
	for (unsigned i = 0; i < CALIBRATE_DEPTH_MAX; i++) {
		if (trial->slots[i].read.state == DISK_READ_QUEUED)
			disk_cancel(trial->disk, &trial->slots[i].read);
	}
}

static void iterate(struct trial *trial)
{
	struct pollfd event = { .fd = disk_eventfd(trial->disk), .events = POLLIN };
	uint64_t count;

	disk_submit(trial->disk);
	if (poll(&event, 1, disk_queued(trial->disk) > 0 ? 1 : WAIT_MS) == 1 &&
	    read(event.fd, &count, sizeof(count)) < 0)
		return; /* This cannot happen, because no other thread reads the eventfd. */
	disk_reap(trial->disk);
	cancel_unsubmitted(trial);
}

static struct rate run_step(struct trial *trial, unsigned depth, uint64_t slice_ns)
{
	uint64_t start_ns = clock_now_ns();
	double seconds;

	trial->end_ns = start_ns + slice_ns;
	trial->last_ns = start_ns + 1;
	trial->reads = trial->read_bytes = 0;
	for (unsigned i = 0; i < depth; i++)
		queue(&trial->slots[i]);
	while (disk_queued(trial->disk) + disk_in_flight(trial->disk) > 0)
		iterate(trial);
	seconds = (double)(trial->last_ns - start_ns) / (double)CLOCK_NS_PER_S;
	return (struct rate){ (double)trial->reads / seconds, (double)trial->read_bytes / seconds };
}

/* Returns true if a round of `depth` consecutive reads would complete within 1.5 times the budget. */
static bool fits(unsigned depth, struct rate before, uint64_t spent_ns, uint64_t budget_ns)
{
	return (double)spent_ns + depth / before.iops * (double)CLOCK_NS_PER_S <= 1.5 * (double)budget_ns;
}

/* Runs the steps. Returns their number, which is less than STEPS on a slow device or after an error. */
static unsigned run_steps(struct trial *trial, unsigned budget_ms, struct rate *rates)
{
	uint64_t start_ns = clock_now_ns(), budget_ns = budget_ms * CLOCK_NS_PER_MS;
	unsigned step = 0;

	while (step < STEPS && trial->error == 0) {
		if (step > 0 && !fits(1u << step, rates[step - 1], clock_now_ns() - start_ns, budget_ns))
			break;
		rates[step] = run_step(trial, 1u << step, budget_ns / STEPS);
		step++;
	}
	return step;
}

static uint64_t clamp_bytes(uint64_t bytes)
{
	return bytes < DEPTH_BYTES_MIN ? DEPTH_BYTES_MIN : bytes > DEPTH_BYTES_MAX ? DEPTH_BYTES_MAX : bytes;
}

/*
 * Chooses the knee. The minimum knee may exceed all measured numbers of reads. In that case, iops and bytes_per_s are
 * those of the greatest measured number.
 */
static void choose(const struct rate *rates, unsigned count, struct calibration *result)
{
	double best = 0;
	unsigned step = 0;

	for (unsigned i = 0; i < count; i++)
		best = rates[i].bytes_per_s > best ? rates[i].bytes_per_s : best;
	while (step + 1 < count && (1u << step < CALIBRATE_DEPTH_MIN || rates[step].bytes_per_s < GOOD_SHARE * best))
		step++;
	result->knee = 1u << step < CALIBRATE_DEPTH_MIN ? CALIBRATE_DEPTH_MIN : 1u << step;
	result->depth = result->knee * HEADROOM < CALIBRATE_DEPTH_MAX ? result->knee * HEADROOM : CALIBRATE_DEPTH_MAX;
	result->depth_bytes = clamp_bytes((uint64_t)result->knee * HEADROOM * CALIBRATE_READ_BYTES);
	result->iops = rates[step].iops;
	result->bytes_per_s = rates[step].bytes_per_s;
}

int calibrate_run(int fd, uint64_t size_bytes, uint32_t alignment, unsigned budget_ms, struct calibration *result)
{
	struct rate rates[STEPS];
	struct trial *trial;
	unsigned count;
	int error;

	if (size_bytes < CALIBRATE_FILE_MIN_BYTES || budget_ms == 0 || !align_is_power(alignment) ||
	    alignment > CALIBRATE_READ_BYTES)
		return -EINVAL;
	error = trial_new(&trial, fd, size_bytes, alignment);
	if (error != 0)
		return error;
	count = run_steps(trial, budget_ms, rates);
	error = trial->error;
	if (error == 0)
		choose(rates, count, result);
	trial_free(trial);
	return error;
}
