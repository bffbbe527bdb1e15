/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages to systemd with sd_notify(3). A separate thread sends the watchdog messages, so that the messages depend
 * only on the event loops of the workers. The main thread may wait for a disk while it opens roots, and offload threads
 * may hang in a disk. In neither case should systemd kill a process that still serves files from other disks.
 *
 * An idle worker still iterates twice a second, because of its own timers. The lock in the struct below protects all
 * fields that change while the thread runs.
 */
#include "daemon/notify.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/units.h"

#define LINE_NS (5 * CLOCK_NS_PER_S) /* interval of status lines */
#define ITERATION_NS CLOCK_NS_PER_S  /* minimum time that a worker is allowed for an iteration */

static struct {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t stop_asked;
	bool runs, stops, reload_failed;
	struct notify_options options;
	uint64_t beat_ns; /* interval of watchdog messages; 0: no watchdog */
	struct notify_sample before;
	uint64_t sampled_ns;
	char line[NOTIFY_LINE_BYTES];
} notify = { .lock = PTHREAD_MUTEX_INITIALIZER };

static size_t append(char *text, size_t bytes, size_t used, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Appends to a text whose length is `used`. Returns the new length, which is at most bytes - 1. */
static size_t append(char *text, size_t bytes, size_t used, const char *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(text + used, bytes - used, format, list);
	va_end(list);
	return length < 0 || used + (size_t)length >= bytes ? bytes - 1 : used + (size_t)length;
}

void notify_format(char *text, size_t bytes, const struct notify_sample *before, const struct notify_sample *now,
		   uint64_t ns)
{
	uint64_t lookups = now->lookups - before->lookups, hits = now->hits - before->hits;
	double rate =
		ns > 0 ? (double)(now->sent_bytes - before->sent_bytes) * (double)CLOCK_NS_PER_S / (double)ns / 1e6 : 0;
	size_t used = 0;

	if (now->state != NULL)
		used = append(text, bytes, used, "%s: ", now->state);
	used = append(text, bytes, used, "%" PRIu64 " client%s, %.1f MB/s", now->clients, units_plural(now->clients),
		      rate);
	if (lookups > 0)
		used = append(text, bytes, used, ", %" PRIu64 " %% hits", hits * 100 / lookups);
	append(text, bytes, used, ", %" PRIu64 " read%s queued", now->queued, units_plural(now->queued));
}

/* Sends the status line only if it has changed, because each message costs a system call and wakes up systemd. */
static void send_line(uint64_t now_ns)
{
	struct notify_sample now = { 0 };
	char line[NOTIFY_LINE_BYTES];

	notify.options.sample(notify.options.context, &now);
	if (now.state == NULL && notify.reload_failed)
		now.state = "The last reload failed";
	notify_format(line, sizeof(line), &notify.before, &now, now_ns - notify.sampled_ns);
	notify.before = now;
	notify.sampled_ns = now_ns;
	if (strcmp(line, notify.line) == 0)
		return;
	memcpy(notify.line, line, sizeof(line));
	sd_notifyf(0, "STATUS=%s", line);
}

/* Returns true if all workers have iterated recently. The time limit is shorter than WatchdogSec=. */
static bool all_iterate(uint64_t now_ns)
{
	uint64_t last_iteration_ns = notify.options.last_iteration_ns(notify.options.context);
	uint64_t limit_ns = notify.beat_ns > ITERATION_NS ? notify.beat_ns : ITERATION_NS;

	return last_iteration_ns >= now_ns || now_ns - last_iteration_ns < limit_ns;
}

static void wait_until(uint64_t due_ns)
{
	struct timespec due = { .tv_sec = (time_t)(due_ns / CLOCK_NS_PER_S),
				.tv_nsec = (long)(due_ns % CLOCK_NS_PER_S) };

	pthread_cond_timedwait(&notify.stop_asked, &notify.lock, &due);
}

/* The thread holds the lock except while it waits, so notify_stop() never interrupts a message. */
static void *run(void *context)
{
	uint64_t line_ns = clock_now_ns() + LINE_NS;
	uint64_t beat_ns = notify.beat_ns > 0 ? clock_now_ns() : UINT64_MAX;

	(void)context;
	pthread_mutex_lock(&notify.lock);
	while (!notify.stops) {
		uint64_t now_ns = clock_now_ns();

		if (now_ns >= beat_ns) {
			if (all_iterate(now_ns))
				sd_notify(0, "WATCHDOG=1");
			beat_ns = now_ns + notify.beat_ns;
		}
		if (now_ns >= line_ns) {
			send_line(now_ns);
			line_ns = now_ns + LINE_NS;
		}
		wait_until(beat_ns < line_ns ? beat_ns : line_ns);
	}
	pthread_mutex_unlock(&notify.lock);
	return NULL;
}

static int start_thread(void)
{
	pthread_condattr_t attributes;
	int error;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&notify.stop_asked, &attributes);
	pthread_condattr_destroy(&attributes);
	error = pthread_create(&notify.thread, NULL, run, NULL);
	if (error != 0)
		return -error;
	notify.runs = true;
	pthread_setname_np(notify.thread, "ranged-notify");
	return 0;
}

int notify_start(const struct notify_options *options)
{
	uint64_t watchdog_us = 0;

	sd_notify(0, "READY=1\nSTATUS=Serving");
	if (getenv("NOTIFY_SOCKET") == NULL)
		return 0;
	notify.options = *options;
	notify.sampled_ns = clock_now_ns();
	notify.options.sample(notify.options.context, &notify.before);
	if (sd_watchdog_enabled(0, &watchdog_us) > 0)
		notify.beat_ns = watchdog_us * 1000 / 2;
	return start_thread();
}

void notify_stop(void)
{
	if (!notify.runs)
		return;
	pthread_mutex_lock(&notify.lock);
	notify.stops = true;
	pthread_cond_signal(&notify.stop_asked);
	pthread_mutex_unlock(&notify.lock);
	pthread_join(notify.thread, NULL);
	pthread_cond_destroy(&notify.stop_asked);
	notify.runs = notify.stops = false;
}

void notify_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, clock_now_ns() / 1000);
}

/* READY=1 ends the reload. systemd has no message for a failed reload, so the status line reports the failure. */
void notify_reloaded(bool succeeded)
{
	pthread_mutex_lock(&notify.lock);
	if (!succeeded)
		sd_notify(0, "READY=1\nSTATUS=The last reload failed: keeping the running configuration");
	else
		sd_notify(0, notify.reload_failed ? "READY=1\nSTATUS=Serving" : "READY=1");
	notify.reload_failed = !succeeded;
	notify.line[0] = '\0';
	pthread_mutex_unlock(&notify.lock);
}

void notify_stopping(uint64_t within_ms)
{
	sd_notifyf(0, "STOPPING=1\nSTATUS=Stopping\nEXTEND_TIMEOUT_USEC=%" PRIu64, within_ms * 1000);
}
