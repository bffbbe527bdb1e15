/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads for the calls that can wait for a disk: a reactor hands a job over, one of these threads runs work(), and
 * done() runs back on the reactor.
 *
 * The job is the caller's and carries its own links: nothing here allocates after the start, so handing over can't
 * fail. One mutex is over the queue and the count; work() and reactor_post() run outside of it. After the post the job
 * belongs to the reactor again and is not touched.
 *
 * All signals are blocked in these threads, so that they stay with the thread that reads the signalfd.
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
	pthread_mutex_t lock; /* over all but the threads */
	pthread_cond_t changed;
	struct offload_job *first, *last;
	unsigned pending_count; /* waiting or running */
	bool stopping;

	unsigned thread_count;
	pthread_t threads[THREADS_MAX];
};

/* The next job, waiting for one; NULL when there will be none. */
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
		return; /* it may be gone */
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

/* A thread is born with its maker's signal mask. */
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

/* The lock is held. */
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
