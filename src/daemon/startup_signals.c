/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The thread has its own signalfd, for the two signals only. Other signals stay pending until the main thread reads
 * them. The process does not serve requests yet, so it can exit at once.
 */
#include "daemon/startup_signals.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"

static struct {
	pthread_t thread;
	bool runs;
	int signal_fd, started_fd;
} early;

static void *run(void *context)
{
	struct pollfd fds[] = { { .fd = early.signal_fd, .events = POLLIN },
				{ .fd = early.started_fd, .events = POLLIN } };
	struct signalfd_siginfo info;

	(void)context;
	while (poll(fds, 2, -1) < 0)
		;
	if (fds[1].revents != 0 || read(early.signal_fd, &info, sizeof(info)) != sizeof(info))
		return NULL;
	log_warning("%s while starting: leaving", strsignal((int)info.ssi_signo));
	log_stop();
	_exit(EXIT_SUCCESS);
}

static void close_all(void)
{
	if (early.signal_fd >= 0)
		close(early.signal_fd);
	if (early.started_fd >= 0)
		close(early.started_fd);
}

void startup_signals_begin(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	early.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	early.started_fd = eventfd(0, EFD_CLOEXEC);
	early.runs = early.signal_fd >= 0 && early.started_fd >= 0 &&
		     pthread_create(&early.thread, NULL, run, NULL) == 0;
	if (!early.runs)
		close_all();
}

void startup_signals_end(void)
{
	const uint64_t one = 1;

	if (!early.runs)
		return;
	if (write(early.started_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(early.thread, NULL);
	close_all();
	early.runs = false;
}
