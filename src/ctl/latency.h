/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A histogram of /status: how many took up to 1, 2, 4 … microseconds. Pure. */
#ifndef CTL_LATENCY_H
#define CTL_LATENCY_H

#include <jansson.h>
#include <stdint.h>

#define CTL_LATENCY_BUCKETS 28 /* as many as base/histogram.h has */

struct ctl_latency {
	uint64_t counts[CTL_LATENCY_BUCKETS]; /* [i]: up to 2^i us; the last one has whatever is longer, too */
};

/* What {"buckets": [[upper_us, count], …]} says; none where there is no such thing. */
void ctl_latency_read(const json_t *json, struct ctl_latency *latency);

/* What has come to it since `before`, which may be NULL: all. */
void ctl_latency_since(const json_t *now, const json_t *before, struct ctl_latency *latency);

uint64_t ctl_latency_count(const struct ctl_latency *latency);

/* What this share (in percent) did not exceed, in microseconds, as exactly as the buckets have it; 0: nothing was
 * counted. */
uint64_t ctl_latency_quantile_us(const struct ctl_latency *latency, unsigned percent);

#endif
