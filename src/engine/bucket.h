/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A token bucket that threads share. Its state is one number, the theoretical arrival time of the generic cell rate
 * algorithm (ITU-T I.371 annex A). This is the time at which all granted units are paid for. A zero-initialised bucket
 * is full. The functions are thread-safe.
 */
#ifndef ENGINE_BUCKET_H
#define ENGINE_BUCKET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct bucket {
	/*
	 * Time in ns, on the clock of the callers. The memory order is relaxed, because the time publishes no other
	 * data.
	 */
	_Atomic uint64_t paid_until_ns;
};

/* The rate of a bucket, in units per second. A bucket accumulates the unused units of at most burst_ns. */
struct bucket_rate {
	uint64_t units; /* Units per second, 1 to 2^40. */
	uint64_t burst_ns;
};

/* A bucket and a rate. One bucket may be used with several rates. */
struct bucket_link {
	struct bucket *bucket;
	struct bucket_rate rate;
};

/*
 * Reserves `units` unconditionally. Returns the time at which the units become available. If that time is not after
 * now_ns, the units are available at once. Users that reserve alternately get equal shares.
 */
uint64_t bucket_reserve(struct bucket *bucket, const struct bucket_rate *rate, uint64_t units, uint64_t now_ns);

/* Gives back units that were reserved but are not needed. */
void bucket_return(struct bucket *bucket, const struct bucket_rate *rate, uint64_t units);

/*
 * Called by a user that has reserved `units`. Returns the time at which these units would become available if the user
 * returned them and reserved them again now, after the reservations of all other users.
 */
uint64_t bucket_ready_ns(const struct bucket *bucket, const struct bucket_rate *rate, uint64_t units);

/*
 * Consumes `units` and returns 0 if they are available now. Otherwise, consumes no units and returns the time in ns
 * until they are available.
 */
uint64_t bucket_try(struct bucket *bucket, const struct bucket_rate *rate, uint64_t units, uint64_t now_ns);

/* Returns true if the bucket is full. A full bucket is equivalent to a new bucket. */
bool bucket_is_full(const struct bucket *bucket, uint64_t burst_ns, uint64_t now_ns);

#endif
