/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Threads for calls that may wait for a disk. A reactor queues a job, an offload thread runs work(), and done() runs
 * on the reactor.
 *
 * Each device has two lanes, one for reads and one for all other jobs: a queue of jobs and threads of its own. A
 * device that hangs therefore occupies only the threads of its own lane. The threads of a lane are started one after
 * another when jobs wait, and end after IDLE_S seconds without a job. Jobs without a device have the general lane,
 * whose first thread never ends.
 *
 * A job belongs to its caller and contains its links, so queueing cannot fail. If a lane cannot be created, or if no
 * thread of a lane can be started, the general lane runs its jobs. One mutex protects all queues. work(),
 * reactor_post() and pthread_create() run without it. After the post, the offload thread no longer accesses the job.
 *
 * All signals are blocked in the offload threads, so that the thread with the signalfd receives the signals.
 */
#include "engine/offload.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include <utlist.h>

#include "base/clock.h"
#include "base/container_of.h"
#include "base/thread.h"
#include "engine/devices.h"

#define IDLE_S 10

/* Created when the first job of the device is queued, and freed with struct offload. Protected by the lock. */
struct offload_lane {
	struct offload *offload;
	struct device *device; /* NULL: the general lane. */
	bool reads;	       /* The lane of jobs that read. */
	unsigned limit;	       /* Maximum number of threads, without extra_threads. Immutable. */
	struct offload_job *first, *last;
	pthread_cond_t changed;
	unsigned threads, idle; /* Number of threads, and of those that wait for a job. */
	unsigned extra_threads; /* Number of threads above the limit, see offload_add_thread(). */
	bool waking;		/* A thread was woken or started, and does not run yet. */
	struct offload_lane *next;
};

struct offload {
	pthread_mutex_t lock; /* Protects all members except the atomic ones, and all lanes. */
	pthread_cond_t ended; /* A thread has ended. */
	struct offload_lane *lanes;
	struct offload_lane general;
	unsigned limit;	  /* Maximum number of threads of a lane. Immutable. */
	unsigned threads; /* Number of threads of all lanes. */
	bool stopping;
	/*
	 * Number of queued and running jobs. Release and acquire: a thread that reads 0 sees the results of all jobs.
	 */
	atomic_uint pending_count;
};

/* What the caller must do after it has released the lock. */
enum wake { WAKE_NONE, WAKE_SIGNAL, WAKE_CREATE };

static void *run_thread(void *context);

/* --- the queue of a lane; the caller holds the lock --- */

/* The time is 0 if no job is queued. Relaxed: it publishes no other data. */
static void note_oldest(struct offload_lane *lane)
{
	if (lane->device != NULL && !lane->reads)
		atomic_store_explicit(&lane->device->job_oldest_ns, lane->first != NULL ? lane->first->queued_ns : 0,
				      memory_order_relaxed);
}

static void enqueue(struct offload_lane *lane, struct offload_job *job)
{
	job->next = NULL;
	if (lane->first == NULL)
		lane->first = job;
	else
		lane->last->next = job;
	lane->last = job;
	note_oldest(lane);
}

static struct offload_job *dequeue(struct offload_lane *lane)
{
	struct offload_job *job = lane->first;

	lane->first = job->next;
	note_oldest(lane);
	return job;
}

/*
 * At most one thread is being woken or started at a time. That thread wakes the next one if it leaves jobs in the
 * queue. Short jobs that arrive together are therefore run by few threads with few context switches, and jobs that wait
 * for a disk still get all threads.
 */
static enum wake wake_next(struct offload_lane *lane)
{
	struct offload *offload = lane->offload;

	if (lane->first == NULL || lane->waking)
		return WAKE_NONE;
	if (lane->idle == 0 && lane->threads >= lane->limit + lane->extra_threads)
		return WAKE_NONE;
	lane->waking = true;
	if (lane->idle > 0)
		return WAKE_SIGNAL;
	lane->threads++;
	offload->threads++;
	return WAKE_CREATE;
}

static void init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

