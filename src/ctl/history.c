/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The counters of ranged count from the start of the process. The values of an interval are the differences between two
 * samples, divided by the time between the samples. The time is taken from "now_ms" in the samples, which is the clock
 * of the server.
 *
 * If ranged was restarted, its counters start at 0 again, and differences to older samples are meaningless. The history
 * then removes the older samples. The history owns the samples.
 */
#include "ctl/history.h"

#include <string.h>

#include "ctl/value.h"

const char *const ctl_history_sources[CTL_SOURCES] = { "cache", "coalesced", "disk", "other" };

double ctl_history_seconds(const json_t *now, const json_t *before)
{
	return before != NULL ? (double)ctl_value_gain(now, before, "now_ms") / 1000 : 0;
}

const json_t *ctl_history_before(const struct ctl_history *history)
{
	return history->samples[1];
}

const json_t *ctl_history_oldest(const struct ctl_history *history)
{
	unsigned last = CTL_HISTORY_SAMPLES - 1;

	while (last > 0 && history->samples[last] == NULL)
		last--;
	return last > 0 ? history->samples[last] : NULL;
}

static void drop_samples(struct ctl_history *history)
{
	for (unsigned i = 0; i < CTL_HISTORY_SAMPLES; i++) {
		json_decref(history->samples[i]);
		history->samples[i] = NULL;
	}
}

/*
 * Returns true if the samples come from different processes. The process IDs are compared as well, because "started"
 * has a resolution of only one second.
 */
static bool is_restarted(const json_t *sample, const json_t *last)
{
	return ctl_value_count(sample, "pid") != ctl_value_count(last, "pid") ||
	       strcmp(ctl_value_text(sample, "started"), ctl_value_text(last, "started")) != 0 ||
	       ctl_value_count(sample, "now_ms") < ctl_value_count(last, "now_ms");
}

static struct ctl_tick compare(const json_t *now, const json_t *before)
{
	double seconds = ctl_history_seconds(now, before);
	struct ctl_tick tick = { .known = seconds > 0 };

	if (!tick.known)
		return tick;
	for (unsigned i = 0; i < CTL_SOURCES; i++) {
		char path[32] = "bytes.";

		tick.bytes_per_s[i] =
			(double)ctl_value_gain(now, before, strcat(path, ctl_history_sources[i])) / seconds;
	}
	tick.requests_per_s = (double)ctl_value_gain(now, before, "requests.total") / seconds;
	ctl_latency_since(ctl_value_at(now, "latency.disk"), ctl_value_at(before, "latency.disk"), &tick.disk);
	return tick;
}

static void add_tick(struct ctl_history *history, const struct ctl_tick *tick)
{
	history->ticks[history->next_tick] = *tick;
	history->next_tick = (history->next_tick + 1) % CTL_HISTORY_TICKS;
	if (history->tick_count < CTL_HISTORY_TICKS)
		history->tick_count++;
}

void ctl_history_add(struct ctl_history *history, json_t *sample)
{
	struct ctl_tick tick = { .known = false };
	bool first = history->samples[0] == NULL;

	if (sample != NULL) {
		if (!first && is_restarted(sample, history->samples[0]))
			drop_samples(history);
		json_decref(history->samples[CTL_HISTORY_SAMPLES - 1]);
		memmove(history->samples + 1, history->samples, (CTL_HISTORY_SAMPLES - 1) * sizeof(json_t *));
		history->samples[0] = sample;
		tick = compare(sample, history->samples[1]);
	}
	if (!first)
		add_tick(history, &tick);
}

const struct ctl_tick *ctl_history_tick(const struct ctl_history *history, unsigned ago)
{
	if (ago >= history->tick_count)
		return NULL;
	return &history->ticks[(history->next_tick + CTL_HISTORY_TICKS - 1 - ago) % CTL_HISTORY_TICKS];
}

void ctl_history_fini(struct ctl_history *history)
{
	drop_samples(history);
}
