/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One store_read carries one want that the cache could not answer at once, until it is answered and, if it turned out to be the one
 * that reads, until its read has ended:
 *
 *	queue for the disk -> memory (the cache; somebody else may have read it meanwhile) -> extent map, if that part of it is not
 *	known yet (offload) -> read (disk, or offload) -> check the version -> answer all who wait for the extent
 *
 * Memory is asked for only when it is the read's turn: what waits for a disk that is slow or hangs holds none. A read takes along
 * what waits for the bytes after its own: its parts, each another store_read with an extent of its own.
 *
 * The want may be given up at any time. A read in flight can't be called back, and others may wait for it; it ends by itself. All of
 * it runs on the reactor's thread but the work() of offload jobs.
 */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "base/align.h"
#include "base/clock.h"

#define MERGED_MAX_BYTES ((size_t)1 << 20)
#define CHECKS 16
#define EARLY_TICKETS 8 /* that many wait: the disk need not wait for the end of the turn */

enum read_stage { STAGE_NONE, STAGE_MAP, STAGE_DISK, STAGE_OFFLOAD };

struct store_read {
	struct cache_wait wait; /* first: the cache hands it back */
	struct queue_ticket ticket;
	struct disk_read disk;
	struct offload_job job;
	struct store *store;
	struct store_want *want; /* NULL: given up */
	struct file *file;
	bool waiting; /* wait.ready() is to come */
	bool loading; /* into `extent`, by this read or by the one that it is a part of */
	struct cache_extent *extent;
	/* of a read that reads */
	struct store_read *parts[DISK_PARTS_MAX]; /* contiguous; the first is the read itself */
	unsigned part_count;
	size_t length; /* of all parts */
	size_t needed; /* of that, up to the end of the file */
	size_t got;
	uint64_t took_ns; /* by the disk so far */
	ssize_t result; /* of an offload job */
	enum read_stage stage;
};

/* A look at a file after the disk has handed over a batch of reads is good for all of them. */
struct check {
	const struct file *file;
	uint64_t batch;
	int result;
};

struct store {
	struct store_options options;
	struct store_stats stats;
	unsigned pending;
	struct check checks[CHECKS];
};

static void load_begin(struct store_read *read);

int store_new(struct store **store, const struct store_options *options)
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return -ENOMEM;
	s->options = *options;
	*store = s;
	return 0;
}

void store_free(struct store *store)
{
	if (store == NULL)
		return;
	assert(store->pending == 0);
	free(store);
}

/* --- wants and their answers --- */

/* Frees the read once nothing refers to it. */
static void read_settle(struct store_read *read)
{
	if (read->waiting || read->loading || read->ticket.state != QUEUE_IDLE)
		return;
	read->store->pending--;
	file_unref(read->file);
	free(read);
}

static void note(struct store *store, enum store_source source, size_t bytes)
{
	store->stats.wants[source]++;
	store->stats.wanted_bytes[source] += bytes;
}

void store_note_hit(struct store *store, size_t bytes)
{
	note(store, STORE_CACHE, bytes);
}

static void want_take(struct store *store, struct store_want *want, struct cache_extent *extent, enum store_source source)
{
	want->extent = extent;
	want->data = extent->block + (want->offset - extent->offset);
	want->error = 0;
	want->source = source;
	note(store, source, want->length);
}

/* answer: CACHE_HIT, or an error. */
static void read_answer(struct store_read *read, int answer, enum store_source source)
{
	struct store_want *want = read->want;

	if (want == NULL) {
		if (answer == CACHE_HIT)
			cache_unpin(read->store->options.cache, read->wait.extent);
		return;
	}
	read->want = NULL;
	want->read = NULL;
	want->disk_ns = source == STORE_DISK ? read->took_ns : 0;
	if (answer == CACHE_HIT)
		want_take(read->store, want, read->wait.extent, source);
	else
		want->error = answer == -EAGAIN ? -EIO : answer; /* who wants this would take it for "not yet" */
	want->done(want);
}

