/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads for calls that may wait for a disk. A reactor queues a job, an offload thread runs work(), and done() runs on
 * the reactor.
 *
 * A job belongs to its caller and contains its links, so nothing is allocated after the start and queueing cannot fail.
 * One mutex protects the queue and the count. work() and reactor_post() run without it. After the post, the offload
 * thread no longer accesses the job.
 *
 * All signals are blocked in the offload threads, so that the thread with the signalfd receives the signals.
 */
#include "engine/offload.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/container_of.h"

#define THREADS_MAX 64

struct offload {
	pthread_mutex_t lock; /* Protects all members except the threads. */
	pthread_cond_t changed;
	struct offload_job *first, *last;
	unsigned pending_count; /* Number of queued and running jobs. */
	bool stopping;

	unsigned thread_count;
	pthread_t threads[THREADS_MAX];
};

/* Waits for the next job. Returns NULL if the threads must end and no job is left. */
static struct offload_job *take_job(struct offload *offload)
{
	struct offload_job *job;

	pthread_mutex_lock(&offload->lock);
	while (offload->first == NULL && !offload->stopping)
		pthread_cond_wait(&offload->changed, &offload->lock);
	job = offload->first;
	if (job != NULL)
		offload->first = job->next;
	pthread_mutex_unlock(&offload->lock);
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
	pthread_mutex_lock(&offload->lock);
	offload->pending_count--;
	pthread_mutex_unlock(&offload->lock);
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
	pthread_cond_signal(&offload->changed);
}

void offload_start(struct offload *offload, struct offload_job *job)
{
	bool stopped;

	job->next = NULL;
	pthread_mutex_lock(&offload->lock);
	offload->pending_count++;
	stopped = offload->stopping;
	if (!stopped)
		enqueue(offload, job);
	pthread_mutex_unlock(&offload->lock);
	if (stopped)
		run_job(offload, job);
}

unsigned offload_pending(struct offload *offload)
{
	unsigned count;

	pthread_mutex_lock(&offload->lock);
	count = offload->pending_count;
	pthread_mutex_unlock(&offload->lock);
	return count;
}
