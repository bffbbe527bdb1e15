/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A load obtains memory only when the queue dispatches it. It then merges loads that are queued for the following
 * bytes. The merged loads become its parts, and one vectored read fills the extents of all parts. After the read, the
 * load checks the version of the file. The version of a remote file is checked later, see proof.h. The state diagram is
 * in load.h.
 *
 * A read in flight cannot be cancelled, and other wants may wait for its extent, so it always runs to its end.
 *
 * store.c owns a load. All functions run on the thread of the reactor, except the work() functions of offload jobs.
 */
#include "store/load.h"

#include <errno.h>

#include "base/align.h"
#include "base/clock.h"
#include "base/container_of.h"
#include "store/fiemap.h"
#include "store/file_check.h"
#include "store/file_open.h"

#define MERGED_MAX_BYTES ((size_t)1 << 20)

/*
 * Cancels a load that has submitted nothing and has one part, if no want waits for its extent. Returns true on success.
 */
static bool abandon(struct load *load)
{
	if (load->part_count != 1 || !cache_abandon(load->shared->cache, load->extent))
		return false;
	devices_count(&load->file->device->cancelled, 1);
	queue_finish(&load->ticket);
	load->loading = false;
	return true;
}

/* Ends the read for all of its parts. The parts live until all waits are answered. */
static void end(struct load *load, int error)
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

static void reset_to_one_part(struct load *load)
{
	load->parts[0] = load;
	load->part_count = 1;
	load->length = load->extent->length;
	load->got = 0;
}

static void start_read(struct load *load);

/* Reads each part again by itself, because the error may concern only one part. */
static void split(struct load *load)
{
	struct load *parts[DISK_PARTS_MAX];
	unsigned count = load->part_count;

	for (unsigned i = 0; i < count; i++)
		parts[i] = load->parts[i];
	for (unsigned i = 1; i < count; i++)
		if (parts[i]->descriptor == NULL)
			parts[i]->descriptor = descriptors_ref(load->descriptor);
	for (unsigned i = 0; i < count; i++) {
		reset_to_one_part(parts[i]);
		start_read(parts[i]);
	}
}

/* Sets the vector to the memory of all parts after the first `skip` bytes. Returns the number of elements. */
static unsigned vector_from(const struct load *load, size_t skip, struct iovec *vector)
{
	unsigned count = 0;

	for (unsigned i = 0; i < load->part_count; i++) {
		const struct cache_extent *extent = load->parts[i]->extent;
		size_t skipped = skip < extent->length ? skip : extent->length;

		skip -= skipped;
		if (skipped < extent->length)
			vector[count++] = (struct iovec){ cache_block_of(load->shared->cache, extent) + skipped,
							  extent->length - skipped };
	}
	return count;
}

/* Returns the alignment that is necessary to continue a read at the offset where the previous read ended. */
static uint32_t alignment_of(const struct file *file)
{
	return file->memory_alignment > file->offset_alignment ? file->memory_alignment : file->offset_alignment;
}

static void read_by_disk(struct load *load);
static void read_by_offload(struct load *load);

/*
 * Checks, after a read, whether the file is still the version of load->file. A remote file must be checked by its
 * server, see proof.h.
 */
static int check_version(struct load *load)
{
	struct load_shared *shared = load->shared;
	struct load_check *check = &shared->checks[((uintptr_t)load->file >> 6) % LOAD_CHECKS];
	uint64_t batch = disk_batch(shared->disk);

	if (load->file->remote)
		return atomic_load_explicit(&load->file->changed, memory_order_relaxed) ? -ESTALE : 0;
	if (load->stage != LOAD_DISK)
		return file_check_open(load->file, load->descriptor->fd);
	if (check->file != load->file || check->batch != batch)
		*check = (struct load_check){ .file = load->file,
					      .batch = batch,
					      .result = file_check_open(load->file, load->descriptor->fd) };
	return check->result;
}

