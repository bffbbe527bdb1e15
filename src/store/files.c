/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lookups of names. A hit is served under the lock of one shard, without a system call. Otherwise the reactor looks the
 * path up without waiting (files_inline.c). If that is not possible, the lookup waits in the list of the entry's job,
 * so a path is revalidated once, whatever the number of lookups.
 */
#include "store/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/container_of.h"
#include "store/file_check.h"
#include "store/files_inline.h"
#include "store/files_job.h"
#include "store/names.h"

/* --- the object --- */

int files_new(struct files **files, const struct files_options *options)
{
	struct files *made = calloc(1, sizeof(*made));
	int error;

	if (made == NULL)
		return -ENOMEM;
	error = file_root_new(&made->root, &(struct file_root_options){ .fd = options->root_fd,
									.symlinks = options->symlinks,
									.offload = options->offload,
									.devices = options->devices,
									.descriptors = options->descriptors,
									.opened = options->opened,
									.context = options->context });
	if (error != 0) {
		free(made);
		return error;
	}
	made->options = *options;
	made->references = made->users = 1;
	*files = made;
	return 0;
}

void files_ref_for_job(struct files *files)
{
	/* Relaxed: the caller has a reference, so the object cannot be freed meanwhile. */
	atomic_fetch_add_explicit(&files->references, 1, memory_order_relaxed);
}

struct files *files_ref(struct files *files)
{
	atomic_fetch_add_explicit(&files->users, 1, memory_order_relaxed);
	files_ref_for_job(files);
	return files;
}

void files_release(struct files *files)
{
	/*
	 * Release: the changes that this thread made come before the decrement. Acquire: the thread that frees the
	 * object sees the changes of all other threads.
	 */
	if (atomic_fetch_sub_explicit(&files->references, 1, memory_order_acq_rel) > 1)
		return;
	files_report_superseded(files);
	file_root_unref(files->root);
	free(files);
}

/* Jobs that have not ended remove their entries themselves. */
void files_unref(struct files *files)
{
	if (files == NULL)
		return;
	if (atomic_fetch_sub_explicit(&files->users, 1, memory_order_acq_rel) == 1)
		names_remove_root(files->options.names, files->root);
	files_release(files);
}

bool files_matches(const struct files *files, const struct files_options *options)
{
	const struct files_options *own = &files->options;

	return own->symlinks == options->symlinks && own->siblings == options->siblings &&
	       own->variants == options->variants;
}

int files_replace_root(struct files *files, int root_fd)
{
	int error = file_root_replace(files->root, root_fd);

	if (error == 0)
		descriptors_close_former(files->options.descriptors, files->root);
	return error;
}

void files_set_root_lost(struct files *files, bool lost)
{
	atomic_store(&files->root->lost, lost);
	atomic_store(&files->rootless, lost);
}

void files_find_mounts(struct files *files)
{
	file_root_find_mounts(files->root);
}

bool files_has_root(const struct files *files)
{
	return !atomic_load_explicit(&files->rootless, memory_order_relaxed);
}

struct device *files_device(const struct files *files, const char *path)
{
	const struct parents_place place = files_place(files, path);
	struct mounts_place mount;
	size_t length = 0;
	uint64_t id;

	if (files->options.devices == NULL)
		return NULL;
	file_root_place(files->root, path, &mount);
	id = mount.remote || files->options.parents == NULL ? 0
							    : parents_device(files->options.parents, &place, &length);
	if (id == 0 || length < mount.length)
		id = mount.device;
	/* The first open of a file on the device sets the mode, see file_open.c. */
	return id != 0 ? devices_get(files->options.devices, id, DEVICE_NOWAIT) : NULL;
}

bool files_is_below(const struct files *files, const struct file_root *root)
{
	return files->root == root;
}

/* --- superseded versions --- */

