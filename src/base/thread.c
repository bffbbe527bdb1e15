/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A thread inherits the signal mask of its creator, so all signals are blocked while the thread is created. */
#include "base/thread.h"

#include <signal.h>

static int start(pthread_t *thread, int state, void *(*run)(void *context), void *context)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int error = pthread_attr_init(&attributes);

	if (error != 0)
		return -error;
	pthread_attr_setdetachstate(&attributes, state);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(thread, &attributes, run, context);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return -error;
}

int thread_start(pthread_t *thread, void *(*run)(void *context), void *context)
{
	return start(thread, PTHREAD_CREATE_JOINABLE, run, context);
}

int thread_start_detached(void *(*run)(void *context), void *context)
{
	pthread_t thread;

	return start(&thread, PTHREAD_CREATE_DETACHED, run, context);
}
