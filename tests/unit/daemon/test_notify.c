/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The status line, and the messages that arrive at a socket of the test: state, status line, and watchdog messages. */
#include "daemon/notify.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../suite.h"
#include "base/clock.h"

#define S CLOCK_NS_PER_S

static const struct {
	struct notify_sample before, now;
	uint64_t ns;
	const char *line;
} lines[] = {
	{ { 0 }, { 0 }, S, "0 clients, 0.0 MB/s, 0 reads queued" },
	{ { 0 }, { .clients = 1, .queued = 1, .sent_bytes = 1500000 }, S, "1 client, 1.5 MB/s, 1 read queued" },
	{ { .sent_bytes = 1000000, .lookups = 10, .hits = 10 },
	  { .clients = 12, .queued = 3, .sent_bytes = 191500000, .lookups = 110, .hits = 101 },
	  5 * S,
	  "12 clients, 38.1 MB/s, 91 % hits, 3 reads queued" },
	{ { .lookups = 5, .hits = 5 },
	  { .state = "Draining", .clients = 2, .lookups = 7, .hits = 5 },
	  S,
	  "Draining: 2 clients, 0.0 MB/s, 0 % hits, 0 reads queued" },
	{ { 0 }, { .sent_bytes = 5 }, 0, "0 clients, 0.0 MB/s, 0 reads queued" },
};

START_TEST(line)
{
	char text[NOTIFY_LINE_BYTES];

	notify_format(text, sizeof(text), &lines[_i].before, &lines[_i].now, lines[_i].ns);
	ck_assert_str_eq(text, lines[_i].line);
	notify_format(text, 20, &lines[_i].before, &lines[_i].now, lines[_i].ns);
	ck_assert_uint_eq(strlen(text), 19);
	ck_assert_int_eq(strncmp(text, lines[_i].line, 19), 0);
}
END_TEST

static int manager;
static atomic_bool stuck;

static void sample(void *context, struct notify_sample *sample)
{
	(void)context;
	sample->clients = 7;
}

static uint64_t last_iteration_ns(void *context)
{
	(void)context;
	return atomic_load(&stuck) ? 1 : clock_now_ns();
}

static const struct notify_options options = { .sample = sample, .last_iteration_ns = last_iteration_ns };

/* An abstract socket address, so that no file remains. */
static void setup(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char name[64], pid[16];

	snprintf(name, sizeof(name), "@ranged-test-%d", (int)getpid());
	strcpy(address.sun_path + 1, name + 1);
	manager = socket(AF_UNIX, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(manager, (struct sockaddr *)&address,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
			 0);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("NOTIFY_SOCKET", name, 1);
	setenv("WATCHDOG_PID", pid, 1);
	atomic_store(&stuck, false);
}

static void teardown(void)
{
	close(manager);
}

/* Returns the next message, or "" if none arrives in time. */
static const char *next(unsigned ms)
{
	static char text[1024];
	struct timeval time = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	ssize_t length;

	setsockopt(manager, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
	length = recv(manager, text, sizeof(text) - 1, 0);
	text[length > 0 ? length : 0] = '\0';
	return text;
}

START_TEST(states)
{
	unsetenv("WATCHDOG_USEC");
	ck_assert_int_eq(notify_start(&options), 0);
	ck_assert_str_eq(next(2000), "READY=1\nSTATUS=Serving");
	notify_reloading();
	ck_assert_int_eq(strncmp(next(2000), "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
	notify_reloaded(true);
	ck_assert_str_eq(next(2000), "READY=1");
	notify_reloaded(false);
	ck_assert_str_eq(next(2000), "READY=1\nSTATUS=The last reload failed: keeping the running configuration");
	ck_assert_str_eq(next(8000), "STATUS=The last reload failed: 7 clients, 0.0 MB/s, 0 reads queued");
	notify_reloaded(true);
	ck_assert_str_eq(next(2000), "READY=1\nSTATUS=Serving");
	ck_assert_str_eq(next(8000), "STATUS=7 clients, 0.0 MB/s, 0 reads queued");
	ck_assert_str_eq(next(6000), ""); /* nothing has changed */
	notify_stopping(1500);
	ck_assert_str_eq(next(2000), "STOPPING=1\nSTATUS=Stopping\nEXTEND_TIMEOUT_USEC=1500000");
	notify_stop();
	notify_stop();
}
END_TEST

static unsigned beats_within(unsigned ms)
{
	uint64_t end_ns = clock_now_ns() + ms * CLOCK_NS_PER_MS;
	unsigned count = 0;

	for (uint64_t now_ns; (now_ns = clock_now_ns()) < end_ns;)
		count += strcmp(next((unsigned)((end_ns - now_ns) / CLOCK_NS_PER_MS) + 1), "WATCHDOG=1") == 0;
	return count;
}

START_TEST(watchdog_messages)
{
	unsigned count;

	setenv("WATCHDOG_USEC", "2400000", 1);
	ck_assert_int_eq(notify_start(&options), 0);
	count = beats_within(3800);
	ck_assert_uint_ge(count, 3);
	ck_assert_uint_le(count, 4);
	atomic_store(&stuck, true);
	beats_within(100); /* a message that was in progress */
	ck_assert_uint_eq(beats_within(2600), 0);
	atomic_store(&stuck, false);
	ck_assert_uint_ge(beats_within(2600), 1);
	notify_stop();
}
END_TEST

START_TEST(without_a_manager)
{
	unsetenv("NOTIFY_SOCKET");
	ck_assert_int_eq(notify_start(&options), 0);
	notify_reloading();
	notify_stopping(1);
	notify_stop();
	ck_assert_str_eq(next(100), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("notify");
	TCase *cases = tcase_create("notify");

	tcase_set_timeout(cases, 60);
	tcase_add_loop_test(cases, line, 0, sizeof(lines) / sizeof(lines[0]));
	suite_add_tcase(suite, cases);
	cases = tcase_create("messages");
	tcase_set_timeout(cases, 60);
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, states);
	tcase_add_test(cases, watchdog_messages);
	tcase_add_test(cases, without_a_manager);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
