/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A histogram of durations. The bounds of its buckets are powers of two, in microseconds. Any thread may add and read
 * durations without a lock. The memory order of all counts is relaxed, because a count publishes no other data. A
 * reader may see a duration in the count of its bucket before the sum includes that duration.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/counter.h"

#define HISTOGRAM_BUCKETS 28 /* the last bucket counts all durations of more than 67 s */

/* Bucket 0 counts durations below 1 us, and bucket i counts durations from 2^(i-1) us to below 2^i us. */
struct histogram {
	_Atomic uint64_t counts[HISTOGRAM_BUCKETS];
	_Atomic uint64_t sum_ns;
};

/* Returns the index of the bucket for a duration. */
static inline unsigned histogram_bucket(uint64_t ns)
{
	uint64_t us = ns / 1000;
	unsigned bucket = us == 0 ? 0 : 64 - (unsigned)__builtin_clzll(us);

	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/*
 * Returns the exclusive upper bound of a bucket, in microseconds. The last bucket has no upper bound, so its result has
 * no meaning.
 */
static inline uint64_t histogram_upper_us(unsigned bucket)
{
	return UINT64_C(1) << bucket;
}

/* Adds a duration. Thread-safe. */
static inline void histogram_add(struct histogram *histogram, uint64_t ns)
{
	atomic_fetch_add_explicit(&histogram->counts[histogram_bucket(ns)], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&histogram->sum_ns, ns, memory_order_relaxed);
}

/* Adds a duration without locked instructions. Only one thread may write to the histogram. Any thread may read it. */
static inline void histogram_add_single_writer(struct histogram *histogram, uint64_t ns)
{
	counter_add(&histogram->counts[histogram_bucket(ns)], 1);
	counter_add(&histogram->sum_ns, ns);
}

/* Adds the counts of `from` to `to`. No other thread may use `to` at the same time. */
static inline void histogram_merge(struct histogram *to, const struct histogram *from)
{
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		counter_add(&to->counts[i], counter_read(&from->counts[i]));
	counter_add(&to->sum_ns, counter_read(&from->sum_ns));
}

/* Returns the number of durations. Thread-safe. */
static inline uint64_t histogram_count(const struct histogram *histogram)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		count += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
	return count;
}

/*
 * Returns an upper bound, in microseconds, of a quantile of the durations (500 per mille is the median). Returns 0 for
 * an empty histogram. Thread-safe.
 */
static inline uint64_t histogram_quantile_us(const struct histogram *histogram, unsigned per_mille)
{
	uint64_t count = histogram_count(histogram), below = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS && count > 0; i++) {
		below += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
		if (below * 1000 >= count * per_mille)
			return histogram_upper_us(i);
	}
	return 0;
}

#endif
