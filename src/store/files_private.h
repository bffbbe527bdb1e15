/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The data of the files below one root, and the rules by which the result of a lookup changes an entry. Private to
 * files.c, files_job.c and files_inline.c.
 */
#ifndef STORE_FILES_PRIVATE_H
#define STORE_FILES_PRIVATE_H

#include "base/clock.h"
#include "store/files_types.h"
#include "store/names.h"
#include "store/parents.h"

/* A superseded version that has not been reported to options.superseded() yet. */
struct files_superseded {
	struct file_version version;
	struct files_superseded *next;
};

struct files {
	struct files_options options;
	struct file_root *root;
	atomic_bool rootless;	/* The root is lost. Relaxed: the flag publishes no other data. */
	atomic_uint references; /* Number of users and of jobs that have not ended. Decrements are acquire-release. */
	atomic_uint users;	/* Number of users. Decrements are acquire-release. */
	/*
	 * Stack of superseded versions. Any thread pushes a version with release order. The thread that removes the
	 * whole stack with acquire order therefore sees the versions and links.
	 */
	struct files_superseded *_Atomic superseded;
	/* The job that reports superseded versions which a reactor has found. */
	struct offload_job report;
	atomic_bool reporting; /* The job is queued. Sequentially consistent. */
};

/* The result of a lookup. */
struct files_finding {
	struct file *file; /* A reference, or NULL after an error. */
	int error;
	bool skip_siblings;    /* The lookup did not search for siblings and tags. */
	uint64_t validated_ns; /* Start of the lookup. */
};

/* Returns the maximum age of a lookup that the want accepts, in nanoseconds. */
static inline uint64_t files_revalidate_ns(const struct files *files, const struct files_want *want)
{
	return (want->revalidate_ms > 0 ? want->revalidate_ms : files->options.revalidate_ms) * CLOCK_NS_PER_MS;
}

/* Returns the place of a path, for parents.h. `path` must outlive the place. Thread-safe. */
static inline struct parents_place files_place(const struct files *files, const char *path)
{
	const struct file_root *root = files->root;

	return (struct parents_place){
		.root_fd = root->fd,
		.path = path,
		.symlinks = root->symlinks,
		.root = atomic_load_explicit(&root->number, memory_order_relaxed),
	};
}

/* Adds a reference for a job. Thread-safe. */
void files_ref_for_job(struct files *files);
/* Releases a reference of a user or of a job. The last release frees the object. The caller must hold no lock. */
void files_release(struct files *files);

/*
 * Stores the result of a lookup in the entry. Takes ownership of the reference in `finding`, and returns the reference
 * to the replaced file, which the caller releases, or NULL. After an error that does not concern the path, the entry
 * keeps its file, and lookups of the path are hits until the age of the entry exceeds revalidate_ms. The caller holds
 * the lock of the shard.
 */
struct file *files_apply(struct files *files, struct names_shard *shard, struct names_entry *entry,
			 struct files_finding *finding);
/*
 * Marks the file as outdated and queues its version for files_report_superseded(). If memory runs out, the version is
 * not reported. That is harmless, because no lookup finds the extents of the version, and the cache evicts them like
 * other unused extents.
 */
void files_note_superseded(struct files *files, struct file *file);
/*
 * Calls options.superseded() for all queued versions. Runs on an offload thread, or on the thread that frees the struct
 * files.
 */
void files_report_superseded(struct files *files);
/* Starts a job that reports the queued versions, if there are any. Thread-safe. The caller must hold no lock. */
void files_start_report(struct files *files);

#endif
