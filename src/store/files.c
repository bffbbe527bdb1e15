/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The table of open files. Everything in it is behind one lock, under which no syscall is made and nobody is called back: jobs
 * start, answers are posted and references are given up (the last one closes) after it was let go.
 *
 * The one idea: an entry is a path plus at most one job that finds out what the path is now. Whoever needs to know joins the
 * list of the job under way, so a path is looked at once however many ask. The job ends on its offload thread: there the answers go
 * out to their reactors, files are closed, and the entry is free for the next job. One whose path has gone leaves the table and is
 * freed there. Entries that are not busy always hold a file.
 */
#include "store/files.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>
#include <utlist.h>

#include "base/clock.h"
#include "store/sibling.h"

#define TOP_LOOKS 8192 /* under the lock */

struct files_entry {
	struct offload_job job;
	struct files *files;
	bool busy;			 /* its job is under way */
	struct file *file;		 /* one reference; NULL: not known yet, or forgotten */
	uint64_t validated_ns;		 /* when `file` was what the path is: the time before the look */
	struct files_want *wants;	 /* who waits, the last to come first */
	struct file *held;		 /* the job's own reference to what `file` was when it started */
	struct files_entry *prev, *next; /* in the order of use; `next` also links what is being freed */
	UT_hash_handle hh;
	char path[];
};

/* A version that is no more, to be told to options.gone(). */
struct files_gone {
	struct file_version version;
	struct files_gone *next;
};

struct files {
	struct files_options options;
	uint64_t revalidate_ns;
	pthread_mutex_t lock;	    /* over what follows */
	struct files_entry *table;  /* by path */
	struct files_entry *by_use; /* the same entries, the least recently used first */
	struct files_gone *gone;
	struct files_stats stats;
	unsigned users; /* files_ref() */
	unsigned jobs;
};

/* What a job found out. */
struct finding {
	struct file *file; /* one reference, or NULL with an error */
	int error;
	uint64_t validated_ns;
	unsigned looks, opens;
};

static void work(struct offload_job *job);

static struct files_entry *entry_of(struct offload_job *job)
{
	return (struct files_entry *)((char *)job - offsetof(struct files_entry, job));
}

/* Under the lock, as all of the small functions here that don't say otherwise. NULL: no memory. */
static struct files_entry *add_entry(struct files *files, const char *path)
{
	size_t length = strlen(path);
	struct files_entry *entry = calloc(1, sizeof(*entry) + length + 1);

	if (!entry)
		return NULL;
	entry->files = files;
	entry->job.work = work;
	memcpy(entry->path, path, length + 1);
	HASH_ADD_KEYPTR(hh, files->table, entry->path, length, entry);
	if (!entry->hh.tbl) {
		free(entry);
		return NULL;
	}
	DL_APPEND(files->by_use, entry);
	return entry;
}

static void take_out(struct files_entry *entry)
{
	HASH_DEL(entry->files->table, entry);
	DL_DELETE(entry->files->by_use, entry);
}

/* Takes over the reference to `file`; the caller gets the one to what was there. */
static struct file *swap_file(struct files_entry *entry, struct file *file)
{
	struct file *before = entry->file;

	entry->file = file;
	entry->files->stats.open += (file != NULL) - (before != NULL);
	return before;
}

/* Takes an idle entry out, and chains it with others that free_entries() is to free once the lock is let go. */
static void doom(struct files_entry *entry, struct files_entry **doomed)
{
	assert(!entry->busy && !entry->wants);
	take_out(entry);
	entry->files->stats.open -= entry->file != NULL;
	entry->next = *doomed;
	*doomed = entry;
}

/* Not under the lock. */
static void free_entries_with(struct files_entry *doomed, void (*unref)(struct file *))
{
	for (struct files_entry *next; doomed; doomed = next) {
		next = doomed->next;
		unref(doomed->file);
		free(doomed);
	}
}

static void free_entries(struct files_entry *doomed)
{
	free_entries_with(doomed, file_unref);
}

/* The oldest idle entries go until `keep` files are left. unused_only: not those that a reader would keep open anyway. */
static void evict(struct files *files, unsigned keep, bool unused_only, struct files_entry **doomed)
{
	struct files_entry *entry, *next;

	DL_FOREACH_SAFE(files->by_use, entry, next) {
		if (files->stats.open <= keep)
			break;
		if (entry->busy || (unused_only && atomic_load(&entry->file->references) > 1))
			continue;
		doom(entry, doomed);
	}
}

/* The caller hands the job to the offload threads once the lock is let go. */
static void begin(struct files_entry *entry)
{
	entry->busy = true;
	entry->files->jobs++;
	entry->held = entry->file ? file_ref(entry->file) : NULL;
}

