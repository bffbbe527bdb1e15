/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The event loop of one thread. The epoll set points directly to the watches of the callers (epoll_event.data.ptr). An
 * event with a NULL pointer is skipped. It is either the event of the mailbox, which only ends the wait, or an event
 * whose watch was removed by an earlier callback of the same batch.
 *
 * The thread of the loop owns the reactor. Only the mailbox is shared with other threads. It consists of a list, which
 * a mutex protects, and an eventfd. The thread that adds a message to an empty list writes to the eventfd after it has
 * released the lock. The eventfd is watched edge-triggered and never read, because each write is an edge. An iteration
 * removes the whole list at once. A message that is posted afterwards is added to an empty list, so its write to the
 * eventfd ends the next epoll_wait at once. Therefore no message is lost or delayed.
 *
 * The timers are in a binary heap of pointers to the structs of the callers. Each timer contains its index in the heap,
 * so restarting and stopping a timer need no search. There is no timerfd. The timeout of epoll_wait is used instead,
 * rounded up to milliseconds, so that an iteration never wakes before the timer is due.
 */
#include "engine/reactor.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"

#define BATCH_EVENTS 256
#define TIMERS_AT_FIRST 64

struct reactor {
	int epoll_fd;

	int mailbox_fd;
	pthread_mutex_t mailbox_lock; /* Protects the next two members. */
	struct reactor_message *mailbox_first;
	struct reactor_message *mailbox_last;

	struct reactor_timer **timers; /* A heap; timers[0] is the earliest. */
	size_t timer_count, timer_capacity;

	struct epoll_event batch[BATCH_EVENTS];
	int batch_count; /* 0 outside of run_batch(). */
	uint64_t woken_ns;
};

static int watch_mailbox(struct reactor *reactor)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.ptr = NULL };

	return epoll_ctl(reactor->epoll_fd, EPOLL_CTL_ADD, reactor->mailbox_fd, &event) == 0 ? 0 : -errno;
}

static int open_fds(struct reactor *reactor)
{
	int error;

	reactor->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (reactor->epoll_fd < 0)
		return -errno;
	reactor->mailbox_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (reactor->mailbox_fd < 0) {
		error = -errno;
		goto close_epoll;
	}
	error = watch_mailbox(reactor);
	if (error < 0)
		goto close_mailbox;
	return 0;

close_mailbox:
	close(reactor->mailbox_fd);
close_epoll:
	close(reactor->epoll_fd);
	return error;
}

int reactor_new(struct reactor **reactor)
{
	struct reactor *made = calloc(1, sizeof(*made));
	int error;

	if (made == NULL)
		return -ENOMEM;
	error = open_fds(made);
	if (error < 0) {
		free(made);
		return error;
	}
	pthread_mutex_init(&made->mailbox_lock, NULL);
	*reactor = made;
	return 0;
}

static struct reactor_message *take_mailbox(struct reactor *reactor)
{
	struct reactor_message *first;

	pthread_mutex_lock(&reactor->mailbox_lock);
	first = reactor->mailbox_first;
	reactor->mailbox_first = reactor->mailbox_last = NULL;
	pthread_mutex_unlock(&reactor->mailbox_lock);
	return first;
}

static int run_mailbox(struct reactor *reactor)
{
	struct reactor_message *message = take_mailbox(reactor), *next;
	int run_count = 0;

	for (; message != NULL; message = next) {
		next = message->next; /* fn may free the message or post it again. */
		message->fn(message);
		run_count++;
	}
	return run_count;
}

void reactor_free(struct reactor *reactor)
{
	if (reactor == NULL)
		return;
	assert(reactor->batch_count == 0);
	while (run_mailbox(reactor) > 0)
		;
	pthread_mutex_destroy(&reactor->mailbox_lock);
	close(reactor->mailbox_fd);
	close(reactor->epoll_fd);
	free(reactor->timers);
	free(reactor);
}

