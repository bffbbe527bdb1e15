/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What systemd is told (sd_notify(3)): the state, a line of figures, and that the watchdog may sleep on. Without a
 * NOTIFY_SOCKET all of it does nothing. Main thread, but for the callbacks.
 */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Since the start, but for clients and queued, which are now. */
struct notify_sample {
	const char *state; /* NULL: it serves. "Draining" … */
	uint64_t clients, queued;
	uint64_t sent_bytes;
	uint64_t wants, hits; /* of the cache */
};

/* Both are called by the thread "ranged-notify", and must not wait for anything. */
struct notify_options {
	void (*sample)(void *context, struct notify_sample *sample);
	/* When the reactor that has not turned for the longest did, of clock_now_ns(); UINT64_MAX: none runs. */
	uint64_t (*last_iteration_ns)(void *context);
	void *context;
};

/*
 * It serves: says so, and from then on sends the line when it changes, and WATCHDOG=1 at half the time of WatchdogSec=
 * for as long as all reactors turn. 0, or -errno with READY=1 sent all the same.
 */
int notify_start(const struct notify_options *options);
/* After this no callback runs. Fine without notify_start(). */
void notify_stop(void);

/* A configuration is being read; it, or still the old one, is in force. */
void notify_reloading(void);
/* The reload has ended. After a failed one the status line says so until one succeeds. */
void notify_reloaded(bool succeeded);
/* It ends within that time, which systemd gives it, whatever TimeoutStopSec= says. */
void notify_stopping(uint64_t within_ms);

/* The line: what has come since `before`, so many ns ago. */
void notify_format(char *text, size_t bytes, const struct notify_sample *before, const struct notify_sample *now,
		   uint64_t ns);
#define NOTIFY_LINE_BYTES 160

#endif