/* Continues after a read that began at `from`. `result` is the number of bytes that were read, or -errno. */
static void progress(struct load *load, size_t from, ssize_t result)
{
	size_t before = load->got;

	if (result < 0 && load->part_count > 1) {
		split(load);
		return;
	}
	if (result < 0) {
		/* A read that reached the end of a shortened file continues within a block, which may be EINVAL. */
		end(load, check_version(load) == -ESTALE ? -ESTALE : (int)result);
		return;
	}
	counter_add(&load->shared->read_bytes, (uint64_t)result);
	if (from + (size_t)result > load->got)
		load->got = from + (size_t)result;
	if (load->got >= load->needed)
		end(load, check_version(load));
	else if (result == 0)
		end(load, -ESTALE); /* The file is shorter than the size in its version. */
	else if (load->stage == LOAD_DISK && align_down(load->got, alignment_of(load->file)) > before)
		read_by_disk(load);
	else /* The read ended within a block, as on FUSE and network filesystems, which accept any offset. */
		read_by_offload(load);
}

static void disk_done(struct disk_read *disk, ssize_t result)
{
	struct load *load = container_of(disk, struct load, disk);
	int nowait = DEVICE_NOWAIT;

	load->took_ns += disk->took_ns;
	if (result == -EOPNOTSUPP && disk->nowait) {
		atomic_compare_exchange_strong(&load->file->device->mode, &nowait, DEVICE_ASYNC);
		read_by_disk(load);
	} else if (result == -EAGAIN && disk->nowait) {
		read_by_offload(load);
	} else {
		progress(load, (size_t)(disk->offset - load->extent->offset), result);
	}
}

static void read_by_disk(struct load *load)
{
	size_t skip = (size_t)align_down(load->got, alignment_of(load->file));

	load->stage = LOAD_DISK;
	load->disk = (struct disk_read){
		.device = load->file->device,
		.fd = load->descriptor->fd,
		.offset = load->extent->offset + skip,
		.alignment = load->file->offset_alignment,
		.memory_alignment = load->file->memory_alignment,
		.nowait = atomic_load(&load->file->device->mode) == DEVICE_NOWAIT,
		.done = disk_done,
	};
	load->disk.part_count = vector_from(load, skip, load->disk.parts);
	counter_add(&load->shared->reads, 1);
	disk_read(load->shared->disk, &load->disk);
}

static struct load *load_of_job(struct offload_job *job)
{
	return container_of(job, struct load, job);
}

/*
 * Reads the remaining bytes on an offload thread. A direct read must consist of whole blocks, including the block that
 * contains the end of the file. If a previous read has ended within a block, reading continues within the block,
 * because only filesystems that accept any offset end a read within a block.
 */
