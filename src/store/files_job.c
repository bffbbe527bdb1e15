/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The job of an entry revalidates or opens its path and ends on the offload thread. It posts the results to the
 * reactors of the lookups, releases files, and makes the entry idle again. The job has no done() callback, because it
 * must not depend on one reactor, which may have stopped while requests of another reactor wait for the result. An
 * entry whose path leads to no file is removed from the table and freed.
 */
#include "store/files_job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <utlist.h>

#include "base/clock.h"
#include "base/container_of.h"
#include "store/file_check.h"
#include "store/file_open.h"
#include "store/parents.h"
#include "store/sibling.h"

#define WRITING_NS (20 * (int64_t)CLOCK_NS_PER_MS) /* A version is young for this time, see clock_is_young(). */
#define WRITING_TRIES 3

struct files_job {
	struct names_job base; /* The root and the path of the job. */
	struct offload_job job;
	struct files *files;   /* A reference. */
	struct device *device; /* The device that the job waits for, or NULL. */
	struct names_shard *shard;
	struct names_entry *entry;
	struct file *previous;	  /* A reference to the file of the entry at the start of the job, or NULL. */
	struct files_want *wants; /* Lookups that wait for the job, the latest first. Protected by the lock. */
	bool needs_siblings;	  /* A want or the job itself needs the siblings. Protected by the lock. */
	/* Lowest maximum age that a want accepts, for the directory of a remote file. Protected by the lock. */
	uint64_t revalidate_ns;
	uint64_t max_age_ns; /* Copy of revalidate_ns for the current lookup. */
	/* Results. */
	struct files_finding finding;
	unsigned revalidations, opens;
	bool inline_failed; /* The reactor tried the lookup before, and would have had to wait. */
	char path[];
};

/* Returns true if the directory of the path is known. */
static bool find_parent(const struct files_job *job, bool remote, struct parents_view *view)
{
	struct parents *parents = job->files->options.parents;
	const struct parents_place place = files_place(job->files, job->path);

	if (parents == NULL)
		return false;
	return (remote ? parents_find_remote(parents, &place, job->max_age_ns, view)
		       : parents_find(parents, &place, clock_now_ns(), view)) == 0;
}

/* Finds the siblings of the path, whose version is `original`. `remote` is as in struct file. */
static void find_siblings(const struct files_job *job, const struct file_version *original, bool remote,
			  struct file_siblings *found)
{
	static const struct file_siblings nothing;
	const struct files_options *options = &job->files->options;
	const struct file_root *root = job->files->root;
	struct parents_view view = { 0 };
	bool known;

	*found = nothing;
	if (!options->siblings || job->finding.skip_siblings)
		return;
	known = find_parent(job, remote, &view);
	if (!options->variants)
		sibling_skip_variants(&view);
	sibling_find(root->fd, job->path, root->symlinks, original,
		     job->previous != NULL ? file_siblings(job->previous) : &nothing,
		     known || !options->variants ? &view : NULL, found);
}

/*
 * Returns true if `now` is the same version as the previous file. If only the ctime differs, the versions count as the
 * same if file_check_path() identifies the difference as a change of metadata.
 */
static bool is_previous_version(const struct files_job *job, const struct file_version *now)
{
	struct file_version version = *now;
	struct file_state state;

	if (file_version_equal(&version, &job->previous->version))
		return true;
	version.ctime_ns = job->previous->version.ctime_ns;
	return file_version_equal(&version, &job->previous->version) && file_check_path(job->previous, &state) == 0;
}

static bool is_unchanged(const struct files_job *job, const struct file_facts *facts)
{
	struct file *previous = job->previous;

	return previous != NULL && !file_must_reopen(previous) && is_previous_version(job, &facts->state.version) &&
	       (job->finding.skip_siblings || (strcmp(facts->tag, file_tag(previous)) == 0 &&
					       sibling_equal(facts->siblings, file_siblings(previous))));
}

