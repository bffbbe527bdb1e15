/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of open files: shards with a lock each, chosen by the keyed hash of the path. Under a lock no syscall is
 * made and nobody is called back: jobs start, answers are posted and references are given up (the last one closes)
 * after it was released. A shard's lock is held for a bounded number of entries, however many there are: walks over all
 * of them release it after each step.
 *
 * The one idea: an entry is a path plus at most one job that finds out what the path is now. Whoever needs to know
 * joins the list of the job under way, so a path is looked at once however many ask. The job ends on its offload
 * thread: there the answers go out to their reactors, files are closed, and the entry is free for the next job. One
 * whose path has gone leaves the table and is freed there. Entries that are not busy always hold a file.
 *
 * The bound on open files is the table's, not a shard's. Each shard keeps its entries in order of use and publishes
 * when the first of them was used, so the least recently used entry of the whole table is found without taking any lock
 * but its own shard's.
 */
#include "store/files.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utlist.h>

#include "base/clock.h"
#include "base/container_of.h"
#include "base/keyed_hash.h"
#include "store/sibling.h"

#define SHARDS 32     /* a power of two */
#define BUCKETS_MIN 8 /* of a shard, a power of two */
#define CACHE_LINE_BYTES 64
#define EVICT_LOOKS 64 /* at entries, by one job that has opened one file */
#define STEP_FILES 64  /* that a walk takes a reference to under one hold of a lock */
#define TOP_LOOKS 512  /* at entries of a shard, under one hold of its lock */
#define NEVER_NS UINT64_MAX

struct files_entry {
	struct offload_job job;
	struct files_shard *shard;
	bool busy;			 /* its job is under way */
	struct file *file;		 /* one reference; NULL: not known yet, or forgotten */
	uint64_t validated_ns;		 /* when `file` was what the path is: the time before the look */
	uint64_t used_ns;		 /* when it was asked for last, or seen to be in use */
	uint64_t tried_ns;		 /* when the last job began, whatever it found */
	uint32_t mode, user, group;	 /* of the job: what they were when the path was last opened for reading */
	struct files_want *wants;	 /* who waits, the last to come first */
	struct file *held;		 /* the job's own reference to what `file` was when it started */
	struct files_entry *prev, *next; /* in the order of use; `next` also links what is being freed */
	struct files_entry *chain;	 /* of its bucket */
	uint64_t hash;
	char path[];
};

/* A version that is no more, to be told to options.gone(). */
struct files_gone {
	struct file_version version;
	struct files_gone *next;
};

/* The number of buckets never changes, so an entry's bucket is its place in a walk for as long as it lives. */
struct files_shard {
	_Alignas(CACHE_LINE_BYTES) pthread_mutex_t lock; /* over what follows */
	struct files *files;
	struct files_entry **buckets;
	uint32_t mask;
	struct files_entry *by_use; /* the same entries, the least recently used first */
	_Atomic uint64_t
		oldest_ns; /* when the first of them was used, or NEVER_NS; written under the lock, read without */
	struct files_stats stats; /* except `open` */
};

struct files {
	struct files_options options;
	uint64_t revalidate_ns;
	_Atomic uint64_t replaced_ns; /* since when the root is what it is: an older finding counts for nothing */
	atomic_bool rootless;
	atomic_uint open;		 /* files, in all shards */
	atomic_uint references;		 /* users, and jobs under way */
	struct files_gone *_Atomic gone; /* a stack: pushed to by any thread, and emptied all at once */
	struct files_shard shards[SHARDS];
};

/* What a job found out. */
struct finding {
	struct file *file; /* one reference, or NULL with an error */
	int error;
	uint64_t validated_ns;
	unsigned revalidations, opens;
};

static void work(struct offload_job *job);

static struct files_entry *entry_of(struct offload_job *job)
{
	return container_of(job, struct files_entry, job);
}

static struct files_shard *shard_of(struct files *files, uint64_t hash)
{
	return &files->shards[hash % SHARDS];
}

static struct files_entry **bucket_of(struct files_shard *shard, uint64_t hash)
{
	return &shard->buckets[(uint32_t)(hash >> 32) & shard->mask];
}

