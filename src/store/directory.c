/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All directories of a device that must be read wait in one queue. At most WORKERS_MAX offload jobs each dequeue the
 * first directory, run one step (directory_pass.c), and append the directory to the queue again. The job then enqueues
 * itself after the other offload jobs of the device. No job waits for another job, so one offload thread is enough.
 *
 * From directory_new() or directory_next() until its message has arrived, a directory belongs to the queue, and
 * `pending` is true. Otherwise the directory belongs to its reactor. `pending` is accessed only by the reactor. If a
 * directory is freed while it is in the queue, it is marked `cancelled` under the lock of the table. The thread that
 * dequeues a cancelled directory frees it.
 */
#include "store/directory.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/container_of.h"
#include "store/directory_pass.h"

#define WORKERS_MAX 2
#define SHARE 8 /* A directory reserves at most 1/SHARE of the free memory. */
#define MEMORY_BYTES ((size_t)64 * 1024 * 1024)
#define CHUNK_BYTES ((size_t)8 * 1024 * 1024)

struct directory_worker {
	struct offload_job job;
	struct directory_lane *lane;
	bool busy;
};

/* The directories of one device. Freed with the table. */
struct directory_lane {
	struct directory_table *table;
	struct device *device; /* NULL: directories whose device is unknown. */
	struct directory *queue;
	struct directory_worker workers[WORKERS_MAX];
	struct directory_lane *next;
};

struct directory_table {
	struct directory_table_options options;
	/* Protects all members below, and `cancelled` and `next` of each directory. */
	pthread_mutex_t lock;
	struct directory_lane *lanes;
	struct directory_lane general; /* The lane of unknown devices. */
	size_t used_bytes;
	bool stopping;
};

struct directory {
	struct reactor_message message;
	struct directory *prev, *next; /* Neighbours in the queue. */
	struct directory_table *table;
	struct directory_lane *lane;
	struct directory_options options;
	char *path;
	size_t reserved_bytes;
	bool pending, cancelled;
	struct directory_pass pass;
};

static void init_lane(struct directory_lane *lane, struct directory_table *table, struct device *device)
{
	lane->table = table;
	lane->device = device;
	for (int i = 0; i < WORKERS_MAX; i++)
		lane->workers[i].lane = lane;
}

/* Returns the lane of a device, which is created if necessary. The caller holds the lock. */
static struct directory_lane *lane_of(struct directory_table *table, struct device *device)
{
	struct directory_lane *lane = &table->general;

	if (device != NULL)
		LL_SEARCH_SCALAR(table->lanes, lane, device, device);
	if (lane != NULL)
		return lane;
	lane = calloc(1, sizeof(*lane));
	if (lane == NULL)
		return &table->general;
	init_lane(lane, table, device);
	LL_PREPEND(table->lanes, lane);
	return lane;
}

int directory_table_new(struct directory_table **table, const struct directory_table_options *options)
{
	struct directory_table *made = calloc(1, sizeof(*made));

	if (made == NULL)
		return -ENOMEM;
	made->options = *options;
	if (made->options.memory_bytes == 0)
		made->options.memory_bytes = MEMORY_BYTES;
	if (made->options.chunk_bytes == 0)
		made->options.chunk_bytes = CHUNK_BYTES;
	init_lane(&made->general, made, NULL);
	pthread_mutex_init(&made->lock, NULL);
	*table = made;
	return 0;
}

void directory_table_free(struct directory_table *table)
{
	struct directory_lane *lane, *next;

	if (table == NULL)
		return;
	LL_FOREACH_SAFE(table->lanes, lane, next)
	free(lane);
	pthread_mutex_destroy(&table->lock);
	free(table);
}

/*
 * Reserves a share of the free memory, so that memory remains for other directories. Returns the reserved bytes, which
 * are at least ENTRIES_BYTES_MIN.
 */
static size_t reserve(struct directory_table *table)
{
	size_t limit = table->options.memory_bytes, bytes;

	pthread_mutex_lock(&table->lock);
	bytes = table->used_bytes < limit ? (limit - table->used_bytes) / SHARE : 0;
	if (bytes > table->options.chunk_bytes)
		bytes = table->options.chunk_bytes;
	if (bytes < ENTRIES_BYTES_MIN)
		bytes = ENTRIES_BYTES_MIN;
	table->used_bytes += bytes;
	pthread_mutex_unlock(&table->lock);
	return bytes;
}

/* Reduces the reservation to `bytes`, if it is larger. */
static void reduce_reservation(struct directory *directory, size_t bytes)
{
	if (bytes >= directory->reserved_bytes)
		return;
	pthread_mutex_lock(&directory->table->lock);
	directory->table->used_bytes -= directory->reserved_bytes - bytes;
	pthread_mutex_unlock(&directory->table->lock);
	directory->reserved_bytes = bytes;
}

/* Blocks if the descriptor is still open. */
static void free_directory(struct directory *directory)
{
	void (*freed)(void *context) = directory->options.freed;
	void *context = directory->options.context;

	directory_pass_fini(&directory->pass);
	reduce_reservation(directory, 0);
	free(directory->path);
	free(directory);
	if (freed != NULL)
		freed(context);
}

static void work(struct offload_job *job);

/*
 * Appends the directory to the queue. Returns an idle worker, which the caller starts, or NULL. The caller holds the
 * lock.
 */
static struct directory_worker *enqueue_locked(struct directory *directory)
{
	struct directory_lane *lane = lane_of(directory->table, directory->options.device);

	directory->lane = lane;
	DL_APPEND(lane->queue, directory);
	for (int i = 0; i < WORKERS_MAX; i++) {
		if (lane->workers[i].busy)
			continue;
		lane->workers[i].busy = true;
		return &lane->workers[i];
	}
	return NULL;
}

