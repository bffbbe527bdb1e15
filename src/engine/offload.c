/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads for calls that may wait for a disk. A reactor queues a job, an offload thread runs work(), and done() runs on
 * the reactor.
 *
 * A job belongs to its caller and contains its links, so nothing is allocated after the start and queueing cannot fail.
 * One mutex protects the queue. work() and reactor_post() run without it. After the post, the offload
 * thread no longer accesses the job.
 *
 * All signals are blocked in the offload threads, so that the thread with the signalfd receives the signals.
 */
#include "engine/offload.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/container_of.h"

#define THREADS_MAX 64

struct offload {
	pthread_mutex_t lock; /* Protects all members except the threads. */
	pthread_cond_t changed;
	struct offload_job *first, *last;
	bool stopping;
	unsigned idle; /* Number of threads that wait for a job. */
	bool waking;   /* A thread was woken and has not returned from its wait yet. */
	/*
	 * Number of queued and running jobs. Release and acquire: a thread that reads 0 sees the results of all jobs.
	 */
	atomic_uint pending_count;

	unsigned thread_count;
	pthread_t threads[THREADS_MAX];
};

/*
 * Returns true if the caller must signal a thread after releasing the lock. At most one thread is being woken at a
 * time. That thread wakes the next one if it leaves jobs in the queue. Short jobs that arrive together are therefore
 * run by few threads with few context switches, and jobs that wait for a disk still get all threads. The caller holds
 * the lock.
 */
static bool must_wake(struct offload *offload)
{
	if (offload->first == NULL || offload->idle == 0 || offload->waking)
		return false;
	offload->waking = true;
	return true;
}

/* Waits for the next job. Returns NULL if the threads must end and no job is left. */
static struct offload_job *take_job(struct offload *offload)
{
	struct offload_job *job;
	bool wake;

	pthread_mutex_lock(&offload->lock);
	while (offload->first == NULL && !offload->stopping) {
		offload->idle++;
		pthread_cond_wait(&offload->changed, &offload->lock);
		offload->idle--;
		offload->waking = false;
	}
	job = offload->first;
	if (job != NULL)
		offload->first = job->next;
	wake = must_wake(offload);
	pthread_mutex_unlock(&offload->lock);
	if (wake)
		pthread_cond_signal(&offload->changed);
	return job;
}

static void deliver(struct reactor_message *message)
{
	struct offload_job *job = container_of(message, struct offload_job, message);

	job->done(job);
}

static void run_job(struct offload *offload, struct offload_job *job)
{
	bool comes_back = job->done != NULL;

	job->work(job);
	atomic_fetch_sub_explicit(&offload->pending_count, 1, memory_order_release);
	if (!comes_back)
		return; /* work() may have freed the job. */
	job->message.fn = deliver;
	reactor_post(job->reactor, &job->message);
}

static void *run_thread(void *context)
{
	struct offload *offload = context;
	struct offload_job *job;

	pthread_setname_np(pthread_self(), "ranged-offload");
	while ((job = take_job(offload)) != NULL)
		run_job(offload, job);
	return NULL;
}

/* Blocks all signals while it creates the threads, because a thread inherits the signal mask of its creator. */
static int start_threads(struct offload *offload, unsigned threads)
{
	sigset_t all, before;
	int error = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (error == 0 && offload->thread_count < threads) {
		error = -pthread_create(&offload->threads[offload->thread_count], NULL, run_thread, offload);
		if (error == 0)
			offload->thread_count++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

int offload_new(struct offload **offload, unsigned threads)
{
	struct offload *made;
	int error;

	if (threads == 0 || threads > THREADS_MAX)
		return -EINVAL;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return -ENOMEM;
	pthread_mutex_init(&made->lock, NULL);
	pthread_cond_init(&made->changed, NULL);
	error = start_threads(made, threads);
	if (error < 0) {
		offload_free(made);
		return error;
	}
	*offload = made;
	return 0;
}

void offload_stop(struct offload *offload)
{
	pthread_mutex_lock(&offload->lock);
	offload->stopping = true;
	pthread_cond_broadcast(&offload->changed);
	pthread_mutex_unlock(&offload->lock);
	for (unsigned i = 0; i < offload->thread_count; i++)
		pthread_join(offload->threads[i], NULL);
	offload->thread_count = 0;
}

void offload_free(struct offload *offload)
{
	if (offload == NULL)
		return;
	offload_stop(offload);
	assert(offload->first == NULL && offload->pending_count == 0);
	pthread_cond_destroy(&offload->changed);
	pthread_mutex_destroy(&offload->lock);
	free(offload);
}

/* The caller holds the lock. */
static void enqueue(struct offload *offload, struct offload_job *job)
{
	if (offload->first == NULL)
		offload->first = job;
	else
		offload->last->next = job;
	offload->last = job;
}

void offload_start(struct offload *offload, struct offload_job *job)
{
	bool stopped, wake = false;

	job->next = NULL;
	atomic_fetch_add_explicit(&offload->pending_count, 1, memory_order_relaxed);
	pthread_mutex_lock(&offload->lock);
	stopped = offload->stopping;
	if (!stopped) {
		enqueue(offload, job);
		wake = must_wake(offload);
	}
	pthread_mutex_unlock(&offload->lock);
	if (wake)
		pthread_cond_signal(&offload->changed);
	if (stopped)
		run_job(offload, job);
}

unsigned offload_pending(struct offload *offload)
{
	return atomic_load_explicit(&offload->pending_count, memory_order_acquire);
}
