/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The job of an entry in the table of names. It revalidates or opens the path on an offload thread and completes the
 * lookups that wait for the entry. An entry has at most one job at a time (single-flight).
 */
#ifndef STORE_FILES_JOB_H
#define STORE_FILES_JOB_H

#include "store/files_private.h"
#include "store/names.h"

struct files_job;

/*
 * Gives an idle entry a job for a lookup by the rules of `want`, which waits for want->device, without starting it and
 * without adding the want. The caller holds the lock of the shard. Returns NULL if there is no memory.
 */
struct files_job *files_job_new(struct files *files, struct names_entry *entry, const struct names_key *key,
				const struct files_want *want);
/*
 * Sets the result of a want whose path cannot be looked up: the file of the entry if it may be used, see stale_ns in
 * struct files_want, or the error. `entry` may be NULL. The caller holds the lock of the shard.
 */
void files_job_set_stale(struct files_want *want, const struct names_entry *entry, int error, uint64_t now_ns);
/* Adds a want to the job, which completes the want. The caller holds the lock of the shard. */
void files_job_add(struct files_job *job, struct files_want *want);
/* Records that the reactor tried the lookup before, and would have had to wait. Called before the start. */
void files_job_note_inline(struct files_job *job);
/* Queues a new job. Thread-safe. The caller must hold no lock. */
void files_job_start(struct files_job *job);
/* Removes a want from its job. The caller holds the lock of the shard. */
void files_job_remove(struct files_want *want);
/*
 * Completes a want before the end of its job, with -ETIMEDOUT or with a stale file, see struct files_want. done() will
 * not run. The caller holds the lock of the shard.
 */
void files_job_expire(struct files_want *want, uint64_t now_ns);
/* Returns the job of the entry, or NULL. The caller holds the lock of the shard. */
struct files_job *files_job_of(const struct names_entry *entry);

#endif
