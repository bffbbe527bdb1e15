/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The arena behind a lock, and the queue of those who wait for room in it.
 *
 * Owner: whoever made it; shared by all reactors. One mutex is over the arena's table and the queue. Wants that did not fit queue
 * in order, and each call that frees something grants from the head for as long as the head fits: so while anything waits, the head
 * does not fit, and nobody who comes later can take what the head is waiting for. Grants are collected under the lock and posted to
 * their reactors after it.
 */
#include "engine/pool.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "engine/arena.h"

struct pool {
	pthread_mutex_t lock; /* over all that follows */
	struct arena *arena;
	struct pool_want *first, *last; /* waiting */
	size_t waiting_count;
};

int pool_new(struct pool **pool, size_t arena_bytes)
{
	struct pool *made = calloc(1, sizeof *made);
	int error;

	if (made == NULL)
		return -ENOMEM;
	error = arena_new(&made->arena, arena_bytes);
	if (error < 0) {
		free(made);
		return error;
	}
	pthread_mutex_init(&made->lock, NULL);
	*pool = made;
	return 0;
}

void pool_free(struct pool *pool)
{
	if (pool == NULL)
		return;
	assert(pool->first == NULL);
	arena_free(pool->arena);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

size_t pool_block_bytes(size_t length)
{
	return arena_block_bytes(length);
}

/* The queue. The lock is held in the next three. */

static void enqueue(struct pool *pool, struct pool_want *want)
{
	want->next = NULL;
	if (pool->first == NULL)
		pool->first = want;
	else
		pool->last->next = want;
	pool->last = want;
	pool->waiting_count++;
}

static void dequeue(struct pool *pool, struct pool_want *want, struct pool_want *before)
{
	if (before == NULL)
		pool->first = want->next;
	else
		before->next = want->next;
	if (pool->last == want)
		pool->last = before;
	want->next = NULL;
	pool->waiting_count--;
}

/* Takes the wants that fit now off the head of the queue, each with its block, and returns them as a list. */
static struct pool_want *grant_waiting(struct pool *pool)
{
	struct pool_want *granted = NULL, **end = &granted;

	while (pool->first != NULL) {
		struct pool_want *want = pool->first;

		want->block = arena_take(pool->arena, want->length);
		if (want->block == NULL)
			break;
		dequeue(pool, want, NULL);
		*end = want;
		end = &want->next;
	}
	return granted;
}

static void deliver(struct reactor_message *message)
{
	struct pool_want *want = (struct pool_want *)(void *)((char *)message - offsetof(struct pool_want, message));

	want->granted(want, want->block);
}

/* Without the lock. A want is its owner's again as soon as it is posted. */
static void post_grants(struct pool_want *want)
{
	struct pool_want *next;

	for (; want != NULL; want = next) {
		next = want->next;
		want->message.fn = deliver;
		reactor_post(want->reactor, &want->message);
	}
}

void *pool_get(struct pool *pool, size_t length)
{
	void *block;

	pthread_mutex_lock(&pool->lock);
	block = pool->first == NULL ? arena_take(pool->arena, length) : NULL;
	pthread_mutex_unlock(&pool->lock);
	return block;
}

void pool_put(struct pool *pool, void *block)
{
	struct pool_want *granted;

	pthread_mutex_lock(&pool->lock);
	arena_put(pool->arena, block);
	granted = grant_waiting(pool);
	pthread_mutex_unlock(&pool->lock);
	post_grants(granted);
}

void *pool_wait(struct pool *pool, struct pool_want *want)
{
	void *block;

	want->pool = pool;
	pthread_mutex_lock(&pool->lock);
	block = pool->first == NULL ? arena_take(pool->arena, want->length) : NULL;
	want->block = block;
	if (block == NULL)
		enqueue(pool, want);
	pthread_mutex_unlock(&pool->lock);
	return block; /* not want->block: another thread may grant it by now, and granted() will say so */
}

bool pool_cancel(struct pool *pool, struct pool_want *want)
{
	struct pool_want *at, *before = NULL, *granted = NULL;

	pthread_mutex_lock(&pool->lock);
	for (at = pool->first; at != NULL && at != want; at = at->next)
		before = at;
	if (at != NULL) {
		dequeue(pool, want, before);
		granted = grant_waiting(pool); /* it may have been the large one in front of small ones */
	}
	pthread_mutex_unlock(&pool->lock);
	post_grants(granted);
	return at != NULL;
}

void pool_stats(struct pool *pool, struct pool_stats *stats)
{
	pthread_mutex_lock(&pool->lock);
	stats->arena_bytes = arena_bytes(pool->arena);
	stats->free_bytes = arena_free_bytes(pool->arena);
	stats->waiting = pool->waiting_count;
	pthread_mutex_unlock(&pool->lock);
}

static void check_queue(struct pool *pool)
{
	const struct pool_want *last = NULL;
	size_t count = 0;

	for (const struct pool_want *want = pool->first; want != NULL; want = want->next) {
		last = want;
		count++;
	}
	assert(count == pool->waiting_count && last == pool->last);
	assert(pool->first == NULL || !arena_has_room(pool->arena, pool->first->length));
}

void pool_check(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	arena_check(pool->arena);
	check_queue(pool);
	pthread_mutex_unlock(&pool->lock);
}