/* Under the lock, as all of the small functions here that don't say otherwise. NULL: there is none. */
static struct files_entry *find_entry(struct files_shard *shard, uint64_t hash, const char *path)
{
	struct files_entry *entry = *bucket_of(shard, hash);

	while (entry != NULL && (entry->hash != hash || strcmp(entry->path, path) != 0))
		entry = entry->chain;
	return entry;
}

static void publish_oldest(struct files_shard *shard)
{
	/* Relaxed: it only says where to look first; what is there is seen under the lock. */
	atomic_store_explicit(&shard->oldest_ns, shard->by_use != NULL ? shard->by_use->used_ns : NEVER_NS,
			      memory_order_relaxed);
}

/* NULL: no memory. */
static struct files_entry *add_entry(struct files_shard *shard, uint64_t hash, const char *path)
{
	size_t length = strlen(path);
	struct files_entry *entry = calloc(1, sizeof(*entry) + length + 1);

	if (!entry)
		return NULL;
	entry->shard = shard;
	entry->job.work = work;
	entry->hash = hash;
	memcpy(entry->path, path, length + 1);
	entry->chain = *bucket_of(shard, hash);
	*bucket_of(shard, hash) = entry;
	DL_APPEND(shard->by_use, entry);
	return entry;
}

static void take_out(struct files_entry *entry)
{
	struct files_shard *shard = entry->shard;
	struct files_entry **link = bucket_of(shard, entry->hash);

	while (*link != entry)
		link = &(*link)->chain;
	*link = entry->chain;
	DL_DELETE(shard->by_use, entry);
	publish_oldest(shard);
}

/* From here on it is the most recently used one of its shard. */
static void use_entry(struct files_entry *entry, uint64_t now_ns)
{
	struct files_shard *shard = entry->shard;

	DL_DELETE(shard->by_use, entry);
	DL_APPEND(shard->by_use, entry);
	entry->used_ns = now_ns;
	publish_oldest(shard);
}

/* Relaxed: a bound that another thread is about to exceed is kept by that thread. */
static unsigned open_count(struct files *files)
{
	return atomic_load_explicit(&files->open, memory_order_relaxed);
}

static void count_open(struct files *files, int change)
{
	atomic_fetch_add_explicit(&files->open, (unsigned)change, memory_order_relaxed);
}

/* Takes over the reference to `file`; the caller gets the one to what was there. */
static struct file *swap_file(struct files_entry *entry, struct file *file)
{
	struct file *before = entry->file;

	entry->file = file;
	count_open(entry->shard->files, (file != NULL) - (before != NULL));
	return before;
}

/* Takes an idle entry out, and chains it with others that free_entries() is to free once the lock is let go. */
static void unlink_entry(struct files_entry *entry, struct files_entry **unlinked)
{
	assert(!entry->busy && !entry->wants);
	take_out(entry);
	if (entry->file != NULL)
		count_open(entry->shard->files, -1);
	entry->next = *unlinked;
	*unlinked = entry;
}

/* Not under the lock. */
static void free_entries_with(struct files_entry *unlinked, void (*unref)(struct file *))
{
	for (struct files_entry *next; unlinked; unlinked = next) {
		next = unlinked->next;
		unref(unlinked->file);
		free(unlinked);
	}
}

static void free_entries(struct files_entry *unlinked)
{
	free_entries_with(unlinked, file_unref);
}

/* Not under a lock. The shard whose first entry was used before all others, as far as can be seen from here; NULL: all
 * are empty. */
static struct files_shard *oldest_shard(struct files *files)
{
	struct files_shard *oldest = NULL;
	uint64_t least_ns = NEVER_NS;

	for (unsigned i = 0; i < SHARDS; i++) {
		uint64_t ns = atomic_load_explicit(&files->shards[i].oldest_ns, memory_order_relaxed);

		if (ns < least_ns) {
			least_ns = ns;
			oldest = &files->shards[i];
		}
	}
	return oldest;
}