/* The cache has an answer for a read that waited: at an extent, or in the line for memory. */
static void read_ready(struct cache_wait *wait, int answer)
{
	struct store_read *read = (struct store_read *)wait;

	read->waiting = false;
	if (answer == CACHE_LOAD && (read->want != NULL || !cache_abandon(read->store->options.cache, wait->extent))) {
		if (read->want != NULL) {
			cache_attend(read->store->options.cache, wait);
			read->waiting = true;
		}
		load_begin(read);
		return;
	}
	if (!read->loading && read->ticket.state == QUEUE_STARTED)
		queue_finish(&read->ticket);
	if (answer != CACHE_LOAD)
		read_answer(read, answer, read->loading ? STORE_DISK : STORE_JOINED);
	read_settle(read);
}

/* Its turn at the disk. */
static enum cache_answer read_take_memory(struct store_read *read)
{
	enum cache_answer answer = cache_want(read->store->options.cache, &read->wait, true);

	read->waiting = answer != CACHE_HIT;
	if (answer == CACHE_HIT || answer == CACHE_JOINED)
		queue_finish(&read->ticket);
	if (answer == CACHE_HIT)
		read_answer(read, CACHE_HIT, STORE_JOINED);
	if (answer == CACHE_HIT)
		read_settle(read);
	return answer;
}

static struct store_read *read_of_ticket(struct queue_ticket *ticket)
{
	return (struct store_read *)((char *)ticket - offsetof(struct store_read, ticket));
}

static void read_start(struct queue_ticket *ticket)
{
	struct store_read *read = read_of_ticket(ticket);

	if (read_take_memory(read) == CACHE_LOAD)
		load_begin(read);
}

static struct store_read *read_new(struct store *store, struct store_want *want, const struct cache_span *span)
{
	struct store_read *read = calloc(1, sizeof(*read));

	if (read == NULL)
		return NULL;
	read->store = store;
	read->want = want;
	read->file = file_ref(want->file);
	read->wait.span = *span;
	read->wait.span.version = &read->file->version;
	read->wait.reactor = store->options.reactor;
	read->wait.ready = read_ready;
	store->pending++;
	return read;
}

/* Waits for the read that somebody has under way. 0; 1: it has just ended; -EAGAIN: and failed; -ENOMEM. */
static int want_join(struct store *store, struct store_want *want, const struct cache_span *span)
{
	struct store_read *read = read_new(store, want, span);
	enum cache_answer answer;

	if (read == NULL)
		return -ENOMEM;
	answer = cache_want(store->options.cache, &read->wait, false);
	if (answer == CACHE_JOINED) {
		read->waiting = true;
		want->read = read;
		return 0;
	}
	if (answer == CACHE_HIT)
		want_take(store, want, read->wait.extent, STORE_CACHE);
	read_settle(read);
	return answer == CACHE_HIT ? 1 : -EAGAIN;
}

/* Gets in line for the disk. 0, -EBUSY or -ENOMEM. */
static int want_queue(struct store *store, struct store_want *want, const struct cache_span *span, const struct span *missing)
{
	struct store_read *read = read_new(store, want, span);
	int error;

	if (read == NULL)
		return -ENOMEM;
	read->ticket.device = read->file->device;
	read->ticket.class = want->class;
	read->ticket.client = want->client;
	read->ticket.bytes = missing->length;
	read->ticket.file = read->file;
	read->ticket.offset = missing->offset;
	read->ticket.start = read_start;
	error = queue_add(store->options.queue, &read->ticket);
	if (error == 0)
		want->read = read;
	else
		read_settle(read);
	if (queue_length(store->options.queue) >= EARLY_TICKETS) {
		queue_run(store->options.queue);
		disk_submit(store->options.disk);
	}
	return error;
}

/* Nobody will ask again for a version that is no more; and one that is fresh is not known to be the last of its name. */
static bool is_worth_keeping(const struct file *file)
{
	return !atomic_load_explicit(&file->outdated, memory_order_relaxed) && !file_is_fresh(file);
}