void files_note_superseded(struct files *files, struct file *file)
{
	struct files_superseded *item = files->options.superseded != NULL ? malloc(sizeof(*item)) : NULL;

	atomic_store(&file->outdated, true);
	if (item == NULL)
		return;
	item->version = file->version;
	item->next = atomic_load_explicit(&files->superseded, memory_order_relaxed);
	/* Release: the thread that takes the stack sees the version and the link. */
	while (!atomic_compare_exchange_weak_explicit(&files->superseded, &item->next, item, memory_order_release,
						      memory_order_relaxed))
		;
}

void files_report_superseded(struct files *files)
{
	struct files_superseded *item = atomic_exchange_explicit(&files->superseded, NULL, memory_order_acquire), *next;

	for (; item != NULL; item = next) {
		next = item->next;
		files->options.superseded(files->options.context, &item->version);
		free(item);
	}
}

static void report(struct offload_job *job)
{
	struct files *files = container_of(job, struct files, report);

	atomic_store(&files->reporting, false); /* Before the report: a later version starts another job. */
	files_report_superseded(files);
	files_release(files);
}

void files_start_report(struct files *files)
{
	if (atomic_load_explicit(&files->superseded, memory_order_relaxed) == NULL ||
	    atomic_exchange(&files->reporting, true))
		return;
	files_ref_for_job(files);
	files->report = (struct offload_job){ .work = report };
	offload_start(files->options.offload, &files->report);
}

/* --- results of lookups --- */

/*
 * Returns true if the extents of the version of `before` are obsolete. If both struct files have the same version, its
 * extents stay valid, unless a check has found another version in between. In that case, the cache may contain bytes of
 * the other version.
 */
static bool is_other_version(const struct file *before, const struct file *now)
{
	if (before == NULL || before == now)
		return false;
	return now == NULL || atomic_load_explicit(&before->changed, memory_order_relaxed) ||
	       !file_version_equal(&before->version, &now->version);
}

struct file *files_apply(struct files *files, struct names_shard *shard, struct names_entry *entry,
			 struct files_finding *finding)
{
	struct file *before;

	if (finding->error < 0 && !file_check_says_gone(finding->error)) {
		entry->failed = true;
		return NULL;
	}
	entry->failed = false;
	entry->validated_ns = finding->validated_ns;
	entry->skipped_siblings = finding->skip_siblings;
	before = names_swap_file(shard, entry, finding->file);
	if (is_other_version(before, finding->file))
		files_note_superseded(files, before);
	return before;
}

/* --- lookups --- */

/* Returns 0 if then_ns is later than now_ns, which is possible if another thread has read the clock later. */
static uint64_t age(uint64_t now_ns, uint64_t then_ns)
{
	return now_ns > then_ns ? now_ns - then_ns : 0;
}

/* Returns true if the file of the entry may be used without a lookup. */
static bool is_fresh(const struct files *files, const struct names_entry *entry, const struct files_want *want,
		     uint64_t now_ns)
{
	return entry->file != NULL && age(now_ns, entry->validated_ns) < files_revalidate_ns(files, want) &&
	       (want->skip_siblings || !entry->skipped_siblings) && entry->validated_ns >= want->since_ns &&
	       entry->validated_ns >= atomic_load(&files->root->since_ns) && !file_must_reopen(entry->file);
}

/*
 * Returns true if a hit must start a job that revalidates the name in the background, so that readers of a busy file do
 * not wait. A reactor revalidates other files itself. After a failure, the next lookup waits instead.
 */
static bool wants_background(const struct files *files, const struct names_entry *entry, const struct files_want *want,
			     uint64_t now_ns)
{
	return entry->job == NULL && !entry->failed &&
	       age(now_ns, entry->validated_ns) >= files_revalidate_ns(files, want) / 2 &&
	       !devices_reject_lookups(files->options.devices, entry->file->device, now_ns) &&
	       (entry->waits == NAMES_WAITS_MAX || !files_inline_is_usual(files, entry->file));
}

/*
 * Adds the want to the job of the entry, and makes the entry and the job if necessary. Returns the new job, which the
 * caller starts, or NULL. Sets *error if there is no memory. The caller holds the lock.
 */