static void offload_read(struct offload_job *job)
{
	struct load *load = load_of_job(job);
	struct iovec vector[DISK_PARTS_MAX];
	unsigned count = vector_from(load, load->got, vector);
	bool whole_blocks = align_is_aligned(load->got, load->file->offset_alignment);
	size_t left = load->needed - load->got;
	uint64_t offset = load->extent->offset + load->got, start_ns = clock_now_ns(), spent_ns;
	ssize_t sum = 0, result = 0;

	for (unsigned i = 0; i < count && left > 0 && result == (ssize_t)(i == 0 ? 0 : vector[i - 1].iov_len); i++) {
		result = descriptors_pread(load->descriptor, vector[i].iov_base,
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
	progress(load, load->got, load->result);
}

static void start_job(struct load *load, enum load_stage stage, void (*work)(struct offload_job *),
		      void (*done)(struct offload_job *))
{
	load->stage = stage;
	load->job = (struct offload_job){ .reads = stage == LOAD_OFFLOAD,
					  .device = load->file->device,
					  .reactor = load->shared->reactor,
					  .work = work,
					  .done = done };
	offload_start(load->shared->offload, &load->job);
}

static void read_by_offload(struct load *load)
{
	counter_add(&load->shared->reads, 1);
	/* After LOAD_DISK, this read continues or repeats a direct read, which is counted already. */
	if (load->stage != LOAD_DISK)
		devices_count(&load->file->device->reads, 1);
	start_job(load, LOAD_OFFLOAD, offload_read, offload_read_done);
}

static void start_read(struct load *load)
{
	uint64_t left = load->file->version.size - load->extent->offset;

	load->needed = left < load->length ? (size_t)left : load->length;
	if (load->descriptor->direct && atomic_load(&load->file->device->mode) != DEVICE_OFFLOAD)
		read_by_disk(load);
	else
		read_by_offload(load);
}

/*
 * Loads the extent map of this read, and the next part of the whole map, so that the whole map is in memory after a few
 * reads.
 */
static void offload_map(struct offload_job *job)
{
	struct load *load = load_of_job(job);
	struct descriptor *descriptor = load->descriptor;
	uint64_t size = load->file->version.size, mapped = atomic_load(&descriptor->mapped_bytes), known;

	fiemap_load(descriptor->fd, size, load->extent->offset, load->length, &known);
	if (mapped != UINT64_MAX && fiemap_load(descriptor->fd, size, mapped, size - mapped, &known) == 0 &&
	    known > mapped)
		atomic_compare_exchange_strong(&descriptor->mapped_bytes, &mapped, known);
}

static void offload_map_done(struct offload_job *job)
{
	struct load *load = load_of_job(job);

	if (abandon(load))
		load->on_end(load);
	else
		start_read(load);
}

static void claim_extent(struct load *load, struct cache_extent *extent)
{
	load->extent = extent;
	load->loading = true;
	queue_resize(&load->ticket, extent->length);
}

static struct load *load_of_ticket(struct queue_ticket *ticket)
{
	return container_of(ticket, struct load, ticket);
}

/* Merges loads of the same client that are queued for the following bytes. */
static void merge_adjacent(struct load *load)
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
			/*
			 * The extent differs from the range for which the load was queued, so it needs a read of its
			 * own.
			 */
			load_begin(other, extent);
			break;
		}
		claim_extent(other, extent);
		load->parts[load->part_count++] = other;
		load->length += extent->length;
	}
}

/* Loads the extent map if necessary, or starts the read. The file is open. */
static void begin_read(struct load *load)
{
	const struct descriptor *descriptor = load->descriptor;

	if (descriptor->direct)
		merge_adjacent(load);
	if (descriptor->direct && load->extent->offset + load->length > atomic_load(&descriptor->mapped_bytes))
		start_job(load, LOAD_MAP, offload_map, offload_map_done);
	else
		start_read(load);
}

static void offload_open(struct offload_job *job)
{
	struct load *load = load_of_job(job);

	load->result = file_open_descriptor(load->file, &load->descriptor);
}

static void offload_open_done(struct offload_job *job)
{
	struct load *load = load_of_job(job);

	if (load->result < 0)
		end(load, (int)load->result);
	else if (abandon(load))
		load->on_end(load);
	else
		begin_read(load);
}

void load_begin(struct load *load, struct cache_extent *extent)
{
	claim_extent(load, extent);
	reset_to_one_part(load);
	if (load->descriptor == NULL)
		load->descriptor = file_descriptor(load->file);
	if (load->descriptor == NULL)
		start_job(load, LOAD_OPEN, offload_open, offload_open_done);
	else
		begin_read(load);
}

static void dispatch(struct queue_ticket *ticket)
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
	load->ticket.start = dispatch;
	return queue_add(load->shared->queue, &load->ticket);
}

void load_cancel(struct load *load)
{
	if (load->stage == LOAD_DISK && load->disk.state == DISK_READ_QUEUED && abandon(load))
		disk_cancel(load->shared->disk, &load->disk);
}