static void start_worker(struct directory_worker *worker)
{
	worker->job = (struct offload_job){ .work = work, .device = worker->lane->device };
	offload_start(worker->lane->table->options.offload, &worker->job);
}

static void enqueue(struct directory *directory)
{
	struct directory_table *table = directory->table;
	struct directory_worker *worker;

	directory->pending = true;
	pthread_mutex_lock(&table->lock);
	worker = enqueue_locked(directory);
	pthread_mutex_unlock(&table->lock);
	if (worker != NULL)
		start_worker(worker);
}

static bool is_cancelled(struct directory *directory)
{
	bool cancelled;

	pthread_mutex_lock(&directory->table->lock);
	cancelled = directory->cancelled;
	pthread_mutex_unlock(&directory->table->lock);
	return cancelled;
}

static void deliver(struct reactor_message *message)
{
	struct directory *directory = container_of(message, struct directory, message);

	directory->pending = false;
	if (!is_cancelled(directory))
		directory->options.ready(directory->options.context);
	else if (directory->pass.fd >= 0)
		enqueue(directory); /* An offload thread closes its descriptor. */
	else
		free_directory(directory);
}

/* Dequeues the first directory. If the queue is empty, returns NULL, and the worker becomes idle. */
static struct directory *dequeue(struct directory_worker *worker, bool *stopping, bool *cancelled)
{
	struct directory_lane *lane = worker->lane;
	struct directory_table *table = lane->table;
	struct directory *directory;

	pthread_mutex_lock(&table->lock);
	directory = lane->queue;
	if (directory != NULL)
		DL_DELETE(lane->queue, directory);
	else
		worker->busy = false;
	*stopping = table->stopping;
	*cancelled = directory != NULL && directory->cancelled;
	pthread_mutex_unlock(&table->lock);
	return directory;
}

static void run_step(struct directory *directory, bool stopping)
{
	struct directory_table *table = directory->table;
	bool unfinished = !stopping && directory_pass_step(&directory->pass), cancelled;

	if (stopping)
		directory->pass.error = -ECANCELED;
	/* No further chunk will be read, so the memory that this chunk does not need can be freed. */
	if (!unfinished && !directory->pass.more && directory->pass.error == 0)
		reduce_reservation(directory, entries_shrink(&directory->pass.entries));
	pthread_mutex_lock(&table->lock);
	cancelled = directory->cancelled;
	if (!cancelled && unfinished)
		DL_APPEND(directory->lane->queue, directory);
	pthread_mutex_unlock(&table->lock);
	if (cancelled) {
		free_directory(directory);
	} else if (!unfinished) {
		directory->message.fn = deliver;
		reactor_post(directory->options.reactor, &directory->message);
	}
}

/* Runs one step of one directory. If the table is stopping, no further job may run, so this job empties the queue. */
static void work(struct offload_job *job)
{
	struct directory_worker *worker = container_of(job, struct directory_worker, job);
	bool stopping, cancelled;

	do {
		struct directory *directory = dequeue(worker, &stopping, &cancelled);

		if (directory == NULL)
			return;
		if (cancelled)
			free_directory(directory);
		else
			run_step(directory, stopping);
	} while (stopping);
	start_worker(worker);
}

void directory_table_stop(struct directory_table *table)
{
	pthread_mutex_lock(&table->lock);
	table->stopping = true;
	pthread_mutex_unlock(&table->lock);
}

int directory_new(struct directory **directory, struct directory_table *table, const struct directory_options *options)
{
	struct directory *made = calloc(1, sizeof(*made));

	if (made != NULL)
		made->path = strdup(options->path);
	if (made == NULL || made->path == NULL) {
		free(made);
		return -ENOMEM;
	}
	made->table = table;
	made->options = *options;
	made->reserved_bytes = reserve(table);
	directory_pass_init(&made->pass,
			    &(struct directory_pass_options){ .root_fd = options->root_fd,
							      .path = made->path,
							      .symlinks = options->symlinks,
							      .sort = options->sort,
							      .descending = options->descending,
							      .offset = options->offset,
							      .limit = options->limit,
							      .shows = options->shows,
							      .context = options->context },
			    made->reserved_bytes);
	enqueue(made);
	*directory = made;
	return 0;
}

void directory_free(struct directory *directory)
{
	bool pending;

	if (directory == NULL)
		return;
	pending = directory->pending;
	if (!pending && directory->pass.fd < 0) {
		free_directory(directory);
		return;
	}
	pthread_mutex_lock(&directory->table->lock);
	directory->cancelled = true;
	/* After the unlock, another thread may free a pending directory. */
	pthread_mutex_unlock(&directory->table->lock);
	if (!pending)
		enqueue(directory); /* An offload thread closes its descriptor. */
}

int directory_state(const struct directory *directory)
{
	return directory->pending ? -EAGAIN : directory->pass.error;
}

size_t directory_count(const struct directory *directory)
{
	return directory->pass.count;
}

const struct entry *directory_entry(const struct directory *directory, size_t index)
{
	return entries_at(&directory->pass.entries, directory->pass.first + index);
}

bool directory_is_whole(const struct directory *directory)
{
	return directory->pass.chunks == 1 && !directory->pass.more;
}

uint64_t directory_hash(const struct directory *directory)
{
	return directory->pass.hash;
}

bool directory_next(struct directory *directory)
{
	if (!directory_pass_next(&directory->pass))
		return false;
	enqueue(directory);
	return true;
}

void directory_totals(const struct directory *directory, uint64_t *directories, uint64_t *files)
{
	*directories = directory->pass.directories;
	*files = directory->pass.files;
}