/* What is in use counts as used now: so each look at it is a step towards one that is not. */
static void evict_oldest(struct files_shard *shard, bool unused_only, struct files_entry **unlinked)
{
	struct files_entry *entry = shard->by_use;

	if (entry == NULL)
		return;
	if (entry->busy || (unused_only && atomic_load(&entry->file->references) > 1))
		use_entry(entry, clock_now_ns());
	else
		unlink_entry(entry, unlinked);
}

/*
 * Not under a lock. The least recently used idle entries go until `keep` files are left, or so many entries were looked
 * at. unused_only: not those that a reader would keep open anyway.
 */
static void evict(struct files *files, unsigned keep, bool unused_only, unsigned looks, struct files_entry **unlinked)
{
	struct files_shard *shard;

	for (; looks > 0 && open_count(files) > keep && (shard = oldest_shard(files)) != NULL; looks--) {
		pthread_mutex_lock(&shard->lock);
		evict_oldest(shard, unused_only, unlinked);
		pthread_mutex_unlock(&shard->lock);
	}
}

/* The caller hands the job to the offload threads once the lock is let go. */
static void begin(struct files_entry *entry)
{
	entry->busy = true;
	/* Relaxed: the caller has a reference, so there is one. */
	atomic_fetch_add_explicit(&entry->shard->files->references, 1, memory_order_relaxed);
	entry->held = entry->file ? file_ref(entry->file) : NULL;
}

static void answer(struct reactor_message *message)
{
	struct files_want *want = container_of(message, struct files_want, message);

	want->done(want);
}

/*
 * Fills in the results and returns the wants, first come first; from here on they can't be cancelled. The wants that
 * need a later look stay.
 */
static struct files_want *fill_wants(struct files_entry *entry, const struct finding *finding)
{
	struct files_want *want, *next, *filled = NULL;

	LL_FOREACH_SAFE(entry->wants, want, next)
	{
		if (want->since_ns > finding->validated_ns)
			continue;
		LL_DELETE(entry->wants, want);
		want->entry = NULL;
		want->error = finding->error;
		want->file = finding->file ? file_ref(finding->file) : NULL;
		LL_PREPEND(filled, want);
	}
	return filled;
}

/* Not under the lock. A want may be gone as soon as it is posted. */
static void post_wants(struct files_want *want)
{
	for (struct files_want *next; want; want = next) {
		next = want->next;
		want->message.fn = answer;
		reactor_post(want->reactor, &want->message);
	}
}

/* What lies beside the path, whose version is `original`. */
static void look_beside(const struct files_entry *entry, const struct file_version *original,
			struct file_siblings *found)
{
	static const struct file_siblings nothing;
	const struct files_options *options = &entry->shard->files->options;

	*found = nothing;
	if (options->siblings)
		sibling_find(options->root_fd, entry->path, options->symlinks, original,
			     entry->held ? &entry->held->siblings : &nothing, found);
}

/* The version is the held one if only the ctime differs and file_revalidate() takes that for a change of metadata. */
static bool is_held_version(const struct files_entry *entry, const struct file *file)
{
	const struct files_options *options = &entry->shard->files->options;
	struct file_version version = file->version;
	struct file_state state;

	if (file_version_equal(&version, &entry->held->version))
		return true;
	version.ctime_ns = entry->held->version.ctime_ns;
	return file_version_equal(&version, &entry->held->version) &&
	       file_revalidate(entry->held, options->root_fd, entry->path, options->symlinks, &state) == 0;
}

static bool is_as_held(const struct files_entry *entry, const struct file *file)
{
	const struct file *held = entry->held;

	return held && !file_must_reopen(held) && is_held_version(entry, file) && strcmp(file->tag, held->tag) == 0 &&
	       sibling_equal(&file->siblings, &held->siblings);
}

