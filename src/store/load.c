/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A load fills one extent of the cache:
 *
 *	queue for the disk -> memory (its owner takes it) -> extent map, if that part of it is not known yet (offload)
 * -> read (disk, or offload) -> check the version (of a remote file: later, see proof.h) -> answer all who wait for the
 * extent
 *
 * Memory is asked for only when it is the load's turn: what waits for a disk that is slow or hangs holds none. A load
 * takes along what waits for the bytes after its own: its parts, each another load with an extent of its own.
 *
 * A read in flight can't be called back, and others may wait for it; it ends by itself. All of it runs on the reactor's
 * thread but the work() of offload jobs.
 */
#include "store/load.h"

#include <errno.h>

#include "base/align.h"
#include "base/clock.h"
#include "base/container_of.h"
#include "store/fiemap.h"
#include "store/file_check.h"

#define MERGED_MAX_BYTES ((size_t)1 << 20)

/* What was not handed to the kernel yet, is for one extent only, and is waited for by nobody, is not read. True: so it
 * was. */
static bool load_abandon(struct load *load)
{
	if (load->part_count != 1 || !cache_abandon(load->shared->cache, load->extent))
		return false;
	devices_count(&load->file->device->cancelled, 1);
	queue_finish(&load->ticket);
	load->loading = false;
	return true;
}

/* The read has ended for all of its parts. They stay until all answers are out. */
static void load_end(struct load *load, int error)
{
	struct load_shared *shared = load->shared;
	struct load *parts[DISK_PARTS_MAX];
	unsigned count = load->part_count;
	const uint64_t read_ns = load->file->remote ? clock_now_ns() : 0;

	for (unsigned i = 0; i < count; i++) {
		parts[i] = load->parts[i];
		parts[i]->took_ns = load->took_ns;
		parts[i]->extent->read_ns = read_ns;
		queue_finish(&parts[i]->ticket);
	}
	for (unsigned i = 0; i < count; i++)
		cache_loaded(shared->cache, parts[i]->extent, error, shared->reactor);
	for (unsigned i = 0; i < count; i++) {
		parts[i]->loading = false;
		parts[i]->on_end(parts[i]);
	}
}

static void load_alone(struct load *load)
{
	load->parts[0] = load;
	load->part_count = 1;
	load->length = load->extent->length;
	load->got = 0;
}

static void load_read(struct load *load);

/* A fault may be one part's only: each is read by itself. */
static void load_split(struct load *load)
{
	struct load *parts[DISK_PARTS_MAX];
	unsigned count = load->part_count;

	for (unsigned i = 0; i < count; i++)
		parts[i] = load->parts[i];
	for (unsigned i = 0; i < count; i++) {
		load_alone(parts[i]);
		load_read(parts[i]);
	}
}

/* What is left to read after the first `skip` bytes, as pieces of memory. */
static unsigned load_vector(const struct load *load, size_t skip, struct iovec *vector)
{
	unsigned count = 0;

	for (unsigned i = 0; i < load->part_count; i++) {
		const struct cache_extent *extent = load->parts[i]->extent;
		size_t skipped = skip < extent->length ? skip : extent->length;

		skip -= skipped;
		if (skipped < extent->length)
			vector[count++] = (struct iovec){ extent->block + skipped, extent->length - skipped };
	}
	return count;
}

static uint32_t alignment_of(const struct file *file);
static void load_disk(struct load *load);
static void load_offload(struct load *load);

/*
 * Whether the file is still what it was now that its bytes are here. Of a remote file that would take an answer of its
 * server: see proof.h.
 */
static int check_version(struct load *load)
{
	struct load_shared *shared = load->shared;
	struct load_check *check = &shared->checks[((uintptr_t)load->file >> 6) % LOAD_CHECKS];
	uint64_t batch = disk_batch(shared->disk);

	if (load->file->remote)
		return atomic_load_explicit(&load->file->changed, memory_order_relaxed) ? -ESTALE : 0;
	if (load->stage != LOAD_DISK)
		return file_check(load->file);
	if (check->file != load->file || check->batch != batch)
		*check = (struct load_check){ .file = load->file, .batch = batch, .result = file_check(load->file) };
	return check->result;
}

