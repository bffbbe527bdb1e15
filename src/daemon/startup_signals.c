/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A thread waits for SIGTERM and SIGINT while the main thread starts the process and may block. The thread has its own
 * signalfd, for the two signals only. Other signals stay pending until the main thread reads them. The thread calls
 * _exit(), because the process does not serve requests yet.
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
} startup = { .signal_fd = -1, .started_fd = -1 };

static void *run(void *context)
{
	struct pollfd fds[] = { { .fd = startup.signal_fd, .events = POLLIN },
				{ .fd = startup.started_fd, .events = POLLIN } };
	struct signalfd_siginfo info;

	(void)context;
	while (poll(fds, 2, -1) < 0)
		;
	if (fds[1].revents != 0 || read(startup.signal_fd, &info, sizeof(info)) != sizeof(info))
		return NULL;
	log_warning("received SIG%s during the start; exiting", sigabbrev_np((int)info.ssi_signo));
	log_stop();
	_exit(EXIT_SUCCESS);
}

static void close_all(void)
{
	if (startup.signal_fd >= 0)
		close(startup.signal_fd);
	if (startup.started_fd >= 0)
		close(startup.started_fd);
}

void startup_signals_begin(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	startup.signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	startup.started_fd = eventfd(0, EFD_CLOEXEC);
	startup.runs = startup.signal_fd >= 0 && startup.started_fd >= 0 &&
		       pthread_create(&startup.thread, NULL, run, NULL) == 0;
	if (!startup.runs)
		close_all();
}

void startup_signals_end(void)
{
	const uint64_t one = 1;

	if (!startup.runs)
		return;
	if (write(startup.started_fd, &one, sizeof(one)) == sizeof(one))
		pthread_join(startup.thread, NULL);
	close_all();
	startup.runs = false;
}