/* What turns out to be as it was stays the same struct file. */
static int open_anew(struct files_entry *entry, struct file **file)
{
	const struct files_options *options = &entry->shard->files->options;
	struct file *opened;
	int error = file_open(options->root_fd, entry->path, options->symlinks, &opened);

	if (error < 0)
		return error;
	opened->closer = options->offload;
	opened->device =
		devices_get(options->devices, opened->version.device, opened->nowait ? DEVICE_NOWAIT : DEVICE_ASYNC);
	if (opened->device == NULL) {
		file_unref(opened);
		return -ENOMEM;
	}
	entry->mode = opened->metadata.mode;
	entry->user = opened->metadata.user;
	entry->group = opened->metadata.group;
	look_beside(entry, &opened->version, &opened->siblings);
	if (options->opened != NULL)
		options->opened(options->context, opened);
	if (is_as_held(entry, opened)) {
		file_unref(opened);
		opened = file_ref(entry->held);
	}
	*file = opened;
	return 0;
}

/* Another mode, owner or group may forbid to read the file, which only opening it tells. */
static bool may_be_read(const struct files_entry *entry, const struct file_metadata *now)
{
	return entry->mode == now->mode && entry->user == now->user && entry->group == now->group;
}

/*
 * A file whose time says nothing is opened again each time: its tag comes from a sidecar, which may have changed alone.
 * One beside which something else lies now is opened again since a struct file does not change.
 */
static void find_out(struct files_entry *entry, struct finding *finding)
{
	const struct files_options *options = &entry->shard->files->options;
	struct file *held = entry->held;
	struct file_state state;
	struct file_siblings siblings;

	finding->validated_ns = clock_now_ns();
	if (held && !file_is_undated(&held->version) && !file_must_reopen(held)) {
		finding->revalidations++;
		finding->error = file_revalidate(held, options->root_fd, entry->path, options->symlinks, &state);
		if (finding->error < 0 && finding->error != -ESTALE)
			return;
		if (finding->error == 0 && may_be_read(entry, &state.metadata)) {
			look_beside(entry, &state.version, &siblings);
			if (sibling_equal(&siblings, &held->siblings)) {
				finding->file = file_ref(held);
				return;
			}
		}
	}
	finding->error = open_anew(entry, &finding->file);
	finding->opens += finding->error == 0;
}

/* Out of descriptors: the oldest quarter of what the table alone keeps open is closed. */
static void make_room(struct files *files)
{
	struct files_entry *unlinked = NULL;
	unsigned open = open_count(files);

	evict(files, open - (open + 3) / 4, true, open, &unlinked);
	free_entries_with(unlinked, file_unref_here); /* the descriptors are wanted now */
}

/* The path leads to nothing, or to no file. All other errors (EMFILE, ETIMEDOUT, EACCES …) say nothing about it. */
static bool is_elsewhere(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -EISDIR || error == -ELOOP || error == -EXDEV ||
	       error == -ENAMETOOLONG;
}

/*
 * Puts the finding into the entry and returns the reference that has to be given up. An error that says nothing about
 * the path leaves the entry as it was; no lookup is a hit from when that is too old.
 */
static struct file *apply(struct files_entry *entry, const struct finding *finding)
{
	struct files_stats *stats = &entry->shard->stats;

	stats->revalidations += finding->revalidations;
	stats->opens += finding->opens;
	stats->failures += finding->error < 0;
	entry->tried_ns = finding->validated_ns;
	if (finding->error < 0 && !is_elsewhere(finding->error))
		return NULL;
	entry->validated_ns = finding->validated_ns;
	return swap_file(entry, finding->file);
}

/* Without memory it is not told: its bytes are found by nobody anyway, and go when their turn comes. */
static void note_gone(struct files *files, struct file *file)
{
	struct files_gone *gone = files->options.gone != NULL ? malloc(sizeof(*gone)) : NULL;

	atomic_store(&file->outdated, true);
	if (gone == NULL)
		return;
	gone->version = file->version;
	gone->next = atomic_load_explicit(&files->gone, memory_order_relaxed);
	/* Release: whoever takes the stack sees the version and the link. */
	while (!atomic_compare_exchange_weak_explicit(&files->gone, &gone->next, gone, memory_order_release,
						      memory_order_relaxed))
		;
}

/* Not under the lock. */
static void tell_gone(struct files *files)
{
	struct files_gone *gone = atomic_exchange_explicit(&files->gone, NULL, memory_order_acquire), *next;

	for (; gone != NULL; gone = next) {
		next = gone->next;
		files->options.gone(files->options.context, &gone->version);
		free(gone);
	}
}

