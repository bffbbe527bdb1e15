/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The data that `ranged-ctl top` stores. A sample is an answer of /status. A tick contains the values of one interval
 * that the charts show. A history must be used by one thread at a time.
 */
#ifndef CTL_HISTORY_H
#define CTL_HISTORY_H

#include <stdbool.h>

#include "ctl/latency.h"

#define CTL_HISTORY_TICKS 512  /* more than the number of columns of a usual screen */
#define CTL_HISTORY_SAMPLES 11 /* so that latencies cover the last ten intervals */

enum ctl_source { CTL_CACHE, CTL_COALESCED, CTL_DISK, CTL_OTHER, CTL_SOURCES };

/* The values of one interval. */
struct ctl_tick {
	bool known; /* false: there was no answer, or no earlier answer for comparison */
	double bytes_per_s[CTL_SOURCES];
	double requests_per_s;
	struct ctl_latency disk; /* reads that ended in the interval */
};

struct ctl_history {
	json_t *samples[CTL_HISTORY_SAMPLES];	  /* newest first; NULL: no sample */
	struct ctl_tick ticks[CTL_HISTORY_TICKS]; /* ring buffer */
	unsigned tick_count, next_tick;
};

extern const char *const ctl_history_sources[CTL_SOURCES]; /* keys of "bytes" in /status */

/*
 * Adds a sample, which the history then owns, and a tick. If the answer is missing (`sample` is NULL) or comes from
 * another process, the tick is unknown. An answer from another process also removes the earlier samples.
 */
void ctl_history_add(struct ctl_history *history, json_t *sample);

/* Returns the tick `ago` intervals before now, or NULL if there is no such tick. */
const struct ctl_tick *ctl_history_tick(const struct ctl_history *history, unsigned ago);

/* Return the sample before the newest sample, and the oldest stored sample. Return NULL if there is no such sample. */
const json_t *ctl_history_before(const struct ctl_history *history);
const json_t *ctl_history_oldest(const struct ctl_history *history);

/* Returns the number of seconds between two samples, by the clock of the server. Returns 0 if a sample is NULL. */
double ctl_history_seconds(const json_t *now, const json_t *before);

/* Frees the samples. */
void ctl_history_fini(struct ctl_history *history);

#endif