/* Returns the lane of lookups or of reads of a device, which is created if necessary. */
static struct offload_lane *lane_of(struct offload *offload, struct device *device, bool reads)
{
	struct offload_lane *lane;

	if (device == NULL)
		return &offload->general;
	LL_FOREACH(offload->lanes, lane)
		if (lane->device == device && lane->reads == reads)
			return lane;
	lane = calloc(1, sizeof(*lane));
	if (lane == NULL)
		return &offload->general;
	lane->offload = offload;
	lane->device = device;
	lane->reads = reads;
	lane->limit = offload->limit * (reads ? OFFLOAD_READ_THREADS : 1);
	init_condition(&lane->changed);
	LL_PREPEND(offload->lanes, lane);
	return lane;
}

/* --- threads --- */

/* Removes a thread that has ended or was not started from the counts. The caller holds the lock. */
static void remove_thread(struct offload_lane *lane)
{
	lane->threads--;
	lane->offload->threads--;
	pthread_cond_broadcast(&lane->offload->ended);
}

/* Does what wake_next() has decided. If a lane without a thread cannot start one, the general lane takes its jobs. */
static void wake(struct offload_lane *lane, enum wake wake_how)
{
	struct offload *offload = lane->offload;

	while (wake_how != WAKE_NONE) {
		if (wake_how == WAKE_SIGNAL) {
			pthread_cond_signal(&lane->changed);
			return;
		}
		if (thread_start_detached(run_thread, lane) == 0)
			return;
		pthread_mutex_lock(&offload->lock);
		lane->waking = false;
		remove_thread(lane);
		wake_how = WAKE_NONE;
		if (lane->threads == 0 && lane != &offload->general) {
			while (lane->first != NULL)
				enqueue(&offload->general, dequeue(lane));
			lane = &offload->general;
			wake_how = wake_next(lane);
		}
		pthread_mutex_unlock(&offload->lock);
	}
}

/* Waits for a change of the lane. Returns 0, or ETIMEDOUT at the time `until`. The caller holds the lock. */
static int wait_for_change(struct offload_lane *lane, const struct timespec *until)
{
	struct offload *offload = lane->offload;

	/* The last thread of the general lane never ends. */
	if (lane == &offload->general && lane->threads == 1)
		return pthread_cond_wait(&lane->changed, &offload->lock);
	return pthread_cond_timedwait(&lane->changed, &offload->lock, until);
}

/* Waits for a job. Returns false if the thread must end. The caller holds the lock. */
static bool wait_for_job(struct offload_lane *lane)
{
	const uint64_t until_ns = clock_now_ns() + IDLE_S * CLOCK_NS_PER_S;
	const struct timespec until = { .tv_sec = (time_t)(until_ns / CLOCK_NS_PER_S),
					.tv_nsec = (long)(until_ns % CLOCK_NS_PER_S) };
	struct offload *offload = lane->offload;
	int error = 0;

	while (lane->first == NULL && !offload->stopping && error == 0) {
		lane->idle++;
		error = wait_for_change(lane, &until);
		lane->idle--;
		lane->waking = false;
		if (lane == &offload->general && lane->threads == 1)
			error = 0;
	}
	return lane->first != NULL;
}

static void deliver(struct reactor_message *message)
{
	struct offload_job *job = container_of(message, struct offload_job, message);

	job->done(job);
}

/* Relaxed: the numbers of the device publish no other data. */
static void note_end(struct device *device)
{
	if (device == NULL)
		return;
	atomic_store_explicit(&device->job_progress_ns, clock_now_ns(), memory_order_relaxed);
	atomic_fetch_sub_explicit(&device->jobs, 1, memory_order_relaxed);
}

static void run_job(struct offload *offload, struct offload_job *job)
{
	bool comes_back = job->done != NULL;
	struct device *device = job->device;

	job->work(job);
	note_end(device);
	atomic_fetch_sub_explicit(&offload->pending_count, 1, memory_order_release);
	if (!comes_back)
		return; /* work() may have freed the job. */
	job->message.fn = deliver;
	reactor_post(job->reactor, &job->message);
}

