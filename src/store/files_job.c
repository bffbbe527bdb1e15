/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The job of an entry revalidates or opens its path and ends on the offload thread. It posts the results to the
 * reactors of the lookups, closes files, and makes the entry idle again. The job has no done() callback, because it
 * must not depend on one reactor, which may have stopped while requests of another reactor wait for the result. An
 * entry whose path leads to no file is removed from the table and freed.
 */
#include "store/files_job.h"

#include <errno.h>
#include <string.h>

#include <utlist.h>

#include "base/clock.h"
#include "base/container_of.h"
#include "store/file_check.h"
#include "store/sibling.h"

#define EVICT_INSPECT_MAX 64 /* Maximum number of entries that a job inspects for eviction. */

/* The result of a job. */
struct finding {
	struct file *file; /* A reference, or NULL after an error. */
	int error;
	uint64_t validated_ns;
	unsigned revalidations, opens;
};

/* Finds the siblings of the path, whose version is `original`. */
static void find_siblings(const struct files_entry *entry, const struct file_version *original,
			  struct file_siblings *found)
{
	static const struct file_siblings nothing;
	const struct files_options *options = &entry->shard->files->options;

	*found = nothing;
	if (options->siblings)
		sibling_find(options->root_fd, entry->path, options->symlinks, original,
			     entry->previous ? &entry->previous->siblings : &nothing, NULL, found);
}

/*
 * Returns true if `file` is the same version as the previous file. If only the ctime differs, the versions count as the
 * same if file_check_path() identifies the difference as a change of metadata.
 */
static bool is_previous_version(const struct files_entry *entry, const struct file *file)
{
	const struct files_options *options = &entry->shard->files->options;
	struct file_version version = file->version;
	struct file_state state;

	if (file_version_equal(&version, &entry->previous->version))
		return true;
	version.ctime_ns = entry->previous->version.ctime_ns;
	return file_version_equal(&version, &entry->previous->version) &&
	       file_check_path(entry->previous, options->root_fd, entry->path, options->symlinks, &state) == 0;
}

static bool is_unchanged(const struct files_entry *entry, const struct file *file)
{
	const struct file *previous = entry->previous;

	return previous && !file_must_reopen(previous) && is_previous_version(entry, file) &&
	       strcmp(file->tag, previous->tag) == 0 && sibling_equal(&file->siblings, &previous->siblings);
}

/* Opens the path. If the file and its siblings are unchanged, the result is the previous struct file. */
static int open_again(struct files_entry *entry, struct file **file)
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
	find_siblings(entry, &opened->version, &opened->siblings);
	if (options->opened != NULL)
		options->opened(options->context, opened);
	if (is_unchanged(entry, opened)) {
		file_unref(opened);
		opened = file_ref(entry->previous);
	}
	*file = opened;
	return 0;
}

/*
 * Returns false after a change of mode, owner or group. Only opening the file then shows whether it may still be read.
 */
static bool may_be_read(const struct files_entry *entry, const struct file_metadata *now)
{
	return entry->mode == now->mode && entry->user == now->user && entry->group == now->group;
}

/*
 * Revalidates the previous file by a stat if possible, otherwise opens the path. Two cases always open the path. A file
 * without a meaningful mtime takes its tag from a sidecar, which may change alone. A file whose siblings changed needs
 * a new struct file, because a struct file is immutable.
 */
static void revalidate_or_open(struct files_entry *entry, struct finding *finding)
{
	const struct files_options *options = &entry->shard->files->options;
	struct file *previous = entry->previous;
	struct file_state state;
	struct file_siblings siblings;

	finding->validated_ns = clock_now_ns();
	if (previous && !file_version_is_undated(&previous->version) && !file_must_reopen(previous)) {
		finding->revalidations++;
		finding->error = file_check_path(previous, options->root_fd, entry->path, options->symlinks, &state);
		if (finding->error < 0 && finding->error != -ESTALE)
			return;
		if (finding->error == 0 && may_be_read(entry, &state.metadata)) {
			find_siblings(entry, &state.version, &siblings);
			if (sibling_equal(&siblings, &previous->siblings)) {
				finding->file = file_ref(previous);
				return;
			}
		}
	}
	finding->error = open_again(entry, &finding->file);
	finding->opens += finding->error == 0;
}

