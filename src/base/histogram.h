/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long things took, in buckets of powers of two of a microsecond. Any thread may add and read; no lock, no order.
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/counter.h"

#define HISTOGRAM_BUCKETS 28 /* the last one holds whatever took more than a minute */

/* Bucket 0 counts what took less than 1 us, bucket i what took from 2^(i-1) to below 2^i us. */
struct histogram {
	_Atomic uint64_t counts[HISTOGRAM_BUCKETS];
	_Atomic uint64_t sum_ns;
};

static inline unsigned histogram_bucket(uint64_t ns)
{
	uint64_t us = ns / 1000;
	unsigned bucket = us == 0 ? 0 : 64 - (unsigned)__builtin_clzll(us);

	return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* What all in this bucket took less than, in microseconds; that of the last one is no bound. */
static inline uint64_t histogram_upper_us(unsigned bucket)
{
	return UINT64_C(1) << bucket;
}

static inline void histogram_add(struct histogram *histogram, uint64_t ns)
{
	atomic_fetch_add_explicit(&histogram->counts[histogram_bucket(ns)], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&histogram->sum_ns, ns, memory_order_relaxed);
}

/* The same where one thread alone adds: without locked instructions. Any thread may read all the same. */
static inline void histogram_add_alone(struct histogram *histogram, uint64_t ns)
{
	counter_add(&histogram->counts[histogram_bucket(ns)], 1);
	counter_add(&histogram->sum_ns, ns);
}

/* Adds what `from` holds; `to` is its caller's alone. */
static inline void histogram_merge(struct histogram *to, const struct histogram *from)
{
	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		counter_add(&to->counts[i], counter_read(&from->counts[i]));
	counter_add(&to->sum_ns, counter_read(&from->sum_ns));
}

static inline uint64_t histogram_count(const struct histogram *histogram)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		count += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
	return count;
}

/* An upper bound, in microseconds, of the given share (per mille) of what was added; 0 when nothing was. */
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