int store_want(struct store *store, struct store_want *want)
{
	const bool keep = is_worth_keeping(want->file);
	const struct cache_span span = {
		.version = &want->file->version,
		.alignment = want->file->offset_alignment,
		.offset = want->offset,
		.length = want->length,
		.reach = want->reach,
		.fleeting = want->fleeting || !keep,
		.sticky = want->sticky && keep,
	};
	struct cache_extent *extent;
	struct span missing;
	int result;

	assert(want->length > 0 && want->offset + want->length <= want->file->version.size);
	assert(want->length <= STORE_SPAN_MAX_BYTES ||
	       cache_in_one_extent(&want->file->version, want->offset, want->offset + want->length - 1));
	do {
		enum cache_answer answer = cache_find(store->options.cache, &span, &extent, &missing);

		if (answer == CACHE_HIT) {
			want_take(store, want, extent, STORE_CACHE);
			return 1;
		}
		result = answer == CACHE_JOINED ? want_join(store, want, &span) : want_queue(store, want, &span, &missing);
	} while (result == -EAGAIN);
	return result;
}

void store_raise(struct store *store, struct store_want *want, enum queue_class class)
{
	if (want->read != NULL)
		queue_raise(store->options.queue, &want->read->ticket, class);
}

/* What was not handed to the kernel yet, is for one extent only, and is waited for by nobody, is not read. True: so it was. */
static bool load_abandon(struct store_read *read)
{
	if (read->part_count != 1 || !cache_abandon(read->store->options.cache, read->extent))
		return false;
	devices_count(&read->file->device->dropped, 1);
	queue_finish(&read->ticket);
	read->loading = false;
	return true;
}

void store_release(struct store *store, struct store_want *want)
{
	struct store_read *read = want->read;

	if (want->extent != NULL)
		cache_unpin(store->options.cache, want->extent);
	want->extent = NULL;
	want->data = NULL;
	want->read = NULL;
	if (read == NULL)
		return;
	read->want = NULL;
	if (read->ticket.state == QUEUE_WAITS)
		queue_drop(store->options.queue, &read->ticket);
	if (read->waiting && cache_cancel(store->options.cache, &read->wait))
		read->waiting = false;
	if (!read->waiting && !read->loading && read->ticket.state == QUEUE_STARTED)
		queue_finish(&read->ticket); /* it was in the line for memory */
	else if (!read->waiting && read->stage == STAGE_DISK && read->disk.state == DISK_READ_QUEUED && load_abandon(read))
		disk_cancel(store->options.disk, &read->disk);
	read_settle(read);
}

unsigned store_pending(const struct store *store)
{
	return store->pending;
}

void store_stats(const struct store *store, struct store_stats *stats)
{
	*stats = store->stats;
}

/* --- reading --- */

/* The read has ended for all of its parts. They stay until all answers are out. */
static void load_end(struct store_read *read, int error)
{
	struct store *store = read->store;
	struct store_read *parts[DISK_PARTS_MAX];
	unsigned count = read->part_count;

	for (unsigned i = 0; i < count; i++) {
		parts[i] = read->parts[i];
		parts[i]->took_ns = read->took_ns;
		queue_finish(&parts[i]->ticket);
	}
	for (unsigned i = 0; i < count; i++) {
		struct cache_wait *wait = cache_loaded(store->options.cache, parts[i]->extent, error, store->options.reactor), *next;

		for (; wait != NULL; wait = next) {
			next = wait->next;
			cache_deliver(wait);
		}
	}
	for (unsigned i = 0; i < count; i++) {
		parts[i]->loading = false;
		read_settle(parts[i]);
	}
}

static void load_alone(struct store_read *read)
{
	read->parts[0] = read;
	read->part_count = 1;
	read->length = read->extent->length;
	read->got = 0;
}

static void load_read(struct store_read *read);

/* A fault may be one part's only: each is read by itself. */
static void load_split(struct store_read *read)
{
	struct store_read *parts[DISK_PARTS_MAX];
	unsigned count = read->part_count;

	for (unsigned i = 0; i < count; i++)
		parts[i] = read->parts[i];
	for (unsigned i = 0; i < count; i++) {
		load_alone(parts[i]);
		load_read(parts[i]);
	}
}

