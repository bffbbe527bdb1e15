/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The content of a bucket is the time between paid_until_ns and now, converted to units. The bucket therefore refills
 * by itself, without a timer. A cost is rounded up by less than a nanosecond.
 *
 * The caller owns the bucket. The functions are thread-safe, because the only member is atomic. All operations are
 * relaxed, because the time publishes no other data.
 */
#include "engine/bucket.h"

#include "base/clock.h"

static uint64_t cost_ns(const struct bucket_rate *rate, uint64_t units)
{
	unsigned __int128 cost = (unsigned __int128)units * CLOCK_NS_PER_S + rate->units - 1;

	return (uint64_t)(cost / rate->units);
}

/* Limits the saved units to the burst. */
static uint64_t paid_until(uint64_t paid_until_ns, const struct bucket_rate *rate, uint64_t now_ns)
{
	uint64_t earliest_ns = now_ns > rate->burst_ns ? now_ns - rate->burst_ns : 0;

	return paid_until_ns > earliest_ns ? paid_until_ns : earliest_ns;
}

uint64_t bucket_reserve(struct bucket *bucket, const struct bucket_rate *rate, uint64_t units, uint64_t now_ns)
{
	uint64_t seen = atomic_load_explicit(&bucket->paid_until_ns, memory_order_relaxed), start;

	do
		start = paid_until(seen, rate, now_ns);
	while (!atomic_compare_exchange_weak_explicit(&bucket->paid_until_ns, &seen, start + cost_ns(rate, units),
						      memory_order_relaxed, memory_order_relaxed));
	return start;
}

void bucket_return(struct bucket *bucket, const struct bucket_rate *rate, uint64_t units)
{
	atomic_fetch_sub_explicit(&bucket->paid_until_ns, cost_ns(rate, units), memory_order_relaxed);
}

uint64_t bucket_ready_ns(const struct bucket *bucket, const struct bucket_rate *rate, uint64_t units)
{
	uint64_t cost = cost_ns(rate, units), end = atomic_load_explicit(&bucket->paid_until_ns, memory_order_relaxed);

	return end > cost ? end - cost : 0;
}

uint64_t bucket_try(struct bucket *bucket, const struct bucket_rate *rate, uint64_t units, uint64_t now_ns)
{
	uint64_t seen = atomic_load_explicit(&bucket->paid_until_ns, memory_order_relaxed), end;

	do {
		end = paid_until(seen, rate, now_ns) + cost_ns(rate, units);
		if (end > now_ns)
			return end - now_ns;
	} while (!atomic_compare_exchange_weak_explicit(&bucket->paid_until_ns, &seen, end, memory_order_relaxed,
							memory_order_relaxed));
	return 0;
}

bool bucket_is_full(const struct bucket *bucket, uint64_t burst_ns, uint64_t now_ns)
{
	return atomic_load_explicit(&bucket->paid_until_ns, memory_order_relaxed) + burst_ns <= now_ns;
}