static struct files_job *enqueue(struct files *files, struct names_shard *shard, const struct names_key *key,
				 struct files_want *want, bool tried, int *error)
{
	struct names_entry *entry = names_find(shard, key), *unlinked = NULL;
	struct files_job *made = NULL;
	bool is_new = entry == NULL;

	if (is_new)
		entry = names_add(shard, key);
	if (entry != NULL && entry->job == NULL)
		made = files_job_new(files, entry, key, want);
	if (entry == NULL || entry->job == NULL) {
		if (is_new && entry != NULL) {
			names_unlink(shard, entry, &unlinked);
			free(unlinked);
		}
		*error = -ENOMEM;
		return NULL;
	}
	files_job_add(files_job_of(entry), want);
	if (tried && entry->waits < NAMES_WAITS_MAX)
		entry->waits++;
	return made;
}

/* Completes the want with the result of a lookup that the reactor made. Returns false if a job must repeat it. */
static bool use_finding(struct files *files, struct names_shard *shard, const struct names_key *key,
			struct files_want *want, struct files_finding *finding, struct file **released,
			struct names_entry **unlinked)
{
	struct names_entry *entry = names_find(shard, key);

	*released = finding->file;
	if (finding->validated_ns < atomic_load(&files->root->since_ns) || (entry != NULL && entry->job != NULL))
		return false;
	if (entry != NULL && entry->validated_ns > finding->validated_ns) /* A later result is known already. */
		return false;
	if (entry == NULL && finding->file != NULL && (entry = names_add(shard, key)) == NULL)
		return false;
	shard->stats.inlined++;
	shard->stats.failures += finding->error < 0;
	want->error = finding->error;
	want->file = finding->file != NULL ? file_ref(finding->file) : NULL;
	if (entry == NULL)
		return true;
	*released = files_apply(files, shard, entry, finding);
	entry->waits = 0;
	if (entry->file == NULL)
		names_unlink(shard, entry, unlinked);
	else
		names_evict(shard, entry, unlinked);
	return true;
}

/* Looks the path up without waiting. Returns true if the want is completed. */
static bool find_inline(struct files *files, struct names_shard *shard, const struct names_key *key,
			struct file *previous, struct files_want *want)
{
	struct names_entry *unlinked = NULL;
	struct file *released = NULL;
	struct files_finding finding;
	bool used;

	if (files_inline_find(files, key->path, want, previous, &finding) != 0)
		return false;
	pthread_mutex_lock(&shard->lock);
	used = use_finding(files, shard, key, want, &finding, &released, &unlinked);
	pthread_mutex_unlock(&shard->lock);
	file_unref(released);
	names_free_unlinked(unlinked);
	files_start_report(files);
	return used;
}

/* Waits for a job. `tried`: the reactor has tried the lookup. Returns 0 if done() will run, or -ENOMEM. */
static int find_by_job(struct files *files, struct names_shard *shard, const struct names_key *key,
		       struct files_want *want, bool tried)
{
	struct files_job *made;
	int error = 0;

	pthread_mutex_lock(&shard->lock);
	made = enqueue(files, shard, key, want, tried, &error);
	pthread_mutex_unlock(&shard->lock);
	if (made != NULL && tried)
		files_job_note_inline(made);
	if (made != NULL)
		files_job_start(made);
	return error;
}

/* Completes the want without a lookup, with a stale file or with the error. Returns 1. */
static int find_stale(struct files *files, struct names_shard *shard, const struct names_key *key,
		      struct files_want *want, struct device *device, int error)
{
	pthread_mutex_lock(&shard->lock);
	files_job_set_stale(want, names_find(shard, key), error, clock_now_ns());
	pthread_mutex_unlock(&shard->lock);
	if (device != NULL && want->stale)
		devices_note_stale(files->options.devices, device, true);
	else if (device != NULL)
		devices_count(&device->lookups_rejected, 1);
	return 1;
}

/* Looks up a path that is not known or must be revalidated. `busy`: a job looks it up already. */
static int look_up(struct files *files, struct names_shard *shard, const struct names_key *key, struct file *previous,
		   struct files_want *want, bool busy)
{
	struct device *device;

