/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A counter that one thread writes and any thread reads. A write is a load and a store, without a locked instruction.
 * The memory order is relaxed, because a counter publishes no other data. Updates of different counters may become
 * visible in any order. A counter may also decrease, as the number of open connections does.
 */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

/* Returns the value. Thread-safe. */
static inline uint64_t counter_read(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* Stores a value. Only the writing thread may call this function and the functions below. */
static inline void counter_set(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, n, memory_order_relaxed);
}

/* Adds n. */
static inline void counter_add(_Atomic uint64_t *counter, uint64_t n)
{
	counter_set(counter, counter_read(counter) + n);
}

/* Subtracts n. */
static inline void counter_subtract(_Atomic uint64_t *counter, uint64_t n)
{
	counter_set(counter, counter_read(counter) - n);
}

/* Raises the value to n if the value is lower than n, to record a maximum. */
static inline void counter_raise(_Atomic uint64_t *counter, uint64_t n)
{
	if (counter_read(counter) < n)
		counter_set(counter, n);
}

#endif