/*
 * Opens the path for two reasons: only an open shows with certainty whether the file may be read, and the bytes of a
 * new version must be read from the disk. If the file and its siblings are unchanged, returns the previous struct file.
 */
static int open_again(struct files_job *job, struct file **file)
{
	const struct files_options *options = &job->files->options;
	struct file_siblings siblings;
	struct file_opened opened;
	struct descriptor *descriptor;
	unsigned char access = 0;
	int error;

	if (job->previous != NULL)
		access = file_access_begin(job->previous);
	error = file_open_facts(job->files->root, job->path, !job->finding.skip_siblings, &opened);
	if (error < 0) {
		if (job->previous != NULL)
			file_access_set_unknown(job->previous);
		return error;
	}
	if (job->previous != NULL)
		file_access_set_known(job->previous, access);
	find_siblings(job, &opened.facts.state.version, opened.facts.remote, &siblings);
	opened.facts.siblings = &siblings;
	*file = is_unchanged(job, &opened.facts) ? file_ref(job->previous) : file_new(&opened.facts);
	if (*file == NULL) {
		descriptors_unref(opened.descriptor);
		return -ENOMEM;
	}
	descriptor = descriptors_add(options->descriptors, &(*file)->descriptor, (*file)->root, (*file)->device,
				     opened.descriptor);
	file_open_report(*file, descriptor);
	descriptors_unref(descriptor);
	return 0;
}

/*
 * Revalidates the previous file by a stat if possible, otherwise opens the path. Two cases always open the path, unless
 * siblings are skipped. A file without a meaningful mtime takes its tag from a sidecar, which may change alone. A file
 * whose siblings changed needs a new struct file, because its siblings are immutable.
 */
static void revalidate_or_open(struct files_job *job)
{
	struct files_finding *finding = &job->finding;
	struct file *previous = job->previous;
	struct file_state state;
	struct file_siblings siblings;

	finding->validated_ns = clock_now_ns();
	if (previous != NULL && (finding->skip_siblings || !file_version_is_undated(&previous->version)) &&
	    !file_must_reopen(previous)) {
		job->revalidations++;
		finding->error = file_check_path(previous, &state);
		if (finding->error < 0 && finding->error != -ESTALE)
			return;
		if (finding->error == 0 && !file_access_is_unknown(previous)) {
			find_siblings(job, &state.version, previous->remote, &siblings);
			if (finding->skip_siblings || sibling_equal(&siblings, file_siblings(previous))) {
				finding->file = file_ref(previous);
				return;
			}
		}
	}
	finding->error = open_again(job, &finding->file);
	job->opens += finding->error == 0;
}

static void answer(struct reactor_message *message)
{
	struct files_want *want = container_of(message, struct files_want, message);

	want->done(want);
}

void files_job_set_stale(struct files_want *want, const struct names_entry *entry, int error, uint64_t now_ns)
{
	struct file *file = entry != NULL ? entry->file : NULL;

	want->error = error;
	if (want->stale_ns == 0 || file == NULL || file_must_reopen(file) ||
	    (now_ns > entry->validated_ns && now_ns - entry->validated_ns > want->stale_ns))
		return;
	want->file = file_ref(file);
	want->error = 0;
	want->stale = true;
	devices_count(&file->device->lookups_stale, 1);
}

/*
 * Sets the results of the wants and returns the wants in the order of arrival. The returned wants can no longer be
 * cancelled. Sets *stale if a result is stale. Wants that need a later lookup stay in the job.
 */
static struct files_want *fill_wants(struct files_job *job, bool *stale)
{
	const struct files_finding *finding = &job->finding;
	struct files_want *want, *next, *filled = NULL;

