/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What `ranged-ctl top` stores: the last answers of /status as samples, and for each interval a tick with the values
 * that the charts show. One thread uses a history.
 */
#ifndef CTL_HISTORY_H
#define CTL_HISTORY_H

#include <stdbool.h>

#include "ctl/latency.h"

#define CTL_HISTORY_TICKS 512  /* more than the columns of a usual screen */
#define CTL_HISTORY_SAMPLES 11 /* so that latencies cover the last ten intervals */

enum ctl_source { CTL_CACHE, CTL_COALESCED, CTL_DISK, CTL_OTHER, CTL_SOURCES };

/* The values of one interval. */
struct ctl_tick {
	bool known; /* false: there was no answer, or no earlier answer to compare with */
	double bytes_per_s[CTL_SOURCES];
	double requests_per_s;
	struct ctl_latency disk; /* reads that ended in the interval */
};

struct ctl_history {
	json_t *samples[CTL_HISTORY_SAMPLES];	  /* the newest first; NULL: none */
	struct ctl_tick ticks[CTL_HISTORY_TICKS]; /* a ring */
	unsigned tick_count, next_tick;
};

extern const char *const ctl_history_sources[CTL_SOURCES]; /* keys of "bytes" in /status */

/*
 * Adds a sample, which the history then owns, and a tick. A missing answer (NULL) or an answer of another process makes
 * an unknown tick. An answer of another process also removes the earlier samples.
 */
void ctl_history_add(struct ctl_history *history, json_t *sample);

/* Returns the tick of `ago` intervals before now, or NULL if there is none. */
const struct ctl_tick *ctl_history_tick(const struct ctl_history *history, unsigned ago);

/* Return the sample before the newest one, and the oldest sample that is kept; NULL if there is none. */
const json_t *ctl_history_before(const struct ctl_history *history);
const json_t *ctl_history_oldest(const struct ctl_history *history);

/* Returns the seconds between two samples, by the clock of the server; 0 if one is NULL. */
double ctl_history_seconds(const json_t *now, const json_t *before);

/* Frees the samples. */
void ctl_history_fini(struct ctl_history *history);

#endif