/*
 * Another struct file may be of the same version: of it nothing has gone. But where a check has found another version
 * in between, the cache may have bytes of that.
 */
static bool is_other_version(const struct file *before, const struct file *now)
{
	if (before == NULL || before == now)
		return false;
	return now == NULL || atomic_load_explicit(&before->changed, memory_order_relaxed) ||
	       !file_version_equal(&before->version, &now->version);
}

static void free_shard(struct files_shard *shard)
{
	struct files_entry *entry, *next, *unlinked = NULL;

	DL_FOREACH_SAFE(shard->by_use, entry, next)
	unlink_entry(entry, &unlinked);
	free_entries(unlinked);
	free(shard->buckets);
	pthread_mutex_destroy(&shard->lock);
}

static void free_files(struct files *files)
{
	for (unsigned i = 0; i < SHARDS; i++)
		free_shard(&files->shards[i]);
	tell_gone(files);
	close(files->options.root_fd);
	free(files);
}

/* A job has ended, or a user has left. Nothing may be made of the table after it. */
static void leave(struct files *files)
{
	/* Release: what this thread did to the table comes before its end; acquire: the last one sees what all others
	 * did. */
	if (atomic_fetch_sub_explicit(&files->references, 1, memory_order_acq_rel) == 1)
		free_files(files);
}

/* Takes over the reference in `finding`. The entry, and the table if nobody uses it any more, may be gone after it. */
static void settle(struct files_entry *entry, struct finding *finding)
{
	struct files_shard *shard = entry->shard;
	struct files *files = shard->files;
	struct file *held = entry->held, *before = finding->file;
	struct files_entry *unlinked = NULL;
	struct files_want *filled = NULL;
	bool forgotten, again;

	pthread_mutex_lock(&shard->lock);
	/* It was forgotten while it was looked at, and found to be what was forgotten: whoever waits is served by
	 * another round. */
	forgotten = finding->file && finding->file == held && entry->file != held;
	/* Or it was looked at below a root that was replaced meanwhile. */
	if (!forgotten && finding->validated_ns >= atomic_load(&files->replaced_ns)) {
		before = apply(entry, finding);
		filled = fill_wants(entry, finding);
		if (is_other_version(before, finding->file))
			note_gone(files, before);
	}
	again = entry->wants != NULL;
	entry->busy = false;
	if (again)
		begin(entry);
	else if (!entry->file)
		unlink_entry(entry, &unlinked);
	pthread_mutex_unlock(&shard->lock);
	evict(files, files->options.max_files, false, EVICT_LOOKS, &unlinked);
	if (again)
		offload_start(files->options.offload, &entry->job);
	post_wants(filled);
	file_unref(before);
	file_unref(held);
	free_entries(unlinked);
	tell_gone(files);
	leave(files);
}

/* The job has no done(): it must not depend on a reactor that may have stopped while another one's request waits for
 * the answer. */
static void work(struct offload_job *job)
{
	struct files_entry *entry = entry_of(job);
	struct finding finding = { 0 };

	find_out(entry, &finding);
	if (finding.error == -EMFILE || finding.error == -ENFILE) {
		make_room(entry->shard->files);
		find_out(entry, &finding);
	}
	settle(entry, &finding);
}

/* A bucket for each file that there can be, so chains are short and the table never grows under the lock. */
static int init_shard(struct files *files, struct files_shard *shard)
{
	uint32_t count = BUCKETS_MIN;

	while (count < files->options.max_files / SHARDS)
		count *= 2;
	pthread_mutex_init(&shard->lock, NULL);
	shard->files = files;
	shard->mask = count - 1;
	shard->oldest_ns = NEVER_NS;
	shard->buckets = calloc(count, sizeof(struct files_entry *));
	return shard->buckets != NULL ? 0 : -ENOMEM;
}