/* `result` more bytes have come to where the last read began, or it is -errno. */
static void load_progress(struct load *load, size_t from, ssize_t result)
{
	size_t before = load->got;

	if (result < 0 && load->part_count > 1) {
		load_split(load);
		return;
	}
	if (result < 0) {
		load_end(load, (int)result);
		return;
	}
	counter_add(&load->shared->read_bytes, (uint64_t)result);
	if (from + (size_t)result > load->got)
		load->got = from + (size_t)result;
	if (load->got >= load->needed)
		load_end(load, check_version(load));
	else if (result == 0)
		load_end(load, -ESTALE); /* the file ends before the byte that its version promised */
	else if (load->stage == LOAD_DISK && align_down(load->got, alignment_of(load->file)) > before)
		load_disk(load);
	else
		load_offload(
			load); /* short by less than a block: FUSE and network filesystems, which take any offset */
}

static void disk_done(struct disk_read *disk, ssize_t result)
{
	struct load *load = container_of(disk, struct load, disk);
	int nowait = DEVICE_NOWAIT;

	load->took_ns += disk->took_ns;
	if (result == -EOPNOTSUPP && disk->nowait) {
		atomic_compare_exchange_strong(&load->file->device->mode, &nowait, DEVICE_ASYNC);
		load_disk(load);
	} else if (result == -EAGAIN && disk->nowait) {
		load_offload(load);
	} else {
		load_progress(load, (size_t)(disk->offset - load->extent->offset), result);
	}
}

/* Of offsets, lengths and memory, when a read goes on where another one ended. */
static uint32_t alignment_of(const struct file *file)
{
	return file->memory_alignment > file->offset_alignment ? file->memory_alignment : file->offset_alignment;
}

static void load_disk(struct load *load)
{
	size_t skip = (size_t)align_down(load->got, alignment_of(load->file));

	load->stage = LOAD_DISK;
	load->disk = (struct disk_read){
		.device = load->file->device,
		.fd = load->file->fd,
		.offset = load->extent->offset + skip,
		.alignment = load->file->offset_alignment,
		.memory_alignment = load->file->memory_alignment,
		.nowait = atomic_load(&load->file->device->mode) == DEVICE_NOWAIT,
		.done = disk_done,
	};
	load->disk.part_count = load_vector(load, skip, load->disk.parts);
	counter_add(&load->shared->reads, 1);
	disk_read(load->shared->disk, &load->disk);
}

static struct load *load_of_job(struct offload_job *job)
{
	return container_of(job, struct load, job);
}

/*
 * A direct read must be of whole blocks, to the last one's end beyond the end of the file. What has come to within a
 * block is read on from where it ends, as this can only be on filesystems that take any offset.
 */
static void offload_read(struct offload_job *job)
{
	struct load *load = load_of_job(job);
	struct iovec vector[DISK_PARTS_MAX];
	unsigned count = load_vector(load, load->got, vector);
	bool whole_blocks = align_is_aligned(load->got, load->file->offset_alignment);
	size_t left = load->needed - load->got;
	uint64_t offset = load->extent->offset + load->got, start_ns = clock_now_ns(), spent_ns;
	ssize_t sum = 0, result = 0;

	for (unsigned i = 0; i < count && left > 0 && result == (ssize_t)(i == 0 ? 0 : vector[i - 1].iov_len); i++) {
		result = file_pread(load->file, vector[i].iov_base,
				    whole_blocks || vector[i].iov_len < left ? vector[i].iov_len : left,
				    offset + (uint64_t)sum);
		if (result < 0)
			break;
		sum += result;
		left -= (size_t)result < left ? (size_t)result : left;
	}
	load->result = result < 0 ? result : sum;
	spent_ns = clock_now_ns() - start_ns;
	load->took_ns += spent_ns;
	histogram_add(&load->file->device->service, spent_ns);
}

static void offload_read_done(struct offload_job *job)
{
	struct load *load = load_of_job(job);

	if (load->result > 0)
		devices_count(&load->file->device->read_bytes, (uint64_t)load->result);
	else if (load->result < 0)
		devices_count(&load->file->device->errors, 1);
	load_progress(load, load->got, load->result);
}

