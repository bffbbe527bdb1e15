/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What `ranged-ctl top` remembers: the last answers of /status whole, and of each second before what its charts show.
 * One thread.
 */
#ifndef CTL_HISTORY_H
#define CTL_HISTORY_H

#include <stdbool.h>

#include "ctl/latency.h"

#define CTL_HISTORY_TICKS 512  /* of the charts: more than a screen is wide */
#define CTL_HISTORY_SAMPLES 11 /* whole ones: latencies are those of the last ten intervals */

enum ctl_source { CTL_CACHE, CTL_JOINED, CTL_DISK, CTL_OTHER, CTL_SOURCES };

/* One interval. */
struct ctl_tick {
	bool known; /* else there was no answer, or none to compare with */
	double bytes_per_s[CTL_SOURCES];
	double requests_per_s;
	struct ctl_latency disk; /* the reads that ended in it */
};

struct ctl_history {
	json_t *samples[CTL_HISTORY_SAMPLES];	  /* the newest one first; NULL: there is none */
	struct ctl_tick ticks[CTL_HISTORY_TICKS]; /* a ring */
	unsigned tick_count, next_tick;
};

extern const char *const ctl_history_sources[CTL_SOURCES]; /* as /status calls them */

/* Takes `sample` over. One of another process than the last one, or NULL (there was no answer), breaks the charts; the
 * former also begins all anew. */
void ctl_history_add(struct ctl_history *history, json_t *sample);

/* So many intervals ago; NULL: before the first one. */
const struct ctl_tick *ctl_history_tick(const struct ctl_history *history, unsigned ago);

/* What to compare the newest sample with: the one before, and the oldest one that is kept. NULL: there is none. */
const json_t *ctl_history_before(const struct ctl_history *history);
const json_t *ctl_history_oldest(const struct ctl_history *history);

/* Seconds from one sample to another, by the server's clock; 0 if one is missing. */
double ctl_history_seconds(const json_t *now, const json_t *before);

void ctl_history_fini(struct ctl_history *history);

#endif