int files_new(struct files **files, const struct files_options *options)
{
	struct files *made = aligned_alloc(CACHE_LINE_BYTES, sizeof(*made));
	int error = 0;

	if (!made)
		return -ENOMEM;
	memset(made, 0, sizeof(*made));
	made->options = *options;
	made->options.root_fd = fcntl(options->root_fd, F_DUPFD_CLOEXEC, 0);
	if (made->options.root_fd < 0) {
		error = -errno;
		free(made);
		return error;
	}
	made->references = 1;
	made->revalidate_ns = options->revalidate_ms * CLOCK_NS_PER_MS;
	for (unsigned i = 0; i < SHARDS; i++)
		if (init_shard(made, &made->shards[i]) != 0)
			error = -ENOMEM;
	if (error != 0)
		free_files(made);
	else
		*files = made;
	return error;
}

struct files *files_ref(struct files *files)
{
	/* Relaxed: the caller has a reference, so there is one. */
	atomic_fetch_add_explicit(&files->references, 1, memory_order_relaxed);
	return files;
}

void files_unref(struct files *files)
{
	if (files)
		leave(files);
}

bool files_matches(const struct files *files, const struct files_options *options)
{
	const struct files_options *own = &files->options;
	struct stat now, then;

	return own->symlinks == options->symlinks && own->max_files == options->max_files &&
	       fstat(own->root_fd, &then) == 0 && fstat(options->root_fd, &now) == 0 && then.st_dev == now.st_dev &&
	       then.st_ino == now.st_ino;
}

/* While the descriptor is replaced, a job could see both folders: whatever it finds counts for nothing. */
int files_replace_root(struct files *files, int root_fd)
{
	int error;

	atomic_store(&files->replaced_ns, NEVER_NS);
	error = dup3(root_fd, files->options.root_fd, O_CLOEXEC) < 0 ? -errno : 0;
	atomic_store(&files->replaced_ns, clock_now_ns());
	return error;
}

void files_set_root_lost(struct files *files, bool lost)
{
	atomic_store(&files->rootless, lost);
}

bool files_has_root(const struct files *files)
{
	return !atomic_load_explicit(&files->rootless, memory_order_relaxed);
}

/* 0 if `then` is later: another thread may have read the clock after this one. */
static uint64_t age(uint64_t now_ns, uint64_t then_ns)
{
	return now_ns > then_ns ? now_ns - then_ns : 0;
}

/*
 * Answers at once if the entry is fresh enough, else puts the want on its list. True: begin() a job now. A look in the
 * background that failed is not repeated at once.
 */
static bool take_want(struct files_entry *entry, struct files_want *want, uint64_t now_ns, bool *hit)
{
	uint64_t revalidate_ns = entry->shard->files->revalidate_ns;
	uint64_t age_ns = age(now_ns, entry->validated_ns);

	*hit = entry->file && age_ns < revalidate_ns && entry->validated_ns >= want->since_ns &&
	       entry->validated_ns >= atomic_load(&entry->shard->files->replaced_ns) && !file_must_reopen(entry->file);
	if (*hit) {
		want->file = file_ref(entry->file);
		entry->shard->stats.hits++;
	} else {
		want->entry = entry;
		LL_PREPEND(entry->wants, want);
	}
	return !entry->busy &&
	       (!*hit || (age_ns >= revalidate_ns / 2 && age(now_ns, entry->tried_ns) >= revalidate_ns / 2));
}

int files_find(struct files *files, const char *path, struct files_want *want)
{
	uint64_t now_ns = clock_now_ns(), hash = keyed_hash(path, strlen(path));
	struct files_shard *shard = shard_of(files, hash);
	struct files_entry *entry;
	bool hit = false, start = false;

	want->shard = shard, want->entry = NULL, want->file = NULL, want->error = 0;
	pthread_mutex_lock(&shard->lock);
	entry = find_entry(shard, hash, path);
	if (!entry)
		entry = add_entry(shard, hash, path);
	if (entry) {
		use_entry(entry, now_ns);
		start = take_want(entry, want, now_ns, &hit);
		if (start)
			begin(entry);
	}
	pthread_mutex_unlock(&shard->lock);
	if (start)
		offload_start(files->options.offload, &entry->job);
	return entry ? hit : -ENOMEM;
}

