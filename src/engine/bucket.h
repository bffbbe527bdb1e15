/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A token bucket that threads share. Its state is one number: the theoretical arrival time of the generic cell rate
 * algorithm (ITU-T I.371 annex A). All granted units are paid for up to that time. All zero is a full bucket. Any
 * thread.
 */
#ifndef ENGINE_BUCKET_H
#define ENGINE_BUCKET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct bucket {
	/* Time of the clock that the callers use. Relaxed: the number publishes nothing else. */
	_Atomic uint64_t paid_until_ns;
};

/* The rate of a bucket: `units` per second. Unused units are saved up for at most burst_ns. */
struct bucket_rate {
	uint64_t units; /* 1 to 2^40. */
	uint64_t burst_ns;
};

/* A bucket together with a rate. Buckets may be used with several rates. */
struct bucket_link {
	struct bucket *bucket;
	struct bucket_rate rate;
};

/*
 * Reserves `units` unconditionally. Returns the time from which they may be used, which is now_ns or earlier if at
 * once. Users that reserve alternately get equal shares.
 */
uint64_t bucket_reserve(struct bucket *bucket, const struct bucket_rate *rate, uint64_t units, uint64_t now_ns);

/* Returns units that were reserved and are not needed. */
void bucket_return(struct bucket *bucket, const struct bucket_rate *rate, uint64_t units);

/*
 * Returns the time from which the `units` that were reserved last could be used if they were reserved now, after all
 * reservations that others have made since.
 */
uint64_t bucket_ready_ns(const struct bucket *bucket, const struct bucket_rate *rate, uint64_t units);

/*
 * Takes `units` and returns 0 if they are available now. Otherwise takes nothing and returns the time until they are
 * available, in ns.
 */
uint64_t bucket_try(struct bucket *bucket, const struct bucket_rate *rate, uint64_t units, uint64_t now_ns);

/* Returns true if the bucket is full, so that it contains no information. */
bool bucket_is_full(const struct bucket *bucket, uint64_t burst_ns, uint64_t now_ns);

#endif
