/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Proofs that wait for a check are in a list of the file, under its lock. The offload job that makes the check holds a
 * reference to the file. The job runs again while the list has proofs that were requested after the last check began.
 * The job has no done() callback, because it posts the result to the reactor of each proof.
 */
#include "store/proof.h"

#include <errno.h>
#include <stdlib.h>

#include <utlist.h>

#include "base/clock.h"
#include "base/container_of.h"
#include "store/file_check.h"

struct proof {
	struct reactor_message message;
	struct proof *next;
	struct proof_options options;
	int error;
	bool waits; /* The proof is in the list of its file. Protected by the lock of the file. */
	/* The proof was cancelled after its result had been posted. Used only on the thread of the reactor. */
	bool cancelled;
};

bool proof_is_known(const struct file *file, uint64_t read_ns)
{
	/* Relaxed: the number publishes no other data. */
	const struct file_extra *extra = file->extra;

	return read_ns <= (extra != NULL ? atomic_load_explicit(&extra->verified_ns, memory_order_relaxed) : 0);
}

static void proof_free(struct proof *proof)
{
	--*proof->options.pending;
	file_unref(proof->options.file);
	free(proof);
}

static void answer(struct reactor_message *message)
{
	struct proof *proof = container_of(message, struct proof, message);

	if (!proof->cancelled)
		proof->options.done(proof->options.context, proof->error);
	proof_free(proof);
}

/*
 * Removes and returns the proofs that are answered by a check that began at start_ns. The caller holds the lock of the
 * file.
 */
static struct proof *take_answered(struct file *file, uint64_t start_ns, int error)
{
	const bool changed = atomic_load_explicit(&file->changed, memory_order_relaxed);
	struct proof *proof, *next, *answered = NULL;

	LL_FOREACH_SAFE(file->extra->proofs, proof, next)
	{
		if (proof->options.since_ns > start_ns && !changed)
			continue;
		LL_DELETE(file->extra->proofs, proof);
		proof->waits = false;
		proof->error = changed ? -ESTALE : error;
		LL_PREPEND(answered, proof);
	}
	return answered;
}

static void post_all(struct proof *proof)
{
	for (struct proof *next; proof != NULL; proof = next) {
		next = proof->next;
		proof->message.fn = answer;
		reactor_post(proof->options.reactor, &proof->message);
	}
}

/* Runs on an offload thread. If proofs remain in the list, the job runs again and keeps its reference to the file. */
static void check(struct offload_job *job)
{
	struct file *file = container_of(job, struct file_extra, check)->file;
	uint64_t start_ns = clock_now_ns();
	int error = file_check(file);
	struct proof *answered;
	bool again;

	pthread_mutex_lock(file_lock(file));
	answered = take_answered(file, start_ns, error);
	again = file->extra->proofs != NULL;
	file->extra->checking = again;
	pthread_mutex_unlock(file_lock(file));
	post_all(answered);
	if (again)
		offload_start(file->root->offload, &file->extra->check);
	else
		file_unref(file);
}

/* The caller holds the lock. Returns true if the caller must call start_check() after releasing the lock. */
static bool claim_check(struct file *file)
{
	bool claimed = !file->extra->checking;

	file->extra->checking = true;
	return claimed;
}

static void start_check(struct file *file)
{
	file_ref(file);
	file->extra->check = (struct offload_job){ .work = check, .device = file->device };
	offload_start(file->root->offload, &file->extra->check);
}

int proof_new(struct proof **proof, const struct proof_options *options)
{
	struct file *file = options->file;
	struct proof *made;
	bool start;

	if (atomic_load_explicit(&file->changed, memory_order_relaxed))
		return -ESTALE;
	if (proof_is_known(file, options->since_ns))
		return 1;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return -ENOMEM;
	made->options = *options;
	file_ref(file);
	made->waits = true;
	++*options->pending;
	*proof = made;
	pthread_mutex_lock(file_lock(file));
	LL_PREPEND(file->extra->proofs, made);
	start = claim_check(file);
	pthread_mutex_unlock(file_lock(file));
	if (start)
		start_check(file);
	return 0;
}

void proof_cancel(struct proof *proof)
{
	struct file *file;
	bool waits;

	if (proof == NULL)
		return;
	file = proof->options.file;
	pthread_mutex_lock(file_lock(file));
	waits = proof->waits;
	if (waits)
		LL_DELETE(file->extra->proofs, proof);
	pthread_mutex_unlock(file_lock(file));
	proof->cancelled = true;
	if (waits)
		proof_free(proof);
}

void proof_refresh(struct file *file, uint64_t max_age_ns)
{
	const uint64_t now_ns = clock_now_ns();
	bool start;

	if (!file->remote || devices_reject_reads(file->device) ||
	    proof_is_known(file, now_ns > max_age_ns ? now_ns - max_age_ns : 1))
		return;
	pthread_mutex_lock(file_lock(file));
	start = claim_check(file);
	pthread_mutex_unlock(file_lock(file));
	if (start)
		start_check(file);
}