	LL_FOREACH_SAFE(job->wants, want, next)
	{
		if (want->since_ns > finding->validated_ns || (finding->skip_siblings && !want->skip_siblings))
			continue;
		LL_DELETE(job->wants, want);
		want->job = NULL;
		want->error = finding->error;
		want->file = finding->file != NULL ? file_ref(finding->file) : NULL;
		if (file_check_says_lost(finding->error))
			files_job_set_stale(want, job->entry, finding->error, finding->validated_ns);
		*stale |= want->stale;
		LL_PREPEND(filled, want);
	}
	return filled;
}

/* Posts the wants. The caller must hold no lock. The owner of a want may free the want as soon as it is posted. */
static void post_wants(struct files_want *want)
{
	for (struct files_want *next; want != NULL; want = next) {
		next = want->next;
		want->message.fn = answer;
		reactor_post(want->reactor, &want->message);
	}
}

struct files_job *files_job_new(struct files *files, struct names_entry *entry, const struct names_key *key,
				const struct files_want *want)
{
	size_t length = strlen(key->path);
	struct files_job *job = calloc(1, sizeof(*job) + length + 1);

	if (job == NULL)
		return NULL;
	files_ref_for_job(files);
	job->files = files;
	job->shard = names_shard_of(files->options.names, key);
	job->entry = entry;
	job->needs_siblings = !want->skip_siblings;
	job->revalidate_ns = files_revalidate_ns(files, want);
	job->previous = entry->file != NULL ? file_ref(entry->file) : NULL;
	memcpy(job->path, key->path, length + 1);
	job->base = (struct names_job){ .root = files->root, .path = job->path };
	job->device = want->device;
	entry->job = &job->base;
	return job;
}

void files_job_add(struct files_job *job, struct files_want *want)
{
	want->job = job;
	job->needs_siblings = job->needs_siblings || !want->skip_siblings;
	if (files_revalidate_ns(job->files, want) < job->revalidate_ns)
		job->revalidate_ns = files_revalidate_ns(job->files, want);
	want->device = job->device;
	LL_PREPEND(job->wants, want);
}

void files_job_note_inline(struct files_job *job)
{
	job->inline_failed = true;
}

void files_job_expire(struct files_want *want, uint64_t now_ns)
{
	const struct names_entry *entry = want->job->entry;

	files_job_remove(want);
	files_job_set_stale(want, entry, -ETIMEDOUT, now_ns);
}

void files_job_remove(struct files_want *want)
{
	LL_DELETE(want->job->wants, want);
	want->job = NULL;
}

struct files_job *files_job_of(const struct names_entry *entry)
{
	return entry->job != NULL ? container_of(entry->job, struct files_job, base) : NULL;
}

/* Returns true if the result must be discarded, because the entry or the root has changed during the job. */
static bool is_void(const struct files_job *job)
{
	const struct files_finding *finding = &job->finding;

	/* The file was invalidated during the job, and the job found the same file. */
	if (finding->file != NULL && finding->file == job->previous && job->entry->file != job->previous)
		return true;
	return finding->validated_ns < atomic_load(&job->files->root->since_ns);
}

/* Returns true if the entry of an ended job must be removed. */
static bool must_unlink(const struct files_job *job)
{
	return job->entry->file == NULL ||
	       atomic_load_explicit(&job->files->users, memory_order_acquire) == 0; /* See files_unref(). */
}

/* Counts the lookup for its device, by the thread that made the lookup. */
static void count_device(const struct files_job *job)
{
	const struct file *file = job->finding.file;

	if (job->device != NULL)
		histogram_add(&job->device->lookup, clock_now_ns() - job->job.queued_ns);
	if (file != NULL)
		devices_count(job->inline_failed ? &file->device->lookups_eagain : &file->device->lookups_offload, 1);
}

/*
 * Learns about the directory of the path, so that later lookups need no job. This may read the directory, so it comes
 * after the answer to the requests.
 */
static void learn_parent(const struct files_job *job)
{
	const struct parents_place place = files_place(job->files, job->path);

	if (job->files->options.parents != NULL)
		parents_learn(job->files->options.parents, &place);
}