static void load_job(struct load *load, enum load_stage stage, void (*work)(struct offload_job *),
		     void (*done)(struct offload_job *))
{
	load->stage = stage;
	load->job = (struct offload_job){ .reactor = load->shared->reactor, .work = work, .done = done };
	offload_start(load->shared->offload, &load->job);
}

static void load_offload(struct load *load)
{
	counter_add(&load->shared->reads, 1);
	if (load->stage != LOAD_DISK) /* else it counts as the one that it goes on with, or that came back */
		devices_count(&load->file->device->reads, 1);
	load_job(load, LOAD_OFFLOAD, offload_read, offload_read_done);
}

static void load_read(struct load *load)
{
	uint64_t left = load->file->version.size - load->extent->offset;

	load->needed = left < load->length ? (size_t)left : load->length;
	if (load->file->direct && atomic_load(&load->file->device->mode) != DEVICE_OFFLOAD)
		load_disk(load);
	else
		load_offload(load);
}

/* Walks the part that this read needs, and takes the known part one step further, so that a few reads make all of it
 * known. */
static void offload_map(struct offload_job *job)
{
	struct load *load = load_of_job(job);
	struct file *file = load->file;
	uint64_t mapped = atomic_load(&file->mapped_bytes), known;

	fiemap_load(file->fd, file->version.size, load->extent->offset, load->length, &known);
	if (mapped != UINT64_MAX &&
	    fiemap_load(file->fd, file->version.size, mapped, file->version.size - mapped, &known) == 0 &&
	    known > mapped)
		atomic_compare_exchange_strong(&file->mapped_bytes, &mapped, known);
}

static void offload_map_done(struct offload_job *job)
{
	struct load *load = load_of_job(job);

	if (load_abandon(load))
		load->on_end(load);
	else
		load_read(load);
}

static void load_claim(struct load *load, struct cache_extent *extent)
{
	load->extent = extent;
	load->loading = true;
	queue_resize(&load->ticket, extent->length);
}

static struct load *load_of_ticket(struct queue_ticket *ticket)
{
	return container_of(ticket, struct load, ticket);
}

/* Takes along who waits for the bytes behind this read. */
static void load_merge(struct load *load)
{
	while (load->part_count < DISK_PARTS_MAX && load->length < MERGED_MAX_BYTES) {
		struct queue_ticket *ticket = queue_take_adjacent(load->shared->queue, &load->ticket,
								  load->extent->offset + load->length,
								  MERGED_MAX_BYTES - load->length);
		struct load *other = ticket != NULL ? load_of_ticket(ticket) : NULL;
		struct cache_extent *extent = other != NULL ? other->on_dispatch(other) : NULL;

		if (extent == NULL)
			break;
		if (extent->offset != load->extent->offset + load->length) {
			load_begin(other, extent); /* it became another read than it was when it was queued */
			break;
		}
		load_claim(other, extent);
		load->parts[load->part_count++] = other;
		load->length += extent->length;
	}
}

void load_begin(struct load *load, struct cache_extent *extent)
{
	load_claim(load, extent);
	load_alone(load);
	if (load->file->direct)
		load_merge(load);
	if (load->file->direct && load->extent->offset + load->length > atomic_load(&load->file->mapped_bytes))
		load_job(load, LOAD_MAP, offload_map, offload_map_done);
	else
		load_read(load);
}

static void load_dispatch(struct queue_ticket *ticket)
{
	struct load *load = load_of_ticket(ticket);
	struct cache_extent *extent = load->on_dispatch(load);

	if (extent != NULL)
		load_begin(load, extent);
}

int load_queue(struct load *load, enum queue_class class, const void *client, const struct span *missing)
{
	load->ticket.device = load->file->device;
	load->ticket.class = class;
	load->ticket.client = client;
	load->ticket.bytes = missing->length;
	load->ticket.file = load->file;
	load->ticket.offset = missing->offset;
	load->ticket.start = load_dispatch;
	return queue_add(load->shared->queue, &load->ticket);
}

void load_cancel(struct load *load)
{
	if (load->stage == LOAD_DISK && load->disk.state == DISK_READ_QUEUED && load_abandon(load))
		disk_cancel(load->shared->disk, &load->disk);
}