bool files_cancel(struct files_want *want)
{
	bool waits;

	pthread_mutex_lock(&want->shard->lock);
	waits = want->entry != NULL;
	if (waits)
		LL_DELETE(want->entry->wants, want);
	want->entry = NULL;
	pthread_mutex_unlock(&want->shard->lock);
	return waits;
}

/* The caller has a reference of its own, so the table's is never the last and nothing is closed here. */
void files_invalidate(struct files *files, const char *path, struct file *file)
{
	uint64_t hash = keyed_hash(path, strlen(path));
	struct files_shard *shard = shard_of(files, hash);
	struct files_entry *entry, *unlinked = NULL;
	struct file *before = NULL;

	atomic_store(&file->unusable, true);
	if (!atomic_load_explicit(&file->changed, memory_order_relaxed))
		return;
	pthread_mutex_lock(&shard->lock);
	entry = find_entry(shard, hash, path);
	if (entry && entry->file == file) {
		note_gone(files, entry->file);
		if (!entry->busy)
			unlink_entry(entry, &unlinked);
		else
			before = swap_file(entry, NULL);
	}
	pthread_mutex_unlock(&shard->lock);
	file_unref(before);
	free_entries(unlinked);
}

void files_cached_version(struct files *files, const char *path, struct file_version *version)
{
	uint64_t hash = keyed_hash(path, strlen(path));
	struct files_shard *shard = shard_of(files, hash);
	struct file_version known = *version;
	struct files_entry *entry;

	pthread_mutex_lock(&shard->lock);
	entry = find_entry(shard, hash, path);
	if (entry && entry->file) {
		known.ctime_ns = entry->file->version.ctime_ns;
		if (file_version_equal(&known, &entry->file->version))
			*version = known;
	}
	pthread_mutex_unlock(&shard->lock);
}

/*
 * Under the lock: a reference to each open file of the buckets from *next on, until the list is full or there are no
 * more. *next is the bucket to go on with. A bucket is taken whole or not at all, except one that is larger than the
 * list, of which the rest is left out.
 */
static unsigned ref_some(struct files_shard *shard, uint32_t *next, struct file *list[STEP_FILES])
{
	unsigned count = 0, before = 0;

	for (unsigned looks = 0; *next <= shard->mask && looks < STEP_FILES; ++*next, looks++) {
		struct files_entry *entry = shard->buckets[*next];

		before = count;
		for (; entry != NULL && count < STEP_FILES; entry = entry->chain)
			if (entry->file != NULL)
				list[count++] = entry->file;
		if (entry != NULL && before > 0) { /* the next step begins with it */
			count = before;
			break;
		}
	}
	for (unsigned i = 0; i < count; i++)
		file_ref(list[i]);
	return count;
}

static void unlink_removed(struct files_shard *shard, uint32_t from, uint32_t to, struct files_entry **unlinked)
{
	struct files_entry *entry, *next;

	for (uint32_t i = from; i < to; i++)
		for (entry = shard->buckets[i]; entry != NULL; entry = next) {
			next = entry->chain;
			if (entry->file && !entry->busy &&
			    (entry->file->deleted || entry->validated_ns < atomic_load(&shard->files->replaced_ns)))
				unlink_entry(entry, unlinked);
		}
}

/* One step. What is opened or evicted while the lock is not held is not looked at: it was asked for now, or has gone.
 */
static void let_go_some(struct files_shard *shard, uint32_t *next)
{
	struct file *list[STEP_FILES];
	struct files_entry *unlinked = NULL;
	uint32_t from = *next;
	unsigned count;

	pthread_mutex_lock(&shard->lock);
	count = ref_some(shard, next, list);
	pthread_mutex_unlock(&shard->lock);
	for (unsigned i = 0; i < count; i++)
		list[i]->deleted = file_is_deleted(list[i]);
	pthread_mutex_lock(&shard->lock);
	unlink_removed(shard, from, *next, &unlinked);
	pthread_mutex_unlock(&shard->lock);
	for (unsigned i = 0; i < count; i++)
		file_unref(list[i]);
	free_entries(unlinked);
}

void files_close_deleted(struct files *files)
{
	for (unsigned i = 0; i < SHARDS; i++)
		for (uint32_t next = 0; next <= files->shards[i].mask;)
			let_go_some(&files->shards[i], &next);
}