/*
 * Ends a job: completes its wants, and frees the job, or starts it again for the wants that need a later lookup. The
 * end of the last job frees the struct files if it has no user.
 */
static void finish(struct files_job *job)
{
	struct names_shard *shard = job->shard;
	struct files *files = job->files;
	struct files_finding *finding = &job->finding;
	struct file *previous = job->previous, *before = finding->file;
	struct names_entry *unlinked = NULL;
	struct files_want *filled = NULL;
	bool again, learns = true, stale = false;

	/* Lookups of a remote file use only the names of its directory. */
	if (finding->skip_siblings && finding->file != NULL)
		learns = !finding->file->remote;
	count_device(job);
	pthread_mutex_lock(&shard->lock);
	shard->stats.revalidations += job->revalidations;
	shard->stats.opens += job->opens;
	shard->stats.failures += finding->error < 0;
	if (!is_void(job)) {
		filled = fill_wants(job, &stale);
		before = files_apply(files, shard, job->entry, finding);
	}
	again = job->wants != NULL;
	if (again) {
		job->previous = job->entry->file != NULL ? file_ref(job->entry->file) : NULL;
	} else {
		job->entry->job = NULL;
		if (must_unlink(job))
			names_unlink(shard, job->entry, &unlinked);
		names_evict(shard, NULL, &unlinked);
	}
	pthread_mutex_unlock(&shard->lock);
	if (job->device != NULL && (stale || !file_check_says_lost(finding->error)))
		devices_note_stale(files->options.devices, job->device, stale);
	if (again)
		files_job_start(job);
	post_wants(filled);
	file_unref(before);
	file_unref(previous);
	names_free_unlinked(unlinked);
	if (again)
		return;
	if (learns)
		learn_parent(job);
	files_report_superseded(files);
	free(job);
	files_release(files);
}

/*
 * Returns true if a new version of a remote file may still be incomplete: its mtime is young, and will not be young
 * after WRITING_NS. A server may set the mtime when a write begins, and may let reads see a part of the write.
 */
static bool may_be_written(const struct files_job *job)
{
	const struct file *file = job->finding.file, *previous = job->previous;
	const int64_t now_ns = clock_wall_ns();

	if (file == NULL || !file->remote || file == previous ||
	    (previous != NULL && atomic_load_explicit(&previous->append_only, memory_order_relaxed)))
		return false;
	return clock_is_young(file->version.mtime_ns, now_ns) &&
	       !clock_is_young(file->version.mtime_ns, now_ns + WRITING_NS);
}

/* Waits until a version that may be incomplete is no longer young, and looks the path up again. */
static void await_writer(struct files_job *job)
{
	for (unsigned tries = 0; tries < WRITING_TRIES && may_be_written(job); tries++) {
		nanosleep(&(struct timespec){ .tv_nsec = WRITING_NS }, NULL);
		file_unref(job->finding.file);
		job->finding = (struct files_finding){ .skip_siblings = job->finding.skip_siblings };
		revalidate_or_open(job);
	}
}

/* Runs on an offload thread. */
static void work(struct offload_job *offload_job)
{
	struct files_job *job = container_of(offload_job, struct files_job, job);

	pthread_mutex_lock(&job->shard->lock);
	job->finding = (struct files_finding){ .skip_siblings = !job->needs_siblings };
	job->max_age_ns = job->revalidate_ns;
	pthread_mutex_unlock(&job->shard->lock);
	job->revalidations = job->opens = 0;
	revalidate_or_open(job);
	for (unsigned tries = 0; descriptors_may_retry(job->files->options.descriptors, job->finding.error, tries);
	     tries++)
		revalidate_or_open(job);
	await_writer(job);
	finish(job);
}

void files_job_start(struct files_job *job)
{
	job->job = (struct offload_job){ .work = work, .device = job->device };
	offload_start(job->files->options.offload, &job->job);
}
