/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lookups in the table of open files. A hit is served under the lock of one shard, without a syscall. All other lookups
 * wait in the list of their entry for its job, so a path is revalidated once, whatever the number of lookups.
 */
#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utlist.h>

#include "base/clock.h"
#include "base/keyed_hash.h"
#include "store/files_job.h"
#include "store/files_table.h"

int files_new(struct files **files, const struct files_options *options)
{
	return files_table_new(files, options);
}

struct files *files_ref(struct files *files)
{
	/* Relaxed: the caller has a reference, so the table cannot be freed meanwhile. */
	atomic_fetch_add_explicit(&files->references, 1, memory_order_relaxed);
	return files;
}

void files_unref(struct files *files)
{
	if (files)
		files_table_unref(files);
}

bool files_matches(const struct files *files, const struct files_options *options)
{
	const struct files_options *own = &files->options;
	struct stat now, then;

	return own->symlinks == options->symlinks && own->max_files == options->max_files &&
	       fstat(own->root_fd, &then) == 0 && fstat(options->root_fd, &now) == 0 && then.st_dev == now.st_dev &&
	       then.st_ino == now.st_ino;
}

/* During dup3() a job may see either root, so the results of all jobs are discarded until the new time is set. */
int files_replace_root(struct files *files, int root_fd)
{
	int error;

	atomic_store(&files->root_since_ns, FILES_NEVER_NS);
	error = dup3(root_fd, files->options.root_fd, O_CLOEXEC) < 0 ? -errno : 0;
	atomic_store(&files->root_since_ns, clock_now_ns());
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

/* Returns 0 if then_ns is later than now_ns, which is possible if another thread has read the clock later. */
static uint64_t age(uint64_t now_ns, uint64_t then_ns)
{
	return now_ns > then_ns ? now_ns - then_ns : 0;
}

/*
 * Completes the want if the entry is fresh enough, otherwise adds it to the list of the entry. Returns true if the
 * caller must claim and start a job. A background revalidation that failed is not repeated before half of the maximum
 * age has passed.
 */
static bool answer_or_enqueue(struct files_entry *entry, struct files_want *want, uint64_t now_ns, bool *hit)
{
	uint64_t revalidate_ns = entry->shard->files->revalidate_ns;
	uint64_t age_ns = age(now_ns, entry->validated_ns);

	*hit = entry->file && age_ns < revalidate_ns && entry->validated_ns >= want->since_ns &&
	       entry->validated_ns >= atomic_load(&entry->shard->files->root_since_ns) &&
	       !file_must_reopen(entry->file);
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
	struct files_shard *shard = files_table_shard(files, hash);
	struct files_entry *entry;
	bool hit = false, start = false;

	want->shard = shard, want->entry = NULL, want->file = NULL, want->error = 0;
	pthread_mutex_lock(&shard->lock);
	entry = files_table_find(shard, hash, path);
	if (!entry)
		entry = files_table_add(shard, hash, path);
	if (entry) {
		files_table_use(entry, now_ns);
		start = answer_or_enqueue(entry, want, now_ns, &hit);
		if (start)
			files_job_claim(entry);
	}
	pthread_mutex_unlock(&shard->lock);
	if (start)
		files_job_start(entry);
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

/*
 * The caller has a reference of its own, so the reference of the table is never the last one, and this function closes
 * no file.
 */
void files_invalidate(struct files *files, const char *path, struct file *file)
{
	uint64_t hash = keyed_hash(path, strlen(path));
	struct files_shard *shard = files_table_shard(files, hash);
	struct files_entry *entry, *unlinked = NULL;
	struct file *before = NULL;

	atomic_store(&file->unusable, true);
	if (!atomic_load_explicit(&file->changed, memory_order_relaxed))
		return;
	pthread_mutex_lock(&shard->lock);
	entry = files_table_find(shard, hash, path);
	if (entry && entry->file == file) {
		files_table_note_superseded(files, entry->file);
		if (!entry->busy)
			files_table_unlink(entry, &unlinked);
		else
			before = files_table_swap_file(entry, NULL);
	}
	pthread_mutex_unlock(&shard->lock);
	file_unref(before);
	files_table_free_unlinked(unlinked);
}

void files_cached_version(struct files *files, const char *path, struct file_version *version)
{
	uint64_t hash = keyed_hash(path, strlen(path));
	struct files_shard *shard = files_table_shard(files, hash);
	struct file_version known = *version;
	struct files_entry *entry;

	pthread_mutex_lock(&shard->lock);
	entry = files_table_find(shard, hash, path);
	if (entry && entry->file) {
		known.ctime_ns = entry->file->version.ctime_ns;
		if (file_version_equal(&known, &entry->file->version))
			*version = known;
	}
	pthread_mutex_unlock(&shard->lock);
}

void files_stats(struct files *files, struct files_stats *stats)
{
	*stats = (struct files_stats){ .open = files_table_open_count(files) };
	for (unsigned i = 0; i < FILES_SHARDS; i++) {
		struct files_shard *shard = &files->shards[i];

		pthread_mutex_lock(&shard->lock);
		stats->hits += shard->stats.hits;
		stats->opens += shard->stats.opens;
		stats->revalidations += shard->stats.revalidations;
		stats->failures += shard->stats.failures;
		pthread_mutex_unlock(&shard->lock);
	}
}