void files_stats(struct files *files, struct files_stats *stats)
{
	*stats = (struct files_stats){ .open = open_count(files) };
	for (unsigned i = 0; i < SHARDS; i++) {
		struct files_shard *shard = &files->shards[i];

		pthread_mutex_lock(&shard->lock);
		stats->hits += shard->stats.hits;
		stats->opens += shard->stats.opens;
		stats->revalidations += shard->stats.revalidations;
		stats->failures += shard->stats.failures;
		pthread_mutex_unlock(&shard->lock);
	}
}

/* Calls visit() for those used last, the last first. */
static void visit_latest(struct files_shard *shard, void (*visit)(const struct files_entry *entry, void *context),
			 void *context)
{
	struct files_entry *entry;

	pthread_mutex_lock(&shard->lock);
	entry = shard->by_use != NULL ? shard->by_use->prev : NULL;
	for (unsigned looks = 0; entry != NULL && looks < TOP_LOOKS; looks++) {
		if (entry->file != NULL)
			visit(entry, context);
		entry = entry != shard->by_use ? entry->prev : NULL;
	}
	pthread_mutex_unlock(&shard->lock);
}

static void visit_latest_of_all(struct files *files, void (*visit)(const struct files_entry *entry, void *context),
				void *context)
{
	for (unsigned i = 0; i < SHARDS; i++)
		visit_latest(&files->shards[i], visit, context);
}

/* Where among them it belongs, and room made for it there; NULL: nowhere. */
static struct files_rank *rank_of(uint64_t bytes, struct files_rank *ranks, unsigned *used, unsigned count)
{
	unsigned at = *used;

	while (at > 0 && ranks[at - 1].bytes < bytes)
		at--;
	if (at == count)
		return NULL;
	if (*used < count)
		++*used;
	memmove(&ranks[at + 1], &ranks[at], (*used - at - 1) * sizeof(*ranks));
	return &ranks[at];
}

struct top {
	struct files_rank *ranks;
	unsigned used, count, table;
};

static void rank_entry(const struct files_entry *entry, void *context)
{
	struct top *top = context;
	uint64_t bytes = atomic_load_explicit(&entry->file->sent_bytes, memory_order_relaxed);
	struct files_rank *rank = bytes > 0 ? rank_of(bytes, top->ranks, &top->used, top->count) : NULL;

	if (rank == NULL)
		return;
	rank->table = top->table;
	rank->bytes = bytes;
	rank->requests = atomic_load_explicit(&entry->file->requests, memory_order_relaxed);
	memccpy(rank->path, entry->path, '\0', sizeof(rank->path));
	rank->path[sizeof(rank->path) - 1] = '\0';
}

unsigned files_top(struct files *files, unsigned table, struct files_rank *ranks, unsigned used, unsigned count)
{
	struct top top = { .ranks = ranks, .used = used, .count = count, .table = table };

	visit_latest_of_all(files, rank_entry, &top);
	return top.used;
}

int files_compare_names(const void *a, const void *b)
{
	return memcmp(&((const struct files_name *)a)->version, &((const struct files_name *)b)->version,
		      sizeof(struct file_version));
}

struct naming {
	struct files_name *names;
	size_t count;
	unsigned table;
};

static void name_entry(const struct files_entry *entry, void *context)
{
	const struct naming *naming = context;
	const struct files_name key = { .version = entry->file->version };
	struct files_name *found = bsearch(&key, naming->names, naming->count, sizeof(key), files_compare_names);

	if (found == NULL || found->path[0] != '\0')
		return;
	found->table = naming->table;
	found->requests = atomic_load_explicit(&entry->file->requests, memory_order_relaxed);
	memccpy(found->path, entry->path, '\0', sizeof(found->path));
	found->path[sizeof(found->path) - 1] = '\0';
}

void files_name_all(struct files *files, unsigned table, struct files_name *names, size_t count)
{
	struct naming naming = { .names = names, .count = count, .table = table };

	visit_latest_of_all(files, name_entry, &naming);
}