static void answer(struct reactor_message *message)
{
	struct files_want *want = (struct files_want *)((char *)message - offsetof(struct files_want, message));

	want->done(want);
}

/* Fills in the results and returns the wants, first come first; from here on they can't be cancelled. */
static struct files_want *fill_wants(struct files_entry *entry, const struct finding *finding)
{
	struct files_want *want, *filled = NULL;

	while ((want = entry->wants) != NULL) {
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
static void look_beside(const struct files_entry *entry, const struct file_version *original, struct file_siblings *found)
{
	static const struct file_siblings nothing;
	const struct files_options *options = &entry->files->options;

	*found = nothing;
	if (options->siblings)
		sibling_look(options->root_fd, entry->path, options->symlinks, original, entry->held ? &entry->held->siblings : &nothing,
			     found);
}

static bool is_as_held(const struct files_entry *entry, const struct file *file)
{
	const struct file *held = entry->held;

	return held && file_version_equal(&file->version, &held->version) && strcmp(file->tag, held->tag) == 0 &&
	       sibling_equal(&file->siblings, &held->siblings);
}

/* What turns out to be as it was stays the same struct file. */
static int open_anew(const struct files_entry *entry, struct file **file)
{
	const struct files_options *options = &entry->files->options;
	struct file *opened;
	int error = file_open(options->root_fd, entry->path, options->symlinks, &opened);

	if (error < 0)
		return error;
	opened->closer = options->offload;
	opened->device = devices_get(options->devices, opened->version.device, opened->nowait ? DEVICE_NOWAIT : DEVICE_ASYNC);
	if (opened->device == NULL) {
		file_unref(opened);
		return -ENOMEM;
	}
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

/*
 * A file whose time says nothing is opened again each time: its tag comes from a sidecar, which may have changed alone. One beside
 * which something else lies now is opened again since a struct file does not change.
 */
static void find_out(const struct files_entry *entry, struct finding *finding)
{
	const struct files_options *options = &entry->files->options;
	struct file *held = entry->held;
	struct file_version version;
	struct file_siblings siblings;

	finding->validated_ns = clock_now_ns();
	if (held && !file_undated(&held->version)) {
		finding->looks++;
		finding->error = file_look(options->root_fd, entry->path, options->symlinks, &version);
		if (finding->error < 0)
			return;
		look_beside(entry, &version, &siblings);
		if (file_version_equal(&version, &held->version) && sibling_equal(&siblings, &held->siblings)) {
			finding->file = file_ref(held);
			return;
		}
	}
	finding->error = open_anew(entry, &finding->file);
	finding->opens += finding->error == 0;
}

/* Out of descriptors: the oldest quarter of what the table alone keeps open is closed. */
static void make_room(struct files *files)
{
	struct files_entry *doomed = NULL;

	pthread_mutex_lock(&files->lock);
	evict(files, files->stats.open - (files->stats.open + 3) / 4, true, &doomed);
	pthread_mutex_unlock(&files->lock);
	free_entries_with(doomed, file_unref_here); /* the descriptors are wanted now */
}

/* Puts what was found into the entry; returns the reference that has to be given up. */
static struct file *apply(struct files_entry *entry, const struct finding *finding)
{
	struct files_stats *stats = &entry->files->stats;

	stats->looks += finding->looks;
	stats->opens += finding->opens;
	stats->failures += finding->error < 0;
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
	LL_PREPEND(files->gone, gone);
}

/* Not under the lock. */
static void tell_gone(struct files *files)
{
	struct files_gone *gone, *next;

	pthread_mutex_lock(&files->lock);
	gone = files->gone;
	files->gone = NULL;
	pthread_mutex_unlock(&files->lock);
	for (; gone != NULL; gone = next) {
		next = gone->next;
		files->options.gone(files->options.context, &gone->version);
		free(gone);
	}
}

/* Another struct file may be of the same version: of it nothing has gone. */
static bool is_other_version(const struct file *before, const struct file *now)
{
	return before && (!now || !file_version_equal(&before->version, &now->version));
}

/* A job has ended, or a user has left. Nothing may be made of the table after it. */
static void leave(struct files *files, unsigned *count)
{
	struct files_entry *entry, *next, *doomed = NULL;
	bool last;

	pthread_mutex_lock(&files->lock);
	--*count;
	last = files->jobs == 0 && files->users == 0;
	pthread_mutex_unlock(&files->lock);
	if (!last)
		return;
	DL_FOREACH_SAFE(files->by_use, entry, next)
		doom(entry, &doomed);
	free_entries(doomed);
	tell_gone(files);
	pthread_mutex_destroy(&files->lock);
	close(files->options.root_fd);
	free(files);
}

/* Takes over the reference in `finding`. The entry, and the table if nobody uses it any more, may be gone after it. */
static void settle(struct files_entry *entry, struct finding *finding)
{
	struct files *files = entry->files;
	struct file *held = entry->held, *before = finding->file;
	struct files_entry *doomed = NULL;
	struct files_want *filled = NULL;
	bool forgotten, again;

	pthread_mutex_lock(&files->lock);
	/* It was forgotten while it was looked at, and found to be what was forgotten: whoever waits is served by another round. */
	forgotten = finding->file && finding->file == held && entry->file != held;
	again = forgotten && entry->wants;
	if (!forgotten) {
		before = apply(entry, finding);
		filled = fill_wants(entry, finding);
		if (is_other_version(before, finding->file))
			note_gone(files, before);
	}
	entry->busy = false;
	if (again)
		begin(entry);
	else if (!entry->file)
		doom(entry, &doomed);
	evict(files, files->options.max_files, false, &doomed);
	pthread_mutex_unlock(&files->lock);
	if (again)
		offload_start(files->options.offload, &entry->job);
	post_wants(filled);
	file_unref(before);
	file_unref(held);
	free_entries(doomed);
	tell_gone(files);
	leave(files, &files->jobs);
}

/* The job has no done(): it must not depend on a reactor that may have stopped while another one's request waits for the answer. */
static void work(struct offload_job *job)
{
	struct files_entry *entry = entry_of(job);
	struct finding finding = {0};

	find_out(entry, &finding);
	if (finding.error == -EMFILE || finding.error == -ENFILE) {
		make_room(entry->files);
		find_out(entry, &finding);
	}
	settle(entry, &finding);
}

int files_new(struct files **files, const struct files_options *options)
{
	struct files *made = calloc(1, sizeof(*made));

	if (!made)
		return -ENOMEM;
	made->options = *options;
	made->options.root_fd = fcntl(options->root_fd, F_DUPFD_CLOEXEC, 0);
	if (made->options.root_fd < 0) {
		free(made);
		return -errno;
	}
	made->users = 1;
	made->revalidate_ns = options->revalidate_ms * CLOCK_NS_PER_MS;
	pthread_mutex_init(&made->lock, NULL);
	*files = made;
	return 0;
}

struct files *files_ref(struct files *files)
{
	pthread_mutex_lock(&files->lock);
	files->users++;
	pthread_mutex_unlock(&files->lock);
	return files;
}

void files_unref(struct files *files)
{
	if (files)
		leave(files, &files->users);
}

bool files_is_like(const struct files *files, const struct files_options *options)
{
	const struct files_options *own = &files->options;
	struct stat now, then;

	return own->symlinks == options->symlinks && own->max_files == options->max_files && fstat(own->root_fd, &then) == 0 &&
	       fstat(options->root_fd, &now) == 0 && then.st_dev == now.st_dev && then.st_ino == now.st_ino;
}

/* Answers at once if the entry is fresh enough, else puts the want on its list. True: begin() a job now. */
static bool take_want(struct files_entry *entry, struct files_want *want, uint64_t now_ns, bool *hit)
{
	uint64_t revalidate_ns = entry->files->revalidate_ns;
	uint64_t age_ns = now_ns > entry->validated_ns ? now_ns - entry->validated_ns : 0;

	*hit = entry->file && age_ns < revalidate_ns;
	if (*hit) {
		want->file = file_ref(entry->file);
		entry->files->stats.hits++;
	} else {
		want->entry = entry;
		LL_PREPEND(entry->wants, want);
	}
	return !entry->busy && (!*hit || age_ns >= revalidate_ns / 2);
}

int files_find(struct files *files, const char *path, struct files_want *want)
{
	uint64_t now_ns = clock_now_ns();
	struct files_entry *entry;
	bool hit = false, start = false;

	want->entry = NULL, want->file = NULL, want->error = 0;
	pthread_mutex_lock(&files->lock);
	HASH_FIND_STR(files->table, path, entry);
	if (!entry)
		entry = add_entry(files, path);
	if (entry) {
		DL_DELETE(files->by_use, entry);
		DL_APPEND(files->by_use, entry);
		start = take_want(entry, want, now_ns, &hit);
		if (start)
			begin(entry);
	}
	pthread_mutex_unlock(&files->lock);
	if (start)
		offload_start(files->options.offload, &entry->job);
	return entry ? hit : -ENOMEM;
}

bool files_cancel(struct files *files, struct files_want *want)
{
	pthread_mutex_lock(&files->lock);
	bool waits = want->entry != NULL;
	if (waits)
		LL_DELETE(want->entry->wants, want);
	want->entry = NULL;
	pthread_mutex_unlock(&files->lock);
	return waits;
}

/* The caller has a reference of its own, so the table's is never the last and nothing is closed here. */
void files_forget(struct files *files, const char *path, const struct file *file)
{
	struct files_entry *entry, *doomed = NULL;
	struct file *before = NULL;

	pthread_mutex_lock(&files->lock);
	HASH_FIND_STR(files->table, path, entry);
	if (entry && entry->file == file) {
		note_gone(files, entry->file);
		if (!entry->busy)
			doom(entry, &doomed);
		else
			before = swap_file(entry, NULL);
	}
	pthread_mutex_unlock(&files->lock);
	file_unref(before);
	free_entries(doomed);
}

/* Under the lock: a reference to each open file. */
static unsigned ref_all(struct files *files, struct file **list, unsigned room)
{
	struct files_entry *entry;
	unsigned count = 0;

	DL_FOREACH(files->by_use, entry) {
		if (entry->file && count < room)
			list[count++] = file_ref(entry->file);
	}
	return count;
}

static void doom_gone(struct files *files, struct files_entry **doomed)
{
	struct files_entry *entry, *next;

	DL_FOREACH_SAFE(files->by_use, entry, next) {
		if (entry->file && entry->file->gone && !entry->busy)
			doom(entry, doomed);
	}
}

int files_let_go(struct files *files)
{
	unsigned room = files->options.max_files, count;
	struct file **list = calloc(room + 1, sizeof(*list));
	struct files_entry *doomed = NULL;

	if (!list)
		return -ENOMEM;
	pthread_mutex_lock(&files->lock);
	count = ref_all(files, list, room);
	pthread_mutex_unlock(&files->lock);
	for (unsigned i = 0; i < count; i++)
		list[i]->gone = file_is_gone(list[i]);
	pthread_mutex_lock(&files->lock);
	doom_gone(files, &doomed);
	pthread_mutex_unlock(&files->lock);
	for (unsigned i = 0; i < count; i++)
		file_unref(list[i]);
	free_entries(doomed);
	free(list);
	return 0;
}

void files_stats(struct files *files, struct files_stats *stats)
{
	pthread_mutex_lock(&files->lock);
	*stats = files->stats;
	pthread_mutex_unlock(&files->lock);
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

unsigned files_top(struct files *files, unsigned table, struct files_rank *ranks, unsigned used, unsigned count)
{
	struct files_entry *entry;
	unsigned looks = 0;

	pthread_mutex_lock(&files->lock);
	for (entry = files->by_use != NULL ? files->by_use->prev : NULL; entry != NULL && looks < TOP_LOOKS; looks++) {
		const uint64_t bytes = entry->file != NULL ? atomic_load_explicit(&entry->file->sent_bytes, memory_order_relaxed) : 0;
		struct files_rank *rank = bytes > 0 ? rank_of(bytes, ranks, &used, count) : NULL;

		if (rank != NULL) {
			rank->table = table;
			rank->bytes = bytes;
			rank->requests = atomic_load_explicit(&entry->file->requests, memory_order_relaxed);
			memccpy(rank->path, entry->path, '\0', sizeof(rank->path));
			rank->path[sizeof(rank->path) - 1] = '\0';
		}
		entry = entry != files->by_use ? entry->prev : NULL;
	}
	pthread_mutex_unlock(&files->lock);
	return used;
}

int files_compare_names(const void *a, const void *b)
{
	return memcmp(&((const struct files_name *)a)->version, &((const struct files_name *)b)->version, sizeof(struct file_version));
}

static void name(struct files_name *names, size_t count, unsigned table, const struct files_entry *entry)
{
	const struct files_name key = { .version = entry->file->version };
	struct files_name *found = bsearch(&key, names, count, sizeof(*names), files_compare_names);

	if (found == NULL || found->path[0] != '\0')
		return;
	found->table = table;
	found->requests = atomic_load_explicit(&entry->file->requests, memory_order_relaxed);
	memccpy(found->path, entry->path, '\0', sizeof(found->path));
	found->path[sizeof(found->path) - 1] = '\0';
}

void files_name_all(struct files *files, unsigned table, struct files_name *names, size_t count)
{
	struct files_entry *entry;
	unsigned looks = 0;

	pthread_mutex_lock(&files->lock);
	for (entry = files->by_use != NULL ? files->by_use->prev : NULL; entry != NULL && looks < TOP_LOOKS; looks++) {
		if (entry->file != NULL)
			name(names, count, table, entry);
		entry = entry != files->by_use ? entry->prev : NULL;
	}
	pthread_mutex_unlock(&files->lock);
}
