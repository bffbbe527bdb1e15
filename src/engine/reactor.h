/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The event loop of one thread: an epoll set, timers, and a mailbox that other threads post messages to. The reactor
 * does not depend on disks or HTTP. All functions except reactor_post() run on the thread of the loop.
 */
#ifndef ENGINE_REACTOR_H
#define ENGINE_REACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reactor;

typedef void (*reactor_event_fn)(void *context, uint32_t events);
typedef void (*reactor_timer_fn)(void *context);

/*
 * A watched descriptor. The caller allocates the struct and must not move it while it is in the set. The caller also
 * owns the descriptor.
 */
struct reactor_watch {
	int fd;
	reactor_event_fn fn;
	void *context;
};

/* A timer. The caller allocates the struct, zero-initialises it, and must not move it while the timer runs. */
struct reactor_timer {
	reactor_timer_fn fn;
	void *context;
	uint64_t due_ns; /* Expiry, as a time of clock_now_ns(). */
	size_t slot;	 /* 1 + the index of the timer in the heap; 0: the timer does not run. */
};

/*
 * A message between threads. The message is a member of the sender's object, so posting cannot fail for lack of memory.
 */
struct reactor_message {
	struct reactor_message *next;
	void (*fn)(struct reactor_message *message); /* Runs on the reactor's thread. */
};

/* Creates a reactor, which the caller owns. Returns 0 or -errno. */
int reactor_new(struct reactor **reactor);
/*
 * Delivers all pending messages and frees the reactor. The threads that post messages must have ended. NULL is allowed.
 */
void reactor_free(struct reactor *reactor);

/* Adds or modifies a watch. events: EPOLLIN, EPOLLOUT, EPOLLET, EPOLLEXCLUSIVE and so on. Returns 0 or -errno. */
int reactor_add(struct reactor *reactor, struct reactor_watch *watch, uint32_t events);
int reactor_modify(struct reactor *reactor, struct reactor_watch *watch, uint32_t events);
/* Removes a watch. May be called in any callback, because the events of the watch in the current batch are cleared. */
void reactor_remove(struct reactor *reactor, struct reactor_watch *watch);

/*
 * Runs fn once, after delay_ms or a little later. fn may start the timer again. Starting a running timer changes its
 * expiry. Returns 0, or -ENOMEM if the timer was not running.
 */
int reactor_timer_start(struct reactor *reactor, struct reactor_timer *timer, uint64_t delay_ms);
/* Stops the timer. Has no effect if the timer does not run. */
void reactor_timer_stop(struct reactor *reactor, struct reactor_timer *timer);

/*
 * Posts a message. Thread-safe. The messages of one thread arrive in order. Wakes the loop with one eventfd write if
 * the mailbox was empty.
 */
void reactor_post(struct reactor *reactor, struct reactor_message *message);

/*
 * Runs one iteration. Waits until an event occurs, the next timer expires, or max_wait_ms has passed (-1: no limit, 0:
 * no wait). Then runs the callbacks of events, messages and expired timers, in that order. A message that the callback
 * of an event posts runs in the same iteration. Messages that other callbacks post, and timers that a callback starts,
 * run in the next iteration. A signal (EINTR) ends the wait and is not an error. Returns the number of callbacks, or
 * -errno. Must not be called in a callback.
 */
int reactor_iterate(struct reactor *reactor, int max_wait_ms);
/*
 * Returns the time of clock_now_ns() when the wait of the last iteration ended. The time since then was spent in
 * callbacks.
 */
uint64_t reactor_woken_ns(const struct reactor *reactor);

#endif