static void *run_thread(void *context)
{
	struct offload_lane *lane = context;
	struct offload *offload = lane->offload;

	pthread_setname_np(pthread_self(), "ranged-offload");
	pthread_mutex_lock(&offload->lock);
	lane->waking = false;
	while (wait_for_job(lane)) {
		struct offload_job *job = dequeue(lane);
		enum wake next = wake_next(lane);

		pthread_mutex_unlock(&offload->lock);
		wake(lane, next);
		run_job(offload, job);
		pthread_mutex_lock(&offload->lock);
	}
	remove_thread(lane);
	pthread_mutex_unlock(&offload->lock);
	return NULL;
}

/* --- the interface --- */

int offload_new(struct offload **offload, unsigned threads)
{
	struct offload *made;
	int error;

	if (threads == 0 || threads > OFFLOAD_THREADS_MAX)
		return -EINVAL;
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return -ENOMEM;
	pthread_mutex_init(&made->lock, NULL);
	pthread_cond_init(&made->ended, NULL);
	made->limit = threads;
	made->general.offload = made;
	made->general.limit = threads;
	init_condition(&made->general.changed);
	made->general.threads = made->threads = 1;
	error = thread_start_detached(run_thread, &made->general);
	if (error != 0) {
		made->threads = 0;
		offload_free(made);
		return error;
	}
	*offload = made;
	return 0;
}

void offload_stop(struct offload *offload)
{
	struct offload_lane *lane;

	pthread_mutex_lock(&offload->lock);
	offload->stopping = true;
	pthread_cond_broadcast(&offload->general.changed);
	LL_FOREACH(offload->lanes, lane)
		pthread_cond_broadcast(&lane->changed);
	while (offload->threads > 0)
		pthread_cond_wait(&offload->ended, &offload->lock);
	pthread_mutex_unlock(&offload->lock);
}

void offload_free(struct offload *offload)
{
	struct offload_lane *lane, *next;

	if (offload == NULL)
		return;
	offload_stop(offload);
	assert(offload->pending_count == 0);
	LL_FOREACH_SAFE(offload->lanes, lane, next)
	{
		pthread_cond_destroy(&lane->changed);
		free(lane);
	}
	pthread_cond_destroy(&offload->general.changed);
	pthread_cond_destroy(&offload->ended);
	pthread_mutex_destroy(&offload->lock);
	free(offload);
}

/* Counts a job for its device. Relaxed, as in note_end(). */
static void note_start(struct offload_job *job)
{
	struct device *device = job->device;

	job->queued_ns = clock_now_ns();
	if (device != NULL && atomic_fetch_add_explicit(&device->jobs, 1, memory_order_relaxed) == 0)
		atomic_store_explicit(&device->job_progress_ns, job->queued_ns, memory_order_relaxed);
}

void offload_start(struct offload *offload, struct offload_job *job)
{
	struct offload_lane *lane = NULL;
	enum wake how = WAKE_NONE;

	note_start(job);
	atomic_fetch_add_explicit(&offload->pending_count, 1, memory_order_relaxed);
	pthread_mutex_lock(&offload->lock);
	if (!offload->stopping) {
		lane = lane_of(offload, job->device, job->reads);
		enqueue(lane, job);
		how = wake_next(lane);
	}
	pthread_mutex_unlock(&offload->lock);
	if (lane != NULL)
		wake(lane, how);
	else
		run_job(offload, job);
}

void offload_add_thread(struct offload *offload, struct device *device)
{
	struct offload_lane *lane;
	enum wake how;

	pthread_mutex_lock(&offload->lock);
	lane = lane_of(offload, device, false);
	if (lane->threads < OFFLOAD_THREADS_MAX && lane->idle == 0 &&
	    lane->threads == lane->limit + lane->extra_threads)
		lane->extra_threads++;
	how = wake_next(lane);
	pthread_mutex_unlock(&offload->lock);
	wake(lane, how);
}

unsigned offload_pending(struct offload *offload)
{
	return atomic_load_explicit(&offload->pending_count, memory_order_acquire);
}