/* What is left to read after the first `skip` bytes, as pieces of memory. */
static unsigned load_vector(const struct store_read *read, size_t skip, struct iovec *vector)
{
	unsigned count = 0;

	for (unsigned i = 0; i < read->part_count; i++) {
		const struct cache_extent *extent = read->parts[i]->extent;
		size_t skipped = skip < extent->length ? skip : extent->length;

		skip -= skipped;
		if (skipped < extent->length)
			vector[count++] = (struct iovec){ extent->block + skipped, extent->length - skipped };
	}
	return count;
}

static uint32_t alignment_of(const struct file *file);
static void load_disk(struct store_read *read);
static void load_offload(struct store_read *read);

/* Whether the file is still what it was now that its bytes are here. */
static int check_version(struct store_read *read)
{
	struct store *store = read->store;
	struct check *check = &store->checks[((uintptr_t)read->file >> 6) % CHECKS];
	uint64_t batch = disk_batch(store->options.disk);

	if (read->stage != STAGE_DISK)
		return file_check(read->file);
	if (check->file != read->file || check->batch != batch)
		*check = (struct check){ .file = read->file, .batch = batch, .result = file_check(read->file) };
	return check->result;
}

/* `result` more bytes have come to where the last read began, or it is -errno. */
static void load_progress(struct store_read *read, size_t from, ssize_t result)
{
	size_t before = read->got;

	if (result < 0 && read->part_count > 1) {
		load_split(read);
		return;
	}
	if (result < 0) {
		load_end(read, (int)result);
		return;
	}
	read->store->stats.read_bytes += (uint64_t)result;
	if (from + (size_t)result > read->got)
		read->got = from + (size_t)result;
	if (read->got >= read->needed)
		load_end(read, check_version(read));
	else if (result == 0)
		load_end(read, -ESTALE); /* the file ends before the byte that its version promised */
	else if (read->stage == STAGE_DISK && align_down(read->got, alignment_of(read->file)) > before)
		load_disk(read);
	else
		load_offload(read); /* short by less than a block: FUSE and network filesystems, which take any offset */
}

static void disk_done(struct disk_read *disk, ssize_t result)
{
	struct store_read *read = (struct store_read *)((char *)disk - offsetof(struct store_read, disk));
	int nowait = DEVICE_NOWAIT;

	read->took_ns += disk->took_ns;
	if (result == -EOPNOTSUPP && disk->nowait) {
		atomic_compare_exchange_strong(&read->file->device->mode, &nowait, DEVICE_ASYNC);
		load_disk(read);
	} else if (result == -EAGAIN && disk->nowait) {
		load_offload(read);
	} else {
		load_progress(read, (size_t)(disk->offset - read->extent->offset), result);
	}
}

/* Of offsets, lengths and memory, when a read goes on where another one ended. */
static uint32_t alignment_of(const struct file *file)
{
	return file->memory_alignment > file->offset_alignment ? file->memory_alignment : file->offset_alignment;
}

static void load_disk(struct store_read *read)
{
	size_t skip = (size_t)align_down(read->got, alignment_of(read->file));

	read->stage = STAGE_DISK;
	read->disk = (struct disk_read){
		.device = read->file->device,
		.fd = read->file->fd,
		.offset = read->extent->offset + skip,
		.alignment = read->file->offset_alignment,
		.memory_alignment = read->file->memory_alignment,
		.nowait = atomic_load(&read->file->device->mode) == DEVICE_NOWAIT,
		.done = disk_done,
	};
	read->disk.part_count = load_vector(read, skip, read->disk.parts);
	read->store->stats.reads++;
	disk_read(read->store->options.disk, &read->disk);
}

static struct store_read *read_of_job(struct offload_job *job)
{
	return (struct store_read *)((char *)job - offsetof(struct store_read, job));
}

/*
 * A direct read must be of whole blocks, to the last one's end beyond the end of the file. What has come to within a block is read on
 * from where it ends, as this can only be on filesystems that take any offset.
 */
