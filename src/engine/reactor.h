/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One thread's event loop: an epoll set, timers, and a mailbox that other threads post to. It knows no disk and no
 * HTTP. All functions but reactor_post() belong to the thread that turns the loop.
 */
#ifndef ENGINE_REACTOR_H
#define ENGINE_REACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reactor;

typedef void (*reactor_event_fn)(void *context, uint32_t events);
typedef void (*reactor_timer_fn)(void *context);

/* One watched fd; the caller's storage, which must not move while it is added. The fd stays the caller's. */
struct reactor_watch {
	int fd;
	reactor_event_fn fn;
	void *context;
};

/* One timer; the caller's storage, zero-initialised before first use, which must not move while it runs. */
struct reactor_timer {
	reactor_timer_fn fn;
	void *context;
	uint64_t due_ns; /* of clock_now_ns() */
	size_t slot;	 /* 1 + its place in the heap; 0: not running */
};

/* One message between threads: embedded in the sender's object, so that posting can't fail for want of memory. */
struct reactor_message {
	struct reactor_message *next;
	void (*fn)(struct reactor_message *message); /* runs on the reactor's thread */
};

/* 0 with *reactor owned by the caller, or -errno. */
int reactor_new(struct reactor **reactor);
/* Messages not delivered yet are delivered first. No other thread may post any more: join them before. NULL is fine. */
void reactor_free(struct reactor *reactor);

/* events: EPOLLIN, EPOLLOUT, EPOLLET, EPOLLEXCLUSIVE … 0 or -errno. */
int reactor_add(struct reactor *reactor, struct reactor_watch *watch, uint32_t events);
int reactor_modify(struct reactor *reactor, struct reactor_watch *watch, uint32_t events);
/* Safe from inside any callback: an event of this watch that is still to come in the current batch is blanked. */
void reactor_remove(struct reactor *reactor, struct reactor_watch *watch);

/*
 * Runs fn once, delay_ms from now or a little later. fn may start it again. Starting a running timer moves it. 0 or
 * -ENOMEM (only if it did not run).
 */
int reactor_timer_start(struct reactor *reactor, struct reactor_timer *timer, uint64_t delay_ms);
/* Fine on a timer that does not run. */
void reactor_timer_stop(struct reactor *reactor, struct reactor_timer *timer);

/* Any thread. Messages of one thread arrive in order. Wakes the loop: one eventfd write for a mailbox that was empty.
 */
void reactor_post(struct reactor *reactor, struct reactor_message *message);

/*
 * One turn: waits at most max_wait_ms (-1: until something happens, 0: only looks) or until the next timer, then
 * dispatches fd events, the mailbox, and due timers, in that order. Returns the number of callbacks run, or -errno. A
 * signal (EINTR) only ends the wait. What a message posts, or a timer posts or starts, is for the next turn. Not from
 * inside a callback.
 */
int reactor_iterate(struct reactor *reactor, int max_wait_ms);
/* When the last turn's wait was over, of clock_now_ns(): what has passed since then is work. */
uint64_t reactor_woken_ns(const struct reactor *reactor);

#endif
