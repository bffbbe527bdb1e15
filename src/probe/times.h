/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A histogram of durations. Its buckets are so narrow that a quantile is accurate to 3 %. A histogram must be used by
 * one thread at a time.
 */
#ifndef PROBE_TIMES_H
#define PROBE_TIMES_H

#include <stdint.h>

#define PROBE_TIMES_BITS 5 /* each power of two has 32 buckets */
#define PROBE_TIMES_POWERS 38
#define PROBE_TIMES_BUCKETS (PROBE_TIMES_POWERS << PROBE_TIMES_BITS)

/* The owner initialises the struct with zeros. */
struct probe_times {
	uint64_t counts[PROBE_TIMES_BUCKETS];
	uint64_t count, longest_ns;
};

/*
 * Returns the bucket of a duration. Each duration below 64 ns has its own bucket. The last bucket counts all durations
 * above an hour.
 */
static inline unsigned probe_times_bucket(uint64_t ns)
{
	unsigned shift = ns >> PROBE_TIMES_BITS == 0 ? 0 : 63 - PROBE_TIMES_BITS - (unsigned)__builtin_clzll(ns);
	uint64_t bucket = ((uint64_t)shift << PROBE_TIMES_BITS) + (ns >> shift);

	return bucket < PROBE_TIMES_BUCKETS ? (unsigned)bucket : PROBE_TIMES_BUCKETS - 1;
}

/* Returns the longest duration that belongs to the bucket. */
static inline uint64_t probe_times_upper_ns(unsigned bucket)
{
	unsigned shift = bucket >> PROBE_TIMES_BITS;
	uint64_t low = bucket & ((1u << PROBE_TIMES_BITS) - 1);

	if (shift <= 1)
		return bucket;
	return ((low + (1u << PROBE_TIMES_BITS) + 1) << (shift - 1)) - 1;
}

/* Adds a duration. */
static inline void probe_times_add(struct probe_times *times, uint64_t ns)
{
	times->counts[probe_times_bucket(ns)]++;
	times->count++;
	if (ns > times->longest_ns)
		times->longest_ns = ns;
}

/*
 * Returns a percentile: the duration that this percentage of the durations does not exceed. Returns 0 if the histogram
 * is empty.
 */
static inline uint64_t probe_times_quantile_ns(const struct probe_times *times, unsigned per_cent)
{
	uint64_t below = 0;

	for (unsigned i = 0; i < PROBE_TIMES_BUCKETS && times->count > 0; i++) {
		below += times->counts[i];
		if (below * 100 >= times->count * per_cent)
			return probe_times_upper_ns(i) < times->longest_ns ? probe_times_upper_ns(i)
									   : times->longest_ns;
	}
	return 0;
}

#endif
