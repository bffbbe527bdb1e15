/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages to systemd (sd_notify(3)): the state, a status line with figures, and the watchdog messages. Without
 * NOTIFY_SOCKET in the environment no message is sent. All functions except the callbacks are called on the main
 * thread.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Figures of the workers. `clients` and `queued` are current values. The other numbers are totals since the start. */
struct notify_sample {
	const char *state; /* such as "Draining"; NULL: serving */
	uint64_t clients, queued;
	uint64_t sent_bytes;
	uint64_t lookups, hits; /* number of cache lookups; number of hits */
};

/* Callbacks, which are called on the thread "ranged-notify" and must not block. */
struct notify_options {
	void (*sample)(void *context, struct notify_sample *sample);
	/* Returns the minimum of worker_last_iteration_ns() of all workers, or UINT64_MAX if no worker runs. */
	uint64_t (*last_iteration_ns)(void *context);
	void *context;
};

/*
 * Sends READY=1 and starts the thread. The thread sends the status line when it changes. While all workers iterate, the
 * thread also sends WATCHDOG=1 twice in each period of WatchdogSec=. Returns 0, or -errno if the thread cannot be
 * started. READY=1 is sent in both cases.
 */
int notify_start(const struct notify_options *options);
/* Stops the thread. No callback runs afterwards. May be called without notify_start(). */
void notify_stop(void);

/* Tells systemd that a reload has started. */
void notify_reloading(void);
/*
 * Tells systemd that the reload has ended. After a failed reload, the status line reports the failure until a reload
 * succeeds.
 */
void notify_reloaded(bool succeeded);
/* Tells systemd that the process stops within this time, which replaces TimeoutStopSec= of the unit. */
void notify_stopping(uint64_t within_ms);

/* Formats the status line. `before` was taken `ns` nanoseconds before `now`. */
void notify_format(char *text, size_t bytes, const struct notify_sample *before, const struct notify_sample *now,
		   uint64_t ns);
#define NOTIFY_LINE_BYTES 160

#endif
