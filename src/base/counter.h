/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A number that one thread counts in and any thread reads: a load and a store, without a locked instruction and without
 * order between numbers. It may also go down, for what comes and goes.
 */
#ifndef BASE_COUNTER_H
#define BASE_COUNTER_H

#include <stdatomic.h>
#include <stdint.h>

static inline uint64_t counter_read(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

static inline void counter_set(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, n, memory_order_relaxed);
}

static inline void counter_add(_Atomic uint64_t *counter, uint64_t n)
{
	counter_set(counter, counter_read(counter) + n);
}

static inline void counter_take(_Atomic uint64_t *counter, uint64_t n)
{
	counter_set(counter, counter_read(counter) - n);
}

static inline void counter_raise(_Atomic uint64_t *counter, uint64_t n)
{
	if (counter_read(counter) < n)
		counter_set(counter, n);
}

#endif