void reactor_post(struct reactor *reactor, struct reactor_message *message)
{
	const uint64_t one = 1;
	bool was_empty;

	message->next = NULL;
	pthread_mutex_lock(&reactor->mailbox_lock);
	was_empty = reactor->mailbox_first == NULL;
	if (was_empty)
		reactor->mailbox_first = message;
	else
		reactor->mailbox_last->next = message;
	reactor->mailbox_last = message;
	pthread_mutex_unlock(&reactor->mailbox_lock);
	/* The counter of the eventfd cannot be full, because that would need 2^64 - 1 writes. */
	while (was_empty && write(reactor->mailbox_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static int control(struct reactor *reactor, int operation, struct reactor_watch *watch, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = watch };

	return epoll_ctl(reactor->epoll_fd, operation, watch->fd, &event) == 0 ? 0 : -errno;
}

int reactor_add(struct reactor *reactor, struct reactor_watch *watch, uint32_t events)
{
	return control(reactor, EPOLL_CTL_ADD, watch, events);
}

int reactor_modify(struct reactor *reactor, struct reactor_watch *watch, uint32_t events)
{
	return control(reactor, EPOLL_CTL_MOD, watch, events);
}

void reactor_remove(struct reactor *reactor, struct reactor_watch *watch)
{
	control(reactor, EPOLL_CTL_DEL, watch, 0);
	for (int i = 0; i < reactor->batch_count; i++)
		if (reactor->batch[i].data.ptr == watch)
			reactor->batch[i].data.ptr = NULL;
}

static void place(struct reactor *reactor, size_t index, struct reactor_timer *timer)
{
	reactor->timers[index] = timer;
	timer->slot = index + 1;
}

static void sift_up(struct reactor *reactor, size_t index)
{
	struct reactor_timer *timer = reactor->timers[index];

	while (index > 0) {
		size_t parent = (index - 1) / 2;

		if (reactor->timers[parent]->due_ns <= timer->due_ns)
			break;
		place(reactor, index, reactor->timers[parent]);
		index = parent;
	}
	place(reactor, index, timer);
}

static void sift_down(struct reactor *reactor, size_t index)
{
	struct reactor_timer *timer = reactor->timers[index];

	for (size_t child; (child = 2 * index + 1) < reactor->timer_count; index = child) {
		if (child + 1 < reactor->timer_count &&
		    reactor->timers[child + 1]->due_ns < reactor->timers[child]->due_ns)
			child++;
		if (timer->due_ns <= reactor->timers[child]->due_ns)
			break;
		place(reactor, index, reactor->timers[child]);
	}
	place(reactor, index, timer);
}

static int reserve_timer(struct reactor *reactor)
{
	size_t capacity = reactor->timer_capacity > 0 ? 2 * reactor->timer_capacity : TIMERS_AT_FIRST;
	struct reactor_timer **timers;

	if (reactor->timer_count < reactor->timer_capacity)
		return 0;
	timers = reallocarray(reactor->timers, capacity, sizeof(struct reactor_timer *));
	if (timers == NULL)
		return -ENOMEM;
	reactor->timers = timers;
	reactor->timer_capacity = capacity;
	return 0;
}

static uint64_t due_after(uint64_t delay_ms)
{
	uint64_t now_ns = clock_now_ns();

	return delay_ms < (UINT64_MAX - now_ns) / CLOCK_NS_PER_MS ? now_ns + delay_ms * CLOCK_NS_PER_MS : UINT64_MAX;
}

int reactor_timer_start(struct reactor *reactor, struct reactor_timer *timer, uint64_t delay_ms)
{
	int error;

	if (timer->slot == 0) {
		error = reserve_timer(reactor);
		if (error < 0)
			return error;
		place(reactor, reactor->timer_count++, timer);
	}
	timer->due_ns = due_after(delay_ms);
	sift_up(reactor, timer->slot - 1);
	sift_down(reactor, timer->slot - 1);
	return 0;
}

void reactor_timer_stop(struct reactor *reactor, struct reactor_timer *timer)
{
	size_t index = timer->slot - 1;
	struct reactor_timer *last;

	if (timer->slot == 0)
		return;
	assert(index < reactor->timer_count && reactor->timers[index] == timer);
	timer->slot = 0;
	last = reactor->timers[--reactor->timer_count];
	if (last == timer)
		return;
	place(reactor, index, last);
	sift_up(reactor, index);
	sift_down(reactor, last->slot - 1);
}

static int wait_ms(const struct reactor *reactor, int max_wait_ms)
{
	uint64_t now_ns, due_ns, ms;

	if (reactor->timer_count == 0 || max_wait_ms == 0)
		return max_wait_ms;
	now_ns = clock_now_ns();
	due_ns = reactor->timers[0]->due_ns;
	if (due_ns <= now_ns)
		return 0;
	ms = (due_ns - now_ns - 1) / CLOCK_NS_PER_MS + 1;
	if (max_wait_ms < 0)
		max_wait_ms = INT_MAX;
	return ms < (uint64_t)max_wait_ms ? (int)ms : max_wait_ms;
}

static int run_batch(struct reactor *reactor, int count)
{
	int run_count = 0;

	reactor->batch_count = count;
	for (int i = 0; i < count; i++) {
		struct reactor_watch *watch = reactor->batch[i].data.ptr;

		if (watch == NULL)
			continue;
		watch->fn(watch->context, reactor->batch[i].events);
		run_count++;
	}
	reactor->batch_count = 0;
	return run_count;
}

/*
 * The clock is read only once, so a timer that restarts itself without a delay runs again in the next iteration, not in
 * the current one.
 */
static int run_timers(struct reactor *reactor)
{
	uint64_t now_ns = reactor->woken_ns;
	int run_count = 0;

	while (reactor->timer_count > 0 && reactor->timers[0]->due_ns <= now_ns) {
		struct reactor_timer *timer = reactor->timers[0];

		reactor_timer_stop(reactor, timer);
		timer->fn(timer->context);
		run_count++;
	}
	return run_count;
}

int reactor_iterate(struct reactor *reactor, int max_wait_ms)
{
	int count, run_count;

	assert(reactor->batch_count == 0); /* Must not be called in a callback. */
	count = epoll_wait(reactor->epoll_fd, reactor->batch, BATCH_EVENTS, wait_ms(reactor, max_wait_ms));
	if (count < 0 && errno != EINTR)
		return -errno;
	reactor->woken_ns = clock_now_ns();
	run_count = count > 0 ? run_batch(reactor, count) : 0;
	run_count += run_mailbox(reactor);
	run_count += run_timers(reactor);
	return run_count;
}

uint64_t reactor_woken_ns(const struct reactor *reactor)
{
	return reactor->woken_ns;
}
