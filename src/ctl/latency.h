/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A histogram from /status: the number of events that took up to 1, 2, 4, ... microseconds. The functions have no side
 * effects.
 */
#ifndef CTL_LATENCY_H
#define CTL_LATENCY_H

#include <jansson.h>
#include <stdint.h>

#define CTL_LATENCY_BUCKETS 28 /* the same number as in base/histogram.h */

struct ctl_latency {
	/* counts[i]: events of up to 2^i us; the last element also counts longer events. */
	uint64_t counts[CTL_LATENCY_BUCKETS];
};

/* Reads {"buckets": [[upper_us, count], ...]}. The histogram is empty if the JSON has another form. */
void ctl_latency_read(const json_t *json, struct ctl_latency *latency);

/* Reads the events that were added since `before`. If `before` is NULL, reads all events. */
void ctl_latency_since(const json_t *now, const json_t *before, struct ctl_latency *latency);

/* Returns the number of events. */
uint64_t ctl_latency_count(const struct ctl_latency *latency);

/*
 * Returns the upper bound of the bucket that contains this percentile, in microseconds. Returns 0 if the histogram is
 * empty.
 */
uint64_t ctl_latency_quantile_us(const struct ctl_latency *latency, unsigned percent);

#endif
