/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A token bucket shared by threads: one number, the time up to which what was given away is paid for (the theoretical
 * arrival time of the generic cell rate algorithm, ITU-T I.371 annex A). All zero is a full one. Any thread.
 */
#ifndef ENGINE_BUCKET_H
#define ENGINE_BUCKET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct bucket {
	_Atomic uint64_t paid_until_ns; /* of the clock that its users have */
};

/* What fills it: so many units a second, and at most burst_ns of that is saved up. */
struct bucket_rate {
	uint64_t units; /* 1 … 2^40 */
	uint64_t burst_ns;
};

/* A bucket, and how it fills for those who come this way. */
struct bucket_link {
	struct bucket *bucket;
	struct bucket_rate rate;
};

/*
 * Takes `units` for later, come what may; returns when they may be used: now_ns or before (at once), or then. Whoever
 * takes in turn gets the same share.
 */
uint64_t bucket_reserve(struct bucket *bucket, const struct bucket_rate *rate, uint64_t units, uint64_t now_ns);

/* Gives back what was reserved and is not used after all. */
void bucket_return(struct bucket *bucket, const struct bucket_rate *rate, uint64_t units);

/* When the `units` that were reserved last could be used if they were reserved now; anybody's since then counts as
 * before them. */
uint64_t bucket_ready_ns(const struct bucket *bucket, const struct bucket_rate *rate, uint64_t units);

/* Takes `units` if they are there now: 0. Else takes nothing: the ns until they are. */
uint64_t bucket_try(struct bucket *bucket, const struct bucket_rate *rate, uint64_t units, uint64_t now_ns);

/* Whether all that can be saved up is there: it has nothing to remember. */
bool bucket_is_full(const struct bucket *bucket, uint64_t burst_ns, uint64_t now_ns);

#endif
