/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads the histograms of /status. The histograms count all events since the start of the process, so the events of an
 * interval are the difference between two histograms. The upper bounds of the buckets are powers of two in
 * microseconds, as in base/histogram.h. So a quantile is accurate to a factor of two.
 *
 * The caller owns the JSON. No memory is allocated.
 */
#include "ctl/latency.h"

#include <string.h>

/*
 * Returns the bucket for an upper bound. A bound between two powers of two belongs to the bucket of the larger power.
 */
static unsigned bucket_of(const json_t *upper_us)
{
	double upper = json_number_value(upper_us);
	unsigned bucket = 0;

	if (!json_is_number(upper_us)) /* the last bucket has no upper bound */
		return CTL_LATENCY_BUCKETS - 1;
	while (bucket < CTL_LATENCY_BUCKETS - 1 && (double)(UINT64_C(1) << bucket) < upper)
		bucket++;
	return bucket;
}

void ctl_latency_read(const json_t *json, struct ctl_latency *latency)
{
	const json_t *pair;
	size_t i;

	memset(latency, 0, sizeof(*latency));
	json_array_foreach(json_object_get(json, "buckets"), i, pair) {
		json_int_t count = json_integer_value(json_array_get(pair, 1));

		if (count > 0)
			latency->counts[bucket_of(json_array_get(pair, 0))] += (uint64_t)count;
	}
}

void ctl_latency_since(const json_t *now, const json_t *before, struct ctl_latency *latency)
{
	struct ctl_latency old;

	ctl_latency_read(now, latency);
	ctl_latency_read(before, &old);
	for (unsigned i = 0; i < CTL_LATENCY_BUCKETS; i++)
		latency->counts[i] -= old.counts[i] < latency->counts[i] ? old.counts[i] : latency->counts[i];
}

uint64_t ctl_latency_count(const struct ctl_latency *latency)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < CTL_LATENCY_BUCKETS; i++)
		count += latency->counts[i];
	return count;
}

uint64_t ctl_latency_quantile_us(const struct ctl_latency *latency, unsigned percent)
{
	uint64_t count = ctl_latency_count(latency), below = 0;

	for (unsigned i = 0; i < CTL_LATENCY_BUCKETS && count > 0; i++) {
		below += latency->counts[i];
		if ((double)below * 100 >= (double)count * percent)
			return UINT64_C(1) << i;
	}
	return 0;
}