	if (files_has_root(files) && !busy && find_inline(files, shard, key, previous, want))
		return 1;
	device = previous != NULL ? previous->device : files_device(files, key->path);
	if (!files_has_root(files))
		return find_stale(files, shard, key, want, device, -ENODEV);
	if (device != NULL && devices_reject_lookups(files->options.devices, device, clock_now_ns()))
		return find_stale(files, shard, key, want, device, -EBUSY);
	want->device = device;
	return find_by_job(files, shard, key, want, !busy);
}

int files_find(struct files *files, const char *path, struct files_want *want)
{
	const struct names_key key = names_key(files->root, path);
	struct names_shard *shard = names_shard_of(files->options.names, &key);
	uint64_t now_ns = clock_now_ns();
	struct file *previous = NULL;
	struct files_job *background = NULL;
	struct names_entry *entry;
	bool busy = false;
	int result;

	want->shard = shard, want->job = NULL, want->file = NULL, want->error = 0;
	want->stale = false, want->device = NULL;
	pthread_mutex_lock(&shard->lock);
	entry = names_find(shard, &key);
	if (entry != NULL) {
		entry->used = true;
		busy = entry->job != NULL;
		if (files_has_root(files) && is_fresh(files, entry, want, now_ns)) {
			want->file = file_ref(entry->file);
			shard->stats.hits++;
			want->device = entry->file->device;
			if (wants_background(files, entry, want, now_ns))
				background = files_job_new(files, entry, &key, want);
		} else if (entry->file != NULL) {
			previous = file_ref(entry->file);
		}
	}
	pthread_mutex_unlock(&shard->lock);
	if (background != NULL)
		files_job_start(background);
	if (want->file != NULL)
		return 1;
	result = look_up(files, shard, &key, previous, want, busy);
	file_unref(previous);
	return result;
}

bool files_expire(struct files *files, struct files_want *want)
{
	struct device *device = want->device;
	bool waits;

	pthread_mutex_lock(&want->shard->lock);
	waits = want->job != NULL;
	if (waits)
		files_job_expire(want, clock_now_ns());
	pthread_mutex_unlock(&want->shard->lock);
	if (want->stale && device != NULL)
		devices_note_stale(files->options.devices, device, true);
	return waits;
}

bool files_cancel(struct files_want *want)
{
	bool waits;

	pthread_mutex_lock(&want->shard->lock);
	waits = want->job != NULL;
	if (waits)
		files_job_remove(want);
	pthread_mutex_unlock(&want->shard->lock);
	return waits;
}

/* The caller has a reference of its own, so the reference of the entry is never the last one. */
void files_invalidate(struct files *files, const char *path, struct file *file)
{
	const struct names_key key = names_key(files->root, path);
	struct names_shard *shard = names_shard_of(files->options.names, &key);
	struct names_entry *entry, *unlinked = NULL;
	struct file *before = NULL;

	atomic_store(&file->unusable, true);
	if (!atomic_load_explicit(&file->changed, memory_order_relaxed))
		return;
	pthread_mutex_lock(&shard->lock);
	entry = names_find(shard, &key);
	if (entry != NULL && entry->file == file) {
		files_note_superseded(files, entry->file);
		if (entry->job == NULL)
			names_unlink(shard, entry, &unlinked);
		else
			before = names_swap_file(shard, entry, NULL);
	}
	pthread_mutex_unlock(&shard->lock);
	file_unref(before);
	names_free_unlinked(unlinked);
	files_start_report(files);
}

void files_cached_version(struct files *files, const char *path, struct file_version *version)
{
	const struct names_key key = names_key(files->root, path);
	struct names_shard *shard = names_shard_of(files->options.names, &key);
	struct file_version known = *version;
	struct names_entry *entry;

	pthread_mutex_lock(&shard->lock);
	entry = names_find(shard, &key);
	if (entry != NULL && entry->file != NULL) {
		known.ctime_ns = entry->file->version.ctime_ns;
		if (file_version_equal(&known, &entry->file->version))
			*version = known;
	}
	pthread_mutex_unlock(&shard->lock);
}
