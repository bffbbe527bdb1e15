/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Folders stand in one line; at most TURNS_MAX offload jobs each take the first one, do one step of it
 * (directory_pass.c), put it back at the end, and start themselves anew behind whatever else the offload threads have
 * to do. A job never waits for another one, so one thread is enough.
 *
 * A folder belongs to its reactor while a chunk is there, and to the line from directory_new() or directory_next()
 * until its message has arrived; `waits` (the reactor's) says which. Given up on while it is in line, it is marked
 * `over` (under the table's lock) and freed by whoever meets it next.
 */
#include "store/directory.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/container_of.h"
#include "store/directory_pass.h"

#define TURNS_MAX 2
#define SHARE 8 /* of the memory that is left, one in so many parts */
#define MEMORY_BYTES ((size_t)64 * 1024 * 1024)
#define CHUNK_BYTES ((size_t)8 * 1024 * 1024)

struct directory_worker {
	struct offload_job job;
	struct directory_table *table;
	bool busy;
};

struct directory_table {
	struct directory_table_options options;
	pthread_mutex_t lock; /* over what follows, and `over` and `next` of each folder */
	struct directory *line;
	size_t used_bytes;
	bool stopping;
	struct directory_worker turns[TURNS_MAX];
};

struct directory {
	struct reactor_message message;
	struct directory *prev, *next; /* in line */
	struct directory_table *table;
	struct directory_options options;
	char *path;
	size_t reserved_bytes;
	bool waits, over;
	struct directory_pass pass;
};

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
	for (int i = 0; i < TURNS_MAX; i++)
		made->turns[i].table = made;
	pthread_mutex_init(&made->lock, NULL);
	*table = made;
	return 0;
}

void directory_table_free(struct directory_table *table)
{
	if (table == NULL)
		return;
	pthread_mutex_destroy(&table->lock);
	free(table);
}

/* A part of what is left, so that there is something for others; and the least that is of use even if nothing is. */
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

/* What it needs no more. */
static void settle_reservation(struct directory *folder, size_t bytes)
{
	if (bytes >= folder->reserved_bytes)
		return;
	pthread_mutex_lock(&folder->table->lock);
	folder->table->used_bytes -= folder->reserved_bytes - bytes;
	pthread_mutex_unlock(&folder->table->lock);
	folder->reserved_bytes = bytes;
}

/* BLOCKS if it is still open. */
static void dispose(struct directory *folder)
{
	void (*freed)(void *context) = folder->options.freed;
	void *context = folder->options.context;

	directory_pass_fini(&folder->pass);
	settle_reservation(folder, 0);
	free(folder->path);
	free(folder);
	if (freed != NULL)
		freed(context);
}

static void work(struct offload_job *job);

/* The lock is held. A turn to be started, or NULL. */
static struct directory_worker *stand_in_line(struct directory *folder)
{
	struct directory_table *table = folder->table;

	DL_APPEND(table->line, folder);
	for (int i = 0; i < TURNS_MAX; i++) {
		if (table->turns[i].busy)
			continue;
		table->turns[i].busy = true;
		return &table->turns[i];
	}
	return NULL;
}

static void start_turn(struct directory_worker *turn)
{
	turn->job = (struct offload_job){ .work = work };
	offload_start(turn->table->options.offload, &turn->job);
}

static void enter_line(struct directory *folder)
{
	struct directory_table *table = folder->table;
	struct directory_worker *turn;

	folder->waits = true;
	pthread_mutex_lock(&table->lock);
	turn = stand_in_line(folder);
	pthread_mutex_unlock(&table->lock);
	if (turn != NULL)
		start_turn(turn);
}

static bool is_over(struct directory *folder)
{
	bool over;

	pthread_mutex_lock(&folder->table->lock);
	over = folder->over;
	pthread_mutex_unlock(&folder->table->lock);
	return over;
}

static void deliver(struct reactor_message *message)
{
	struct directory *folder = container_of(message, struct directory, message);

	folder->waits = false;
	if (!is_over(folder))
		folder->options.ready(folder->options.context);
	else if (folder->pass.fd >= 0)
		enter_line(folder); /* for close() */
	else
		dispose(folder);
}

/* The first in line, or NULL: the turn is over then. */
static struct directory *take_first(struct directory_worker *turn, bool *stopping, bool *over)
{
	struct directory_table *table = turn->table;
	struct directory *folder;

	pthread_mutex_lock(&table->lock);
	folder = table->line;
	if (folder != NULL)
		DL_DELETE(table->line, folder);
	else
		turn->busy = false;
	*stopping = table->stopping;
	*over = folder != NULL && folder->over;
	pthread_mutex_unlock(&table->lock);
	return folder;
}

static void run_step(struct directory *folder, bool stopping)
{
	struct directory_table *table = folder->table;
	bool again = !stopping && directory_pass_step(&folder->pass), over;

	if (stopping)
		folder->pass.error = -ECANCELED;
	if (!again && !folder->pass.more && folder->pass.error == 0) /* all of it is there */
		settle_reservation(folder, entries_shrink(&folder->pass.entries));
	pthread_mutex_lock(&table->lock);
	over = folder->over;
	if (!over && again)
		DL_APPEND(table->line, folder);
	pthread_mutex_unlock(&table->lock);
	if (over) {
		dispose(folder);
	} else if (!again) {
		folder->message.fn = deliver;
		reactor_post(folder->options.reactor, &folder->message);
	}
}

/* One step of one folder. Once all is stopping, the offload threads may have ended: the line is worked off here. */
static void work(struct offload_job *job)
{
	struct directory_worker *turn = container_of(job, struct directory_worker, job);
	bool stopping, over;

	do {
		struct directory *folder = take_first(turn, &stopping, &over);

		if (folder == NULL)
			return;
		if (over)
			dispose(folder);
		else
			run_step(folder, stopping);
	} while (stopping);
	start_turn(turn);
}

void directory_table_stop(struct directory_table *table)
{
	pthread_mutex_lock(&table->lock);
	table->stopping = true;
	pthread_mutex_unlock(&table->lock);
}

int directory_new(struct directory **folder, struct directory_table *table, const struct directory_options *options)
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
	enter_line(made);
	*folder = made;
	return 0;
}

void directory_free(struct directory *folder)
{
	bool waits;

	if (folder == NULL)
		return;
	waits = folder->waits;
	if (!waits && folder->pass.fd < 0) {
		dispose(folder);
		return;
	}
	pthread_mutex_lock(&folder->table->lock);
	folder->over = true;
	pthread_mutex_unlock(&folder->table->lock); /* if it waits, it may be gone from here on */
	if (!waits)
		enter_line(folder); /* for close() */
}

int directory_state(const struct directory *folder)
{
	return folder->waits ? -EAGAIN : folder->pass.error;
}

size_t directory_count(const struct directory *folder)
{
	return folder->pass.count;
}

const struct entry *directory_entry(const struct directory *folder, size_t index)
{
	return entries_at(&folder->pass.entries, folder->pass.first + index);
}

bool directory_is_whole(const struct directory *folder)
{
	return folder->pass.chunks == 1 && !folder->pass.more;
}

uint64_t directory_hash(const struct directory *folder)
{
	return folder->pass.hash;
}

bool directory_next(struct directory *folder)
{
	if (!directory_pass_next(&folder->pass))
		return false;
	enter_line(folder);
	return true;
}

void directory_totals(const struct directory *folder, uint64_t *folders, uint64_t *files)
{
	*folders = folder->pass.folders;
	*files = folder->pass.files;
}