static void offload_read(struct offload_job *job)
{
	struct store_read *read = read_of_job(job);
	struct iovec vector[DISK_PARTS_MAX];
	unsigned count = load_vector(read, read->got, vector);
	bool whole_blocks = align_is_aligned(read->got, read->file->offset_alignment);
	size_t left = read->needed - read->got;
	uint64_t offset = read->extent->offset + read->got, start_ns = clock_now_ns();
	ssize_t sum = 0, result = 0;

	for (unsigned i = 0; i < count && left > 0 && result == (ssize_t)(i == 0 ? 0 : vector[i - 1].iov_len); i++) {
		result = file_pread(read->file, vector[i].iov_base,
				    whole_blocks || vector[i].iov_len < left ? vector[i].iov_len : left, offset + (uint64_t)sum);
		if (result < 0)
			break;
		sum += result;
		left -= (size_t)result < left ? (size_t)result : left;
	}
	read->result = result < 0 ? result : sum;
	read->took_ns += clock_now_ns() - start_ns;
}

static void offload_read_done(struct offload_job *job)
{
	struct store_read *read = read_of_job(job);

	if (read->result > 0)
		devices_count(&read->file->device->read_bytes, (uint64_t)read->result);
	load_progress(read, read->got, read->result);
}

static void load_job(struct store_read *read, enum read_stage stage, void (*work)(struct offload_job *),
		     void (*done)(struct offload_job *))
{
	read->stage = stage;
	read->job = (struct offload_job){ .reactor = read->store->options.reactor, .work = work, .done = done };
	offload_start(read->store->options.offload, &read->job);
}

static void load_offload(struct store_read *read)
{
	read->store->stats.reads++;
	load_job(read, STAGE_OFFLOAD, offload_read, offload_read_done);
}

static void load_read(struct store_read *read)
{
	uint64_t left = read->file->version.size - read->extent->offset;

	read->needed = left < read->length ? (size_t)left : read->length;
	if (read->file->direct && atomic_load(&read->file->device->mode) != DEVICE_OFFLOAD)
		load_disk(read);
	else
		load_offload(read);
}

/* Walks the part that this read needs, and takes the known part one step further, so that a few reads make all of it known. */
static void offload_map(struct offload_job *job)
{
	struct store_read *read = read_of_job(job);
	struct file *file = read->file;
	uint64_t mapped = atomic_load(&file->mapped_bytes), known;

	file_map(file, read->extent->offset, read->length, &known);
	if (mapped != UINT64_MAX && file_map(file, mapped, file->version.size - mapped, &known) == 0 && known > mapped)
		atomic_compare_exchange_strong(&file->mapped_bytes, &mapped, known);
}

static void offload_map_done(struct offload_job *job)
{
	struct store_read *read = read_of_job(job);

	if (load_abandon(read))
		read_settle(read);
	else
		load_read(read);
}

static void load_claim(struct store_read *read)
{
	read->extent = read->wait.extent;
	read->loading = true;
	queue_resize(&read->ticket, read->extent->length);
}

/* Takes along who waits for the bytes behind this read. */
static void load_merge(struct store_read *read)
{
	while (read->part_count < DISK_PARTS_MAX && read->length < MERGED_MAX_BYTES) {
		struct queue_ticket *ticket = queue_neighbour(read->store->options.queue, &read->ticket,
							      read->extent->offset + read->length, MERGED_MAX_BYTES - read->length);
		struct store_read *other = ticket != NULL ? read_of_ticket(ticket) : NULL;

		if (other == NULL || read_take_memory(other) != CACHE_LOAD)
			break;
		if (other->wait.extent->offset != read->extent->offset + read->length) {
			load_begin(other); /* it became another read than it was when it was queued */
			break;
		}
		load_claim(other);
		read->parts[read->part_count++] = other;
		read->length += other->extent->length;
	}
}

/* The cache gave this read an extent to fill. */
static void load_begin(struct store_read *read)
{
	load_claim(read);
	load_alone(read);
	if (read->file->direct)
		load_merge(read);
	if (read->file->direct && read->extent->offset + read->length > atomic_load(&read->file->mapped_bytes))
		load_job(read, STAGE_MAP, offload_map, offload_map_done);
	else
		load_read(read);
}