/*
 * Returns true if the error means that the path does not lead to a regular file. Other errors (EMFILE, ETIMEDOUT,
 * EACCES, ...) do not show whether the path has changed.
 */
static bool says_path_changed(int error)
{
	return error == -ENOENT || error == -ENOTDIR || error == -EISDIR || error == -ELOOP || error == -EXDEV ||
	       error == -ENAMETOOLONG;
}

/*
 * Stores the result in the entry. Returns a reference to the replaced file, which the caller releases, or NULL. After
 * an error that does not concern the path, the entry keeps its file, and lookups of the path are hits until the age of
 * the entry exceeds revalidate_ms.
 */
static struct file *apply(struct files_entry *entry, const struct finding *finding)
{
	struct files_stats *stats = &entry->shard->stats;

	stats->revalidations += finding->revalidations;
	stats->opens += finding->opens;
	stats->failures += finding->error < 0;
	entry->tried_ns = finding->validated_ns;
	if (finding->error < 0 && !says_path_changed(finding->error))
		return NULL;
	entry->validated_ns = finding->validated_ns;
	return files_table_swap_file(entry, finding->file);
}

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

static void answer(struct reactor_message *message)
{
	struct files_want *want = container_of(message, struct files_want, message);

	want->done(want);
}

/*
 * Sets the results of the wants and returns the wants in the order of arrival. The returned wants can no longer be
 * cancelled. Wants that need a later lookup stay in the entry.
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

/* Posts the wants. The caller must hold no lock. The owner of a want may free the want as soon as it is posted. */
static void post_wants(struct files_want *want)
{
	for (struct files_want *next; want; want = next) {
		next = want->next;
		want->message.fn = answer;
		reactor_post(want->reactor, &want->message);
	}
}

void files_job_claim(struct files_entry *entry)
{
	entry->busy = true;
	/* Relaxed: the caller has a reference, so the table cannot be freed meanwhile. */
	atomic_fetch_add_explicit(&entry->shard->files->references, 1, memory_order_relaxed);
	entry->previous = entry->file ? file_ref(entry->file) : NULL;
}

/*
 * Ends a job. Takes ownership of the reference in `finding`. When the function returns, the entry may have been freed,
 * and also the table if it has no other user.
 */
static void finish(struct files_entry *entry, struct finding *finding)
{
	struct files_shard *shard = entry->shard;
	struct files *files = shard->files;
	struct file *previous = entry->previous, *before = finding->file;
	struct files_entry *unlinked = NULL;
	struct files_want *filled = NULL;
	bool forgotten, again;

	pthread_mutex_lock(&shard->lock);
	/* If the file was invalidated during the job, and the job found the same file, another job serves the wants. */
	forgotten = finding->file && finding->file == previous && entry->file != previous;
	/* A result that was found beneath a root that has been replaced meanwhile is discarded, too. */
	if (!forgotten && finding->validated_ns >= atomic_load(&files->root_since_ns)) {
		before = apply(entry, finding);
		filled = fill_wants(entry, finding);
		if (is_other_version(before, finding->file))
			files_table_note_superseded(files, before);
	}
	again = entry->wants != NULL;
	entry->busy = false;
	if (again)
		files_job_claim(entry);
	else if (!entry->file)
		files_table_unlink(entry, &unlinked);
	pthread_mutex_unlock(&shard->lock);
	files_table_evict(files, files->options.max_files, false, EVICT_INSPECT_MAX, &unlinked);
	if (again)
		files_job_start(entry);
	post_wants(filled);
	file_unref(before);
	file_unref(previous);
	files_table_free_unlinked(unlinked);
	files_table_report_superseded(files);
	files_table_unref(files);
}

/* Runs on an offload thread. */
static void work(struct offload_job *job)
{
	struct files_entry *entry = container_of(job, struct files_entry, job);
	struct finding finding = { 0 };

	revalidate_or_open(entry, &finding);
	if (finding.error == -EMFILE || finding.error == -ENFILE) {
		files_table_close_unused(entry->shard->files);
		revalidate_or_open(entry, &finding);
	}
	finish(entry, &finding);
}

void files_job_start(struct files_entry *entry)
{
	entry->job.work = work;
	offload_start(entry->shard->files->options.offload, &entry->job);
}
