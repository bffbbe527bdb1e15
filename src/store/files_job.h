/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The job of an entry in the table of open files. It revalidates or opens the path on an offload thread and completes
 * the lookups that wait for the entry. An entry has at most one job at a time (single-flight).
 */
#ifndef STORE_FILES_JOB_H
#define STORE_FILES_JOB_H

#include "store/files_table.h"

/*
 * Makes an idle entry busy. The caller holds the lock of the shard, and calls files_job_start() after releasing the
 * lock.
 */
void files_job_claim(struct files_entry *entry);
/* Queues the job of a claimed entry. Thread-safe. The caller must hold no lock. */
void files_job_start(struct files_entry *entry);

#endif
